package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

// book holds the plan of all networks as agents take it over, with its recent
// history.
type book struct {
	mu       sync.Mutex
	epoch    string
	revision rpc.Revision
	// plan has the logical switches by switch, then by logical switch name.
	plan map[string]map[string]hwvtep.Packed
	// homes has, by logical switch name, the switches that plan has it on.
	homes map[string][]string
	// history has the recent changes in the order of their revisions: all that
	// are later than floor.
	history []change
	floor   rpc.Revision
	// unplanned are networks that exist and have never been planned in this run;
	// nil until the first list of networks. While there are any, the whole plan
	// cannot be told.
	unplanned hwvtep.Set[string]
	turned    chan struct{} // closed at the next change of any of the above
	notices   bool          // changes are named for who has to be told of them
}

// change says that the plan of a logical switch on a switch changed.
type change struct {
	revision     rpc.Revision
	device, name string
	notice       rpc.Notice // zero where nobody is told
}

// mostHistory bounds what is remembered; who is further behind gets everything.
const mostHistory = 10000

func newBook() *book {
	return &book{
		epoch: rand.Text(),
		plan:  map[string]map[string]hwvtep.Packed{}, homes: map[string][]string{},
		turned: make(chan struct{}),
	}
}

// begin forgets all: who asks next gets nothing before every network is planned
// anew.
func (b *book) begin() {
	fresh := newBook()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch, b.revision, b.floor, b.history = fresh.epoch, 0, 0, nil
	b.plan, b.homes, b.unplanned = fresh.plan, fresh.homes, nil
	b.turn()
}

// expect says that these networks exist; known are those planned before.
func (b *book) expect(networks []string, known func(id string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unplanned = hwvtep.Set[string]{}
	for _, id := range networks {
		if !known(id) {
			b.unplanned.Add(id)
		}
	}
	b.turn()
}

// whole tells whether every network is planned.
func (b *book) whole() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.isWhole()
}

// latest gives the revision of the plan.
func (b *book) latest() rpc.Revision {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.revision
}

func (b *book) isWhole() bool { return b.unplanned != nil && len(b.unplanned) == 0 }

// set replaces the plan of one network: its logical switch of the given name by
// switch. A network that is not there any more has none.
func (b *book) set(network, name string, switches map[string]hwvtep.Packed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.revision + 1
	for _, device := range b.homes[name] {
		if switches[device] == (hwvtep.Packed{}) {
			b.note(next, network, device, name, hwvtep.Packed{})
			delete(b.plan[device], name)
		}
	}
	homes := make([]string, 0, len(switches))
	for device, ls := range switches {
		homes = append(homes, device)
		if b.plan[device] == nil {
			b.plan[device] = map[string]hwvtep.Packed{}
		}
		if b.plan[device][name] != ls {
			b.note(next, network, device, name, ls)
			b.plan[device][name] = ls
		}
	}
	if b.homes[name] = homes; len(homes) == 0 {
		delete(b.homes, name)
	}
	wasWhole := b.isWhole()
	delete(b.unplanned, network)
	if b.revision == next || wasWhole != b.isWhole() {
		b.turn()
	}
}

// note takes note of a change that is about to be made.
func (b *book) note(r rpc.Revision, network, device, name string, ls hwvtep.Packed) {
	b.revision = r
	c := change{revision: r, device: device, name: name}
	if b.notices {
		c.notice = rpc.Notice{Method: rpc.MethodOf(b.plan[device][name].Unpack(), ls.Unpack()), NetworkID: network, Epoch: b.epoch, Revision: r}
	}
	b.history = append(b.history, c)
	if len(b.history) > mostHistory {
		gone := len(b.history) - mostHistory/2
		b.floor = b.history[gone-1].revision
		b.history = slices.Clone(b.history[gone:])
	}
}

// turn wakes all who wait.
func (b *book) turn() {
	close(b.turned)
	b.turned = make(chan struct{})
}

// Plan implements rpc.Server. Until every network has been planned once, the
// whole plan is l2gw.Unavailable: what is missing from it would be taken away
// from the switches.
func (b *book) Plan(_ context.Context, switches []string, since rpc.Since) (rpc.Plan, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := rpc.Plan{Epoch: b.epoch, Revision: b.revision, Switches: map[string]map[string]hwvtep.Packed{}}
	if b.remembers(since) {
		b.difference(p, switches, since.Revision)
		return p, nil
	}
	if !b.isWhole() {
		return rpc.Plan{}, l2gw.Errorf(l2gw.Unavailable, "PlanUnavailable",
			"The server has not planned every network yet (%d are left); the switches stay as they are until then.", len(b.unplanned))
	}
	p.Full = true
	for _, device := range switches {
		p.Switches[device] = make(map[string]hwvtep.Packed, len(b.plan[device]))
		maps.Copy(p.Switches[device], b.plan[device])
	}
	return p, nil
}

// remembers tells whether the history reaches back to a state.
func (b *book) remembers(s rpc.Since) bool {
	return s.Epoch == b.epoch && s.Revision >= b.floor && s.Revision <= b.revision
}

// difference fills a plan with what has changed since a revision.
func (b *book) difference(p rpc.Plan, switches []string, since rpc.Revision) {
	for _, c := range b.after(since) {
		if !slices.Contains(switches, c.device) {
			continue
		}
		if p.Switches[c.device] == nil {
			p.Switches[c.device] = map[string]hwvtep.Packed{}
		}
		p.Switches[c.device][c.name] = b.plan[c.device][c.name]
	}
}

// after gives the changes after a revision.
func (b *book) after(since rpc.Revision) []change {
	first, _ := slices.BinarySearchFunc(b.history, since+1, func(c change, r rpc.Revision) int {
		return cmp.Compare(c.revision, r)
	})
	return b.history[first:]
}

// Wait implements rpc.Server.
func (b *book) Wait(ctx context.Context, since rpc.Since) error {
	for {
		b.mu.Lock()
		same := since.Epoch == b.epoch && since.Revision == b.revision
		away := !same && (b.isWhole() || b.remembers(since))
		turned := b.turned
		b.mu.Unlock()
		if away {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
