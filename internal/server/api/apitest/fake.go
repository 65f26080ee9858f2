// Package apitest has an l2gw.Collections in memory, for tests of what stands
// on one. It judges by the rules of l2gw, as a store does.
package apitest

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"landbridge/internal/l2gw"
)

// Cloud is a cloud and all that is asked for in it. Methods may be called from
// many goroutines.
type Cloud struct {
	mu                sync.Mutex
	networks          []l2gw.Network
	gateways          []l2gw.Gateway
	connections       []l2gw.Connection
	remoteGateways    []l2gw.RemoteGateway
	remoteConnections []l2gw.RemoteConnection
	remoteMACs        []l2gw.RemoteMAC
	newID             func() string
	agents            []l2gw.Agent
	made              int                   // objects, ever
	limits            map[string]l2gw.Quota // of projects that have some of their own
	quota             l2gw.Quota            // of the others
	fault             error
}

// New makes a Cloud that has these networks and nothing else.
func New(networks ...l2gw.Network) *Cloud {
	return &Cloud{networks: networks, newID: uuid.NewString, limits: map[string]l2gw.Quota{}}
}

// Fail makes every call give this error from now on; nil ends that.
func (c *Cloud) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

// epoch is when the first object is made; each takes a second.
const epoch = 1_700_000_000_000_000

// born gives the attributes of an object that is made now.
func (c *Cloud) born(s l2gw.Standard) l2gw.Standard {
	now := c.now()
	c.made++
	return l2gw.Standard{Description: s.Description, CreatedAt: now, UpdatedAt: now}
}

func (c *Cloud) now() l2gw.Instant { return epoch + 1_000_000*l2gw.Instant(c.made) }

// NumberIDs makes new IDs come from a function instead of being random.
func (c *Cloud) NumberIDs(next func() string) { c.newID = next }

// Network implements l2gw.Collections.
func (c *Cloud) Network(_ context.Context, id string) (l2gw.Network, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.network(id)
}

// Networks implements l2gw.Collections.
func (c *Cloud) Networks(context.Context) ([]l2gw.Network, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.networks), c.fault
}

// Gateways implements l2gw.Collections.
func (c *Cloud) Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate] {
	return updatable[l2gw.Gateway, l2gw.GatewayUpdate]{
		collection: collection[l2gw.Gateway]{
			c: c, kind: l2gw.KindGateway, all: &c.gateways, missing: l2gw.ErrGatewayNotFound,
			attributes: GatewayAttributes(), create: c.createGateway, release: c.releaseGateway,
		},
		change: c.changeGateway,
	}
}

// Connections implements l2gw.Collections.
func (c *Cloud) Connections() l2gw.Collection[l2gw.Connection] {
	return collection[l2gw.Connection]{
		c: c, kind: l2gw.KindConnection, all: &c.connections, missing: l2gw.ErrConnectionNotFound,
		attributes: ConnectionAttributes(), create: c.createConnection, release: c.releaseConnection,
	}
}

// RemoteGateways implements l2gw.Collections.
func (c *Cloud) RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate] {
	return updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate]{
		collection: collection[l2gw.RemoteGateway]{
			c: c, kind: l2gw.KindRemoteGateway, all: &c.remoteGateways, missing: l2gw.ErrRemoteGatewayNotFound,
			attributes: RemoteGatewayAttributes(),
			create:     c.createRemoteGateway, release: c.releaseRemoteGateway,
		},
		change: c.changeRemoteGateway,
	}
}

// RemoteConnections implements l2gw.Collections.
func (c *Cloud) RemoteConnections() l2gw.Collection[l2gw.RemoteConnection] {
	return collection[l2gw.RemoteConnection]{
		c: c, kind: l2gw.KindRemoteConnection, all: &c.remoteConnections, missing: l2gw.ErrRemoteConnectionNotFound,
		attributes: RemoteConnectionAttributes(),
		create:     c.createRemoteConnection, release: c.releaseRemoteConnection,
	}
}

// RemoteMACs implements l2gw.Collections.
func (c *Cloud) RemoteMACs() l2gw.Collection[l2gw.RemoteMAC] {
	return collection[l2gw.RemoteMAC]{
		c: c, kind: l2gw.KindRemoteMAC, all: &c.remoteMACs, missing: l2gw.ErrRemoteMACNotFound,
		attributes: RemoteMACAttributes(), create: c.createRemoteMAC,
		release: func(l2gw.RemoteMAC) error { return nil },
	}
}

// collection is one kind of object. Its functions are called under the lock.
type collection[T revised] struct {
	c          *Cloud
	kind       l2gw.Kind
	all        *[]T
	attributes Attributes[T]
	missing    func(id string) *l2gw.Error
	create     func(T) (T, error) // checks and completes a new one
	release    func(T) error      // checks that one can go, and lets go what goes with it
}

type revised interface {
	At(revisions ...l2gw.Revision) error
}

// Create implements l2gw.Collection.
func (k collection[T]) Create(ctx context.Context, v T) (T, error) {
	made, err := k.CreateAll(ctx, []T{v})
	if err != nil {
		var none T
		return none, err
	}
	return made[0], nil
}

// CreateAll implements l2gw.Collection.
func (k collection[T]) CreateAll(_ context.Context, list []T) ([]T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	if k.c.fault != nil {
		return nil, k.c.fault
	}
	before := len(*k.all)
	for _, v := range list {
		made, err := k.create(v)
		if err != nil {
			*k.all = (*k.all)[:before]
			return nil, err
		}
		*k.all = append(*k.all, made)
	}
	if err := k.afford((*k.all)[before:]); err != nil {
		*k.all = (*k.all)[:before]
		return nil, err
	}
	return slices.Clone((*k.all)[before:]), nil
}

// Get implements l2gw.Collection.
func (k collection[T]) Get(_ context.Context, id string) (T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	var none T
	i, err := k.find(id)
	if err != nil {
		return none, err
	}
	return (*k.all)[i], nil
}

// List implements l2gw.Collection.
func (k collection[T]) List(_ context.Context, q l2gw.Query) ([]T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	if k.c.fault != nil {
		return nil, k.c.fault
	}
	if q.Marker != "" {
		if _, err := k.find(q.Marker); err != nil {
			return nil, err
		}
	}
	return k.attributes.List(*k.all, q)
}

// Delete implements l2gw.Collection.
func (k collection[T]) Delete(_ context.Context, id string, at ...l2gw.Revision) error {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	i, err := k.find(id)
	if err != nil {
		return err
	}
	if err := (*k.all)[i].At(at...); err != nil {
		return err
	}
	if err := k.release((*k.all)[i]); err != nil {
		return err
	}
	*k.all = slices.Delete(*k.all, i, i+1)
	return nil
}

func (k collection[T]) find(id string) (int, error) {
	if k.c.fault != nil {
		return 0, k.c.fault
	}
	i := slices.IndexFunc(*k.all, func(v T) bool { return k.attributes["id"](v) == id })
	if i < 0 {
		return 0, k.missing(id)
	}
	return i, nil
}

// updatable is a collection whose objects can change.
type updatable[T revised, U any] struct {
	collection[T]
	change func(T, U) (T, error)
}

// Update implements l2gw.Updatable.
func (k updatable[T, U]) Update(_ context.Context, id string, u U, at ...l2gw.Revision) (T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	var none T
	i, err := k.find(id)
	if err != nil {
		return none, err
	}
	if err := (*k.all)[i].At(at...); err != nil {
		return none, err
	}
	changed, err := k.change((*k.all)[i], u)
	if err != nil {
		return none, err
	}
	(*k.all)[i] = changed
	return changed, nil
}
