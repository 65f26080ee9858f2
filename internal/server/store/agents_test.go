package store_test

import (
	"testing"

	"landbridge/internal/l2gw"
)

func (on suite) TestAgentsAreKept(t *testing.T) {
	p := on.New(t)
	s, other := open(t, p.DSN), open(t, p.DSN)
	lease := takes(t, s, "a", long)
	a := l2gw.Agent{
		Host: "h1", Run: "r1", Alive: true, Started: 5, Heartbeat: 6, Version: "1.0",
		Databases: []string{"tcp:a", "tcp:b"}, Serves: []string{"tcp:a"}, Switches: []string{"sw"},
	}
	b := l2gw.Agent{Host: "h0", Run: "r2", Started: 7, Heartbeat: 8}
	fine(t, s.SaveAgents(t.Context(), []l2gw.Agent{a, b}, lease))
	list := func() []l2gw.Agent {
		t.Helper()
		all, err := other.Agents().List(t.Context())
		return must(t, all, err)
	}
	all := list()
	if len(all) != 2 || all[0].ID == "" || all[0].ID == all[1].ID || all[0].Created >= all[1].Created && all[1].Created >= all[0].Created {
		t.Fatalf("agents %+v", all)
	}
	b.ID, b.Created, a.ID, a.Created = all[0].ID, all[0].Created, all[1].ID, all[1].Created
	same(t, "agents", []l2gw.Agent{b, a}, all)

	a.Run, a.Alive, a.Heartbeat, a.Serves = "r3", false, 9, nil
	fine(t, s.SaveAgents(t.Context(), []l2gw.Agent{a}, lease))
	same(t, "agents", []l2gw.Agent{b, a}, list())
	got, err := other.Agents().Get(t.Context(), a.ID)
	same(t, "agent", a, must(t, got, err))
	_, err = other.Agents().Get(t.Context(), unknownID)
	checkError(t, err, l2gw.NotFound, "AgentNotFound", unknownID)
	lost(t, s.SaveAgents(t.Context(), []l2gw.Agent{a}, l2gw.Lease{Name: task, Holder: "b", Epoch: 1}))
}

func (on suite) TestAnAgentThatIsGoneCanBeDeleted(t *testing.T) {
	s := open(t, on.New(t).DSN)
	lease := takes(t, s, "a", long)
	alive, gone := l2gw.Agent{Host: "alive", Alive: true}, l2gw.Agent{Host: "gone"}
	fine(t, s.SaveAgents(t.Context(), []l2gw.Agent{alive, gone}, lease))
	fine(t, s.SaveAssignments(t.Context(), []l2gw.Assignment{
		{Database: "tcp:a", Host: "gone", Run: "r", Epoch: 4}, {Database: "tcp:b", Host: "alive", Run: "r", Epoch: 5},
	}, lease))
	all, err := s.Agents().List(t.Context())
	must(t, all, err)
	checkError(t, s.Agents().Delete(t.Context(), all[0].ID), l2gw.Conflict, "AgentInUse", "alive", all[0].ID)
	fine(t, s.Agents().Delete(t.Context(), all[1].ID))
	checkError(t, s.Agents().Delete(t.Context(), all[1].ID), l2gw.NotFound, "AgentNotFound", all[1].ID)
	left, err := s.Assignments(t.Context())
	same(t, "assignments", []l2gw.Assignment{{Database: "tcp:a", Epoch: 4}, {Database: "tcp:b", Host: "alive", Run: "r", Epoch: 5}}, must(t, left, err))
}

func (on suite) TestAssignmentsAreKept(t *testing.T) {
	s := open(t, on.New(t).DSN)
	lease := takes(t, s, "a", long)
	first := []l2gw.Assignment{{Database: "tcp:a", Host: "h1", Run: "r1", Epoch: 1 << 40}, {Database: "tcp:b", Host: "h2", Run: "r2", Epoch: 1}}
	fine(t, s.SaveAssignments(t.Context(), first, lease))
	moved := l2gw.Assignment{Database: "tcp:b", Host: "h1", Run: "r1", Epoch: 2}
	fine(t, s.SaveAssignments(t.Context(), []l2gw.Assignment{moved}, lease))
	got, err := s.Assignments(t.Context())
	same(t, "assignments", []l2gw.Assignment{first[0], moved}, must(t, got, err))
	lost(t, s.SaveAssignments(t.Context(), first, l2gw.Lease{Name: task, Holder: "b", Epoch: 1}))
}
