package apitest

import (
	"context"
	"maps"

	"landbridge/internal/l2gw"
)

// Limit sets what projects without limits of their own may own.
func (c *Cloud) Limit(q l2gw.Quota) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quota = q
}

// Quotas implements l2gw.Collections.
func (c *Cloud) Quotas() l2gw.Quotas { return quotas{c} }

type quotas struct{ c *Cloud }

// Default implements l2gw.Quotas.
func (q quotas) Default() l2gw.Quota {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	return q.c.quota.With(nil)
}

// Get implements l2gw.Quotas.
func (q quotas) Get(_ context.Context, project string) (l2gw.Quota, error) {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	return q.c.quotaOf(project), q.c.fault
}

func (c *Cloud) quotaOf(project string) l2gw.Quota { return c.quota.With(c.limits[project]) }

// Uses implements l2gw.Quotas.
func (q quotas) Uses(_ context.Context, project string) (map[l2gw.Kind]l2gw.Use, error) {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	quota := q.c.quotaOf(project)
	out := map[l2gw.Kind]l2gw.Use{}
	for kind, used := range map[l2gw.Kind]int{
		l2gw.KindGateway:          owned(q.c.gateways, GatewayAttributes())[project],
		l2gw.KindConnection:       owned(q.c.connections, ConnectionAttributes())[project],
		l2gw.KindRemoteGateway:    owned(q.c.remoteGateways, RemoteGatewayAttributes())[project],
		l2gw.KindRemoteConnection: owned(q.c.remoteConnections, RemoteConnectionAttributes())[project],
		l2gw.KindRemoteMAC:        owned(q.c.remoteMACs, RemoteMACAttributes())[project],
	} {
		out[kind] = l2gw.Use{Limit: quota[kind], Used: used}
	}
	return out, q.c.fault
}

// List implements l2gw.Quotas.
func (q quotas) List(context.Context) (map[string]l2gw.Quota, error) {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	out := map[string]l2gw.Quota{}
	for project := range q.c.limits {
		out[project] = q.c.quotaOf(project)
	}
	return out, q.c.fault
}

// Set implements l2gw.Quotas.
func (q quotas) Set(_ context.Context, project string, some l2gw.Quota) (l2gw.Quota, error) {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	if q.c.fault == nil && len(some) > 0 {
		own := l2gw.Quota{}
		maps.Copy(own, q.c.limits[project])
		maps.Copy(own, some)
		q.c.limits[project] = own
	}
	return q.c.quotaOf(project), q.c.fault
}

// Delete implements l2gw.Quotas.
func (q quotas) Delete(_ context.Context, project string) error {
	q.c.mu.Lock()
	defer q.c.mu.Unlock()
	if q.c.fault == nil && q.c.limits[project] == nil {
		return l2gw.ErrQuotaNotFound(project)
	}
	delete(q.c.limits, project)
	return q.c.fault
}

// afford is over quota where the owner of a new object has more than it may.
func (k collection[T]) afford(fresh []T) error {
	used := owned(*k.all, k.attributes)
	for project := range owned(fresh, k.attributes) {
		if (l2gw.Use{Limit: k.c.quotaOf(project)[k.kind], Used: used[project]}).Over() {
			return l2gw.ErrOverQuota(k.kind)
		}
	}
	return nil
}

// owned counts objects by project.
func owned[T any](all []T, attributes Attributes[T]) map[string]int {
	out := map[string]int{}
	for _, v := range all {
		out[attributes["project_id"](v).(string)]++
	}
	return out
}
