package agent

import (
	"context"
	"sync"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

type planned = map[string]map[string]hwvtep.Packed

// fakeServer is an rpc.Server whose plan the test sets.
type fakeServer struct {
	mu          sync.Mutex
	epoch       string
	unavailable bool
	states      []planned // by revision
	turned      chan struct{}
	reports     map[string]rpc.Report // by database
	reported    int
	differences int // plans given that were not full
}

func newServer() *fakeServer {
	return &fakeServer{epoch: "first", states: []planned{{}}, turned: make(chan struct{}), reports: map[string]rpc.Report{}}
}

func (s *fakeServer) turn() {
	close(s.turned)
	s.turned = make(chan struct{})
}

// set replaces the part of the plan for one switch.
func (s *fakeServer) set(sw string, switches ...*hwvtep.LogicalSwitch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := planned{sw: {}}
	for name, part := range s.states[len(s.states)-1] {
		if name != sw {
			next[name] = part
		}
	}
	for _, ls := range switches {
		next[sw][ls.Name] = hwvtep.Pack(ls)
	}
	s.states = append(s.states, next)
	s.turn()
}

// setAvailable makes the server tell its plan, or not.
func (s *fakeServer) setAvailable(ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unavailable = !ok
	s.turn()
}

// restart starts another run of the server with the same plan.
func (s *fakeServer) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch, s.states = s.epoch+"+", s.states[len(s.states)-1:]
	clear(s.reports)
	s.turn()
}

func (s *fakeServer) Plan(_ context.Context, switches []string, since rpc.Since) (rpc.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unavailable {
		return rpc.Plan{}, l2gw.Errorf(l2gw.Unavailable, "Unavailable", "no plan yet")
	}
	last := s.states[len(s.states)-1]
	p := rpc.Plan{Epoch: s.epoch, Revision: rpc.Revision(len(s.states)), Switches: planned{}}
	known := planned(nil)
	if since.Epoch == s.epoch && since.Revision > 0 {
		known = s.states[since.Revision-1]
		s.differences++
	}
	p.Full = known == nil
	for _, sw := range switches {
		p.Switches[sw] = map[string]hwvtep.Packed{}
		for name, ls := range last[sw] {
			if p.Full || ls != known[sw][name] {
				p.Switches[sw][name] = ls
			}
		}
		for name := range known[sw] {
			if last[sw][name] == (hwvtep.Packed{}) {
				p.Switches[sw][name] = hwvtep.Packed{}
			}
		}
	}
	return p, nil
}

func (s *fakeServer) Wait(ctx context.Context, since rpc.Since) error {
	for {
		s.mu.Lock()
		moved := s.unavailable || since.Epoch != s.epoch || since.Revision != rpc.Revision(len(s.states))
		turned := s.turned
		s.mu.Unlock()
		if moved {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *fakeServer) Report(_ context.Context, r rpc.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports[r.Database] = r
	s.reported++
	return nil
}

// asked counts the differences that agents have asked for.
func (s *fakeServer) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.differences
}

func (s *fakeServer) report(database string) rpc.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports[database]
}

func (s *fakeServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reported
}
