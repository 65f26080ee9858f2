package server

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/planner"
)

// loop does the server's work, one thing after the other.
type loop struct {
	*Server
	under    []l2gw.Lease // what is written is written under it
	log      *slog.Logger
	networks map[string]*network           // by ID: those that have connections
	users    map[string]hwvtep.Set[string] // the networks that name a switch, by its name
	retry    *retry
	pace     *pace
	health   *health
	begun    time.Time
	// announced is what the cloud was told last; nil: nothing yet.
	announced []l2gw.Service
	unsaid    bool // the services have changed since
	// saveFrom is when inventories may be written down again.
	saveFrom time.Time
}

// network is what the loop knows of one network.
type network struct {
	site     *packedSite              // what the cloud said last; nil: that there is no such network
	answered bool                     // the cloud has said anything at all
	out      planner.Output           // but for Switches
	plans    map[string]hwvtep.Packed // Switches of out
	devices  []string                 // that its gateways name
	statuses map[string]l2gw.Status   // what the store has, as far as known
	wan      map[string]*tunnels      // by device: what it has of the WAN side
}

func newLoop(s *Server, under ...l2gw.Lease) *loop {
	return &loop{
		Server: s, under: under, log: s.cfg.Logger,
		networks: map[string]*network{}, users: map[string]hwvtep.Set[string]{},
		retry: newRetry(), pace: newPace(), health: newHealth(), begun: time.Now(), unsaid: true,
	}
}

// atOnce is how many networks are read together.
const atOnce = 16

// saveEvery bounds how often what changes all the time is written down.
const saveEvery = time.Second

// saveShare is the part of the loop's time that is for writing down inventories:
// that of a large switch takes long, as a whole.
const saveShare = 20

func (l *loop) run(ctx context.Context) error {
	resync, save := time.NewTicker(l.cfg.Resync), time.NewTicker(saveEvery)
	defer resync.Stop()
	defer save.Stop()
	defer l.retry.timer.Stop()
	defer l.pace.timer.Stop()
	l.queue.planNetworks(nil)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.queue.wake:
			l.drain(ctx)
		case <-resync.C:
			l.queue.planNetworks(nil)
		case <-save.C:
			l.saveInventories(ctx)
			l.lookAfter(time.Now())
		case <-l.retry.timer.C:
			l.tally.retries.Add(1)
			l.queue.put(l.retry.again)
		case <-l.pace.timer.C:
			l.queue.put(func(w *work) { addTo(w.plan, l.pace.rested(time.Now())) })
		}
	}
}

// drain works until nothing waits.
func (l *loop) drain(ctx context.Context) {
	for ctx.Err() == nil {
		w, ok := l.queue.take()
		if !ok {
			break
		}
		l.do(ctx, w)
	}
	l.ended(ctx, announcing, l.announce(ctx))
	l.retry.settle()
	l.tell()
}

// ended takes note of how a task ended.
func (l *loop) ended(ctx context.Context, t task, err error) {
	if outcome(l.retry.tasks, t, err) && ctx.Err() == nil {
		l.log.Warn("the server cannot "+string(t)+"; trying again", "error", err)
	}
}

// do does what has been taken from the queue.
func (l *loop) do(ctx context.Context, w work) {
	if w.all {
		l.ended(ctx, listing, l.listAll(ctx))
	}
	for device := range w.moved {
		addTo(w.plan, keys(l.users[device]))
	}
	for ids := range slices.Chunk(l.pace.ready(slices.Concat(keys(w.plan), keys(w.later)), time.Now()), atOnce) {
		began := time.Now()
		l.planSome(ctx, ids, &w)
		l.pace.took(ids, time.Since(began), time.Now())
	}
	for device := range w.reported {
		addTo(w.status, keys(l.users[device]))
	}
	if w.absent {
		l.addAbsent(w.status)
	}
	l.ended(ctx, reporting, l.writeStatuses(ctx, w.status))
	l.ended(ctx, announcing, l.announce(ctx))
}

// planSome plans networks, and has their statuses looked at. One that cannot be
// read does not hold up the others.
func (l *loop) planSome(ctx context.Context, ids []string, w *work) {
	if ctx.Err() != nil {
		return
	}
	asked, err := l.cfg.Store.Asked(ctx, ids...)
	if err != nil && len(ids) > 1 {
		for i := range ids {
			l.planSome(ctx, ids[i:i+1], w)
		}
		return
	}
	for _, id := range ids {
		if err == nil {
			err = l.replan(ctx, id, asked[id])
		}
		if outcome(l.retry.networks, id, err) && ctx.Err() == nil {
			l.log.Warn("a network cannot be planned anew; trying again", "network", id, "error", err)
		}
		w.status.Add(id)
		err = nil
	}
}

// addAbsent adds the networks that name a switch that no database has.
func (l *loop) addAbsent(to hwvtep.Set[string]) {
	for device, networks := range l.users {
		if !l.reports.known(device) {
			addTo(to, keys(networks))
		}
	}
}

// listAll reads which networks there are and what the store knows of switches,
// and has everything planned that may have changed unheard.
func (l *loop) listAll(ctx context.Context) error {
	inventories, err := l.cfg.Store.Inventories(ctx)
	if err != nil {
		return err
	}
	networks, err := l.cfg.Store.Networks(ctx)
	if err != nil {
		return err
	}
	moved := l.reports.load(inventories)
	l.expect(networks, func(id string) bool { return l.networks[id] != nil && l.networks[id].answered })
	l.queue.put(func(w *work) {
		for device := range moved {
			w.moved.Add(device)
		}
		addTo(w.later, networks)
		addTo(w.later, keys(l.networks))
	})
	return nil
}
