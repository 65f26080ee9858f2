package chaos

import (
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// stoodStill is how long a program stands still at least: longer than any lease
// lasts, so that it wakes up as a former owner.
const stoodStill = 3 * time.Second

// begin has a fault happen, and gives what ends it.
func (w *world) begin(id int, f fault) (end func()) {
	switch f.kind {
	case killServer, killAgent:
		p, _ := w.program(f.at[0])
		p.Kill(w.t)
		return func() { p.Launch(w.t) }
	case stopServer, stopAgent, stopRabbit, stopSwitches:
		return w.stop(f.at)
	case restartRabbit:
		return w.restart(f, w.Rabbit)
	case restartDatabase:
		return w.restart(f, w.store)
	case killSwitches, wipeSwitches:
		return w.killSwitches(f)
	}
	w.cuts[id] = cut{groups: w.groups(f.who), ports: w.ports(f.at), reject: f.reject}
	w.cuts.apply(w.t)
	return func() {
		delete(w.cuts, id)
		w.cuts.apply(w.t)
	}
}

func (w *world) stop(names []string) (end func()) {
	for _, name := range names {
		w.process(name).Freeze(w.t)
	}
	long := time.After(stoodStill)
	return func() {
		<-long
		for _, name := range names {
			w.process(name).Thaw(w.t)
		}
	}
}

// process can stand still.
type process interface {
	Freeze(t testing.TB)
	Thaw(t testing.TB)
}

func (w *world) process(name string) process {
	switch {
	case name == rabbit:
		return w.Rabbit
	case strings.HasPrefix(name, "switch"):
		return w.Switches[number(name)]
	}
	p, _ := w.program(name)
	return p
}

// service is RabbitMQ or the database.
type service interface {
	Stop(t testing.TB)
	Kill(t testing.TB)
	Start(t testing.TB)
}

func (w *world) restart(f fault, s service) (end func()) {
	if f.gently {
		s.Stop(w.t)
	} else {
		s.Kill(w.t)
	}
	return func() { s.Start(w.t) }
}

// killSwitches kills databases, which come back as they were or empty.
func (w *world) killSwitches(f fault) (end func()) {
	for _, name := range f.at {
		w.Switches[number(name)].Kill(w.t)
	}
	return func() {
		for _, name := range f.at {
			i := number(name)
			if o := w.Switches[i]; f.kind == killSwitches {
				o.Start(w.t)
			} else {
				w.judgeJournal(o)
				o.Wipe(w.t)
				w.Describe(w.t, i)
			}
		}
	}
}

// judgeJournal looks for writes by former owners in all that a database holds of
// its past.
func (w *world) judgeJournal(o *testenv.OVSDB) {
	epochs, err := checkFence(o.Journal(w.t))
	if err != nil {
		w.t.Errorf("%s: %v", o.TCP, err)
	}
	w.takeovers += max(0, len(epochs)-1)
}
