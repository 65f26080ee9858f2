package server

import (
	"context"
	"maps"
	"slices"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/planner"
)

// writeStatuses works out the statuses of some networks and writes those that
// have changed, in one transaction. A network that waits to be planned is left
// for then, and planned is one of which something else is asked by now.
func (l *loop) writeStatuses(ctx context.Context, ids hwvtep.Set[string]) error {
	changed := map[string]l2gw.Status{}
	of := map[string]string{} // networks by connection
	for id := range ids {
		n := l.networks[id]
		if n == nil || l.queue.planning(id) || l.pace.waits.Has(id) {
			continue
		}
		seen := l.reports.seen(n.out.Name, n.devices)
		if l.watchWAN(id, n, seen, time.Now()) && n.out.Moving {
			l.queue.planNetworks([]string{id})
		}
		for conn, s := range planner.Status(n.whole(), seen) {
			s.Asked = n.statuses[conn].Asked
			if n.statuses[conn] != s {
				changed[conn], of[conn] = s, id
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	late, err := l.cfg.Store.SetStatus(ctx, changed, l.under...)
	if err != nil {
		maps.Copy(l.retry.unsaid, ids)
		return err
	}
	for _, conn := range late { // nobody has told yet
		l.queue.planNetworks([]string{of[conn]})
		delete(changed, conn)
	}
	for conn, s := range changed {
		l.networks[of[conn]].statuses[conn] = s
	}
	return nil
}

// announce tells the cloud which gateways serve which network, where that has
// changed. Before every network is planned it says nothing, since compute nodes
// would take tunnels away.
func (l *loop) announce(ctx context.Context) error {
	if !l.unsaid || !l.whole() || !l.Leads() {
		return nil
	}
	services := []l2gw.Service{}
	for _, id := range keys(l.networks) {
		services = append(services, l.networks[id].out.Services...)
	}
	if l.announced == nil || !slices.EqualFunc(services, l.announced, l2gw.Service.Equal) {
		if err := l.cfg.Cloud.Announce(ctx, services); err != nil {
			return err
		}
	}
	l.announced, l.unsaid = services, false
	return nil
}

// saveInventories writes down what has been reported, where it has changed, and
// not for a while after that took long.
func (l *loop) saveInventories(ctx context.Context) {
	began := time.Now()
	if began.Before(l.saveFrom) {
		return
	}
	defer func() { l.saveFrom = began.Add(saveShare * time.Since(began)) }()
	for _, inv := range l.reports.unsaved() {
		if err := l.cfg.Store.SaveInventory(ctx, inv, l.under...); err != nil {
			if ctx.Err() == nil {
				l.log.Warn("the inventory of a database cannot be stored; trying again", "database", inv.Database, "error", err)
			}
			continue
		}
		l.reports.saved(inv)
	}
}
