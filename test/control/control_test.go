package control

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// Two servers, two agents and three switches do what was asked for while each of
// them is killed, stopped and started again.
func TestServersAndAgentsComeAndGo(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"sqlite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "server.db") },
		"postgresql": func(t *testing.T) string { return testenv.StartPostgres(t).NewDatabase(t).URL() },
		"mariadb":    func(t *testing.T) string { return testenv.StartMariaDB(t).NewDatabase(t).URL() },
	} {
		t.Run(name, func(t *testing.T) { newWorld(t, dsn(t)).comeAndGo(name != "sqlite") })
	}
}

// comeAndGo stops a server where that does not stop its database: who stands
// still in the middle of a write to SQLite keeps all others from writing.
func (w *world) comeAndGo(stops bool) {
	w.Leader(w.t)
	a, b := w.Servers[0], w.Servers[1]
	gateways := []string{w.gateway(a, 0), w.gateway(b, 1), w.gateway(a, 2)}
	first := []string{w.connect(b, gateways[0], 0), w.connect(a, gateways[1], 1), w.connect(b, gateways[2], 2)}
	for i := range first {
		w.holds(soon, i, i)
		w.is(soon, b, first[i], "ACTIVE")
	}
	began := time.Now()
	c := w.connect(b, gateways[0], 3)
	w.holds(soon, 0, 0, 3)
	w.took("from POST to OVSDB", began, time.Second)
	w.is(time.Second, a, c, "ACTIVE")

	w.killedLeader(gateways)
	if stops {
		w.stoppedLeader(gateways)
	} else {
		w.connect(a, gateways[2], 5)
		w.connect(b, gateways[2], 6)
	}
	w.killedAgent(gateways)
	w.stoppedAgent(gateways)
	w.rabbitRestarts(gateways)
	w.nobodyThere(first[0])
	w.gone()
}

// killedLeader: another plans.
func (w *world) killedLeader(gateways []string) {
	w.t.Helper()
	leads, other := w.Leader(w.t)
	began := time.Now()
	leads.Kill(w.t)
	c := w.connect(other, gateways[1], 4)
	w.holds(takeover, 1, 1, 4)
	w.took("a killed leader is replaced", began, takeover)
	w.is(time.Second, other, c, "ACTIVE")
	leads.Start(w.t)
}

// stoppedLeader: another plans, and what the former thinks when it goes on
// counts for nothing.
func (w *world) stoppedLeader(gateways []string) {
	w.t.Helper()
	leads, other := w.Leader(w.t)
	began := time.Now()
	leads.Freeze(w.t)
	w.connect(other, gateways[2], 5)
	w.holds(takeover, 2, 2, 5)
	w.took("a stopped leader is replaced", began, takeover)
	c := w.connect(other, gateways[2], 6)
	w.holds(time.Second, 2, 2, 5, 6)
	leads.Thaw(w.t)
	testenv.Eventually(w.t, soon, "the former leads no more", func() error {
		return leads.Shows("landbridge_server_leader 0")
	})
	if err := other.Shows("landbridge_server_leader 1"); err != nil {
		w.t.Error(err)
	}
	w.is(soon, leads, c, "ACTIVE")
}

// killedAgent: another gets its switches.
func (w *world) killedAgent(gateways []string) {
	w.t.Helper()
	serves, _ := w.Serving(w.t, 0)
	began := time.Now()
	serves.Kill(w.t)
	c := w.connect(w.Servers[0], gateways[0], 7)
	w.holds(takeover, 0, 0, 3, 7)
	w.took("a killed agent is replaced", began, takeover)
	w.is(time.Second, w.Servers[1], c, "ACTIVE")
	serves.Start(w.t)
}

// stoppedAgent: another gets its switches, and what the former does when it goes
// on is not done.
func (w *world) stoppedAgent(gateways []string) {
	w.t.Helper()
	serves, _ := w.Serving(w.t, 1)
	began := time.Now()
	serves.Freeze(w.t)
	w.connect(w.Servers[0], gateways[1], 8)
	w.holds(takeover, 1, 1, 4, 8)
	w.took("a stopped agent is replaced", began, takeover)
	c := w.connect(w.Servers[0], gateways[1], 9)
	w.holds(time.Second, 1, 1, 4, 8, 9)
	serves.Thaw(w.t)
	testenv.Eventually(w.t, soon, "the former is there again", func() error {
		return serves.Shows("landbridge_agent_leader_heard 1")
	})
	w.holds(time.Second, 1, 1, 4, 8, 9)
	w.is(soon, w.Servers[0], c, "ACTIVE")
}

// rabbitRestarts: what was asked for meanwhile is done afterwards.
func (w *world) rabbitRestarts(gateways []string) {
	w.t.Helper()
	w.Rabbit.Kill(w.t)
	c := w.connect(w.Servers[1], gateways[2], 10)
	w.Rabbit.Start(w.t)
	began := time.Now()
	w.holds(10*time.Second, 2, 2, 5, 6, 10)
	w.took("a restart of RabbitMQ is got over", began, 10*time.Second)
	w.is(soon, w.Servers[0], c, "ACTIVE")
}

// nobodyThere: the statuses say so, and who was heard of last: the one that
// served the switch, or the other, if it was still held to live when the first
// was not any more.
func (w *world) nobodyThere(connection string) {
	w.t.Helper()
	serves, other := w.Serving(w.t, 0)
	began := time.Now()
	other.Kill(w.t)
	serves.Kill(w.t)
	w.is(soon, w.Servers[0], connection, "DOWN", "agent h", " has not been heard of since")
	w.took("agents that are gone show in statuses", began, 4*time.Second)
	w.agentsAre(false)
	serves.Start(w.t)
	w.is(soon, w.Servers[0], connection, "ACTIVE")
	other.Start(w.t)
	w.agentsAre(true)
}

// agentsAre waits until each server shows both agents so.
func (w *world) agentsAre(alive bool) {
	w.t.Helper()
	for _, s := range w.Servers {
		testenv.Eventually(w.t, soon, "the agents", func() error {
			all, err := s.List(w.t.Context(), "agent")
			if err != nil || len(all) != 2 || all[0]["alive"] != alive || all[1]["alive"] != alive {
				return fmt.Errorf("%v, %w", all, err)
			}
			return nil
		})
	}
}

// gone: nothing of what is deleted is left.
func (w *world) gone() {
	w.t.Helper()
	by := w.Servers[0]
	all, err := by.List(w.t.Context(), "l2_gateway_connection")
	if err != nil || len(all) != 11 {
		w.t.Fatalf("%d connections, %v", len(all), err)
	}
	for _, c := range all {
		if err := by.Delete(w.t.Context(), rest.Kind("l2_gateway_connection"), c.ID()); err != nil {
			w.t.Error(err)
		}
	}
	for i := range w.Switches {
		w.holds(soon, i)
	}
}
