package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/testenv"
)

// world is what a walk happens to.
type world struct {
	*controlplane.World
	t     *testing.T
	store *testenv.DatabaseServer
	model *model
	cuts  cuts
	// lifts has what ends the faults that have begun, by the step of each.
	lifts map[int]lift
	// takeovers is how often, by the journals, a database came to another epoch.
	takeovers int

	mu     sync.Mutex
	events []string
	log    *os.File // of all of them
}

// lift ends a fault at a step.
type lift struct {
	fault string
	at    int
	do    func()
}

// newWorld starts a world that keeps its logs where the test fails.
func newWorld(t *testing.T, s script) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "landbridge-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "events.log"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, model: newModel(), cuts: cuts{}, lifts: map[int]lift{}, log: log}
	t.Cleanup(func() { w.keep(dir) })
	start := testenv.StartPostgres
	if *database == "mariadb" || *database == "" && s.mariadb {
		start = testenv.StartMariaDB
	}
	w.store = start(t)
	w.cuts.apply(t) // connections have their marks from the beginning
	w.World = controlplane.New(t, controlplane.Config{
		Database: w.store.NewDatabase(t).URL(), Dir: dir, Servers: servers, Agents: agents, Switches: switches,
	})
	t.Cleanup(w.tell)
	return w
}

// keep keeps the logs of a test that has failed.
func (w *world) keep(dir string) {
	_ = w.log.Close()
	if w.t.Failed() {
		w.t.Logf("the logs of the programs are in %s", dir)
	} else if err := os.RemoveAll(dir); err != nil {
		w.t.Error(err)
	}
}

// say remembers what has been done.
func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	event := time.Now().Format("15:04:05.000 ") + fmt.Sprintf(format, args...)
	w.events = append(w.events, event)
	_, _ = fmt.Fprintln(w.log, event) // where it cannot be kept, the last ones are shown all the same
}

// lastEvents is how many of them a test that has failed shows.
const lastEvents = 60

// tell says, where the test has failed, how to see it again and what came last,
// and keeps the logs of what is no program of ours.
func (w *world) tell() {
	if !w.t.Failed() {
		return
	}
	w.t.Logf("seed %d, %d faults; the last operations and faults:\n%s", *seed, *faults, strings.Join(w.events[max(0, len(w.events)-lastEvents):], "\n"))
	logs := map[string]string{"rabbitmq.log": w.Rabbit.Log(w.t), "database.log": w.store.Log(w.t)}
	for i, o := range w.Switches {
		logs[fmt.Sprintf("switch%d.log", i)] = o.Log(w.t)
	}
	for name, text := range logs {
		if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o600); err != nil {
			w.t.Error(err)
		}
	}
}

// walk takes the steps of a script.
func (w *world) walk(s script) {
	for i, st := range s.steps {
		ended := time.After(st.least)
		var all sync.WaitGroup
		for _, list := range st.ops {
			c := &client{model: w.model, servers: w.Servers, say: w.say, fail: w.t.Errorf}
			all.Go(func() {
				for _, o := range list {
					c.do(w.t.Context(), o)
				}
			})
		}
		w.lift(i)
		w.revive()
		if st.fault.kind != "" {
			w.say("step %d: %s", i, st.fault)
			w.lifts[i] = lift{st.fault.String(), i + st.fault.steps, w.begin(i, st.fault)}
		}
		all.Wait()
		<-ended
		if w.t.Failed() {
			w.t.FailNow()
		}
	}
}

// revive starts programs that have ended by themselves, as their units do: a
// server ends where it finds no database when it starts.
func (w *world) revive() {
	for _, name := range slices.Concat(names("server", servers), names("agent", agents)) {
		if p, _ := w.program(name); p.Ended() {
			w.say("%s has ended, and is started again", name)
			p.Launch(w.t)
		}
	}
}

// lift ends the faults that are due at a step.
func (w *world) lift(step int) {
	for i := range step {
		if l, ok := w.lifts[i]; ok && l.at <= step {
			delete(w.lifts, i)
			l.do()
			w.say("lifted: %s", l.fault)
		}
	}
}

// number is that at the end of a name: "agent1".
func number(name string) int {
	n, _ := strconv.Atoi(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz")) // of our own
	return n
}

// program is a server or an agent.
func (w *world) program(name string) (p *testenv.Program, group int) {
	if strings.HasPrefix(name, "server") {
		s := w.Servers[number(name)]
		return s.Program, s.Group
	}
	a := w.Agents[number(name)]
	return a.Program, a.Group
}

// port is where something is reached.
func (w *world) port(name string) int {
	switch name {
	case rabbit:
		return w.Rabbit.Port
	case dataStore:
		return w.store.Port
	}
	address := w.Switches[number(name)].TCP
	n, _ := strconv.Atoi(address[strings.LastIndex(address, ":")+1:]) // of our own
	return n
}

func (w *world) ports(names []string) (out []int) {
	for _, name := range names {
		out = append(out, w.port(name))
	}
	return out
}

func (w *world) groups(names []string) (out []int) {
	for _, name := range names {
		_, group := w.program(name)
		out = append(out, group)
	}
	return slices.Sorted(slices.Values(out))
}
