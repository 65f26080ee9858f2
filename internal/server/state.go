package server

import (
	"sync/atomic"
)

// State is what a server says of its work.
type State struct {
	// Leads says that it plans: as it does where it has no peers. Term is the
	// epoch of its lease then, 0 without peers; Terms is how many it has had.
	Leads    bool
	Follows  bool // another server leads
	Term     uint64
	Terms    uint64
	Planned  bool   // every network has been planned once
	Revision uint64 // of the plan
	Networks int    // that have connections
	Failing  int    // pieces of work that have failed and are tried again
	Retries  uint64 // times that failed work was tried again
	// Databases has the reported databases of switches by address: "" while in
	// use, otherwise why not.
	Databases map[string]string
}

// tally is what the loop tells of itself while it works.
type tally struct {
	planned  atomic.Bool
	networks atomic.Int64
	failing  atomic.Int64
	retries  atomic.Uint64
	terms    atomic.Uint64
	follows  atomic.Bool
}

// State gives the state of the server.
func (s *Server) State() State {
	state := State{
		Leads: s.Leads(), Follows: s.tally.follows.Load(), Terms: s.tally.terms.Load(),
		Planned: s.tally.planned.Load(), Revision: uint64(s.latest()),
		Networks: int(s.tally.networks.Load()), Failing: int(s.tally.failing.Load()), Retries: s.tally.retries.Load(),
		Databases: s.reports.faults(),
	}
	if t := s.term.Load(); t != nil {
		state.Term = t.lease.Epoch
	}
	return state
}

// tell brings the tally up to date.
func (l *loop) tell() {
	l.tally.networks.Store(int64(len(l.networks)))
	l.tally.failing.Store(int64(len(l.retry.networks) + len(l.retry.tasks)))
	if l.whole() {
		l.tally.planned.Store(true)
	}
}
