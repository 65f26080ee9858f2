package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/memory"
	"landbridge/bench/objects"
	"landbridge/bench/report"
	"landbridge/bench/vtepdb"
	"landbridge/internal/lab/testenv"
)

const (
	// mostMemory is what server and agent may have, each.
	mostMemory = 256 << 20
	// rest is how long both are watched while nobody asks for anything: a full
	// pass is in it.
	rest = 31 * time.Second
	// changes is how many changes are measured in a row.
	changes = 20
)

// large is a Landbridge of some size: a server with a cloud of its own, and an
// agent.
type large struct {
	*world
	config        largeConfig
	bus           string
	server, agent *testenv.Program
	remoteMACs    objects.Kind // behind the first network
}

// newLarge stores a connection of each network; nothing runs yet.
func newLarge(b *testing.B, s *stage, networks int) *large {
	b.Helper()
	l := &large{world: emptyWorld(b, s, ""), bus: s.bus(b)}
	l.addSwitch()
	l.config = largeConfig{
		Listen: freeAddr(b), Database: s.mariadb.NewDatabase(b).URL(), Bus: l.bus, Networks: networks, Nodes: *nodes,
	}
	text, err := json.Marshal(l.config)
	must(b, err)
	file := l.write("large.json", string(text))
	l.servers = []load.Server{{URL: "http://" + l.config.Listen}}
	l.server = &testenv.Program{
		Name: "server", Log: l.file("server.log"), Within: patience, Ready: ready(l.servers[0].URL + plannedPath),
		Command: func() *exec.Cmd {
			cmd := exec.Command("/proc/self/exe")
			cmd.Path, cmd.Err = exec.LookPath(os.Args[0])
			cmd.Env = append(os.Environ(), largeServer+"="+file)
			return cmd
		},
	}
	l.run(l.server)
	c := load.NewClient(l.servers[0])
	defer c.Close()
	gateway, err := objects.Gateways(device).Make(b.Context(), c, 0)
	must(b, err)
	l.remoteMACs = objects.RemoteMACs(l.stretch(c, gateway))
	for n := 1; n < networks; n += perRequest {
		_, err := c.Do(b.Context(), objects.Connections(gateway).Bulk(n, min(perRequest, networks-n), nil))
		must(b, err)
	}
	l.server.Stop(b)
	return l
}

// taking is what it takes to bring all of it about, from nothing.
type taking struct{ plan, apply, active time.Duration }

// begin starts server and agent, and takes the times until all is planned, from
// there until the switch has it, and until every status says so.
func (l *large) begin() (t taking) {
	b := l.b
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), 2*patience)
	defer stop()
	count, err := vtepdb.NewCount(l.db.Unix)
	must(b, err)
	defer count.Close()
	began := time.Now()
	l.server.Start(b)
	t.plan = time.Since(began)
	began = time.Now()
	l.runAgent("agent", l.bus)
	l.agent = l.agents[0]
	at, err := count.Reach(ctx, l.config.Networks*l.config.Nodes)
	must(b, err)
	t.apply = at.Sub(began)
	l.isActive()
	t.active = time.Since(began)
	return t
}

// isActive waits until every connection is.
func (l *large) isActive() {
	l.b.Helper()
	c := load.NewClient(l.servers[0])
	defer c.Close()
	request := load.Request{Method: http.MethodGet, Path: objects.Connections("").Path + "?fields=status", See: func(body []byte) error {
		if n := strings.Count(string(body), `"ACTIVE"`); n < l.config.Networks {
			return fmt.Errorf("%d connections are ACTIVE", n)
		}
		return nil
	}}
	testenv.Eventually(l.b, patience, "every connection is ACTIVE", func() error {
		_, err := c.Do(l.b.Context(), request)
		return err
	})
}

// used is what a program has had while it was at rest, and before.
type used struct {
	rest, peak int64
	cpu        float64 // part of a core, at rest
}

// resting watches server and agent while nobody asks for anything.
func (l *large) resting() (server, agent used) {
	l.b.Helper()
	beforeServer, beforeAgent := l.spent()
	began := time.Now()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for end := time.After(rest); ; {
		server.see(l.b, l.server.PID())
		agent.see(l.b, l.agent.PID())
		select {
		case <-ticker.C:
		case <-end:
			s, a := l.spent()
			took := time.Since(began)
			server.cpu, agent.cpu = float64(s-beforeServer)/float64(took), float64(a-beforeAgent)/float64(took)
			return server, agent
		}
	}
}

func (u *used) see(b *testing.B, pid int) {
	b.Helper()
	m, err := memory.Of(pid)
	must(b, err)
	u.rest, u.peak = max(u.rest, m.Now), m.Peak
}

// BenchmarkLarge brings very many networks about from nothing, and then one more
// change.
func BenchmarkLarge(b *testing.B) {
	stage := newStage(b)
	small := newLarge(b, stage, 1)
	small.begin()
	empty := small.change()
	small.end()
	say("one more change in an empty cloud: %+v", empty)
	raw := rawLarge(b)
	say("raw: %v", raw)
	l := newLarge(b, stage, *networks)
	took := l.begin()
	say("from nothing: %+v", took)
	server, agent := l.resting()
	say("server %+v, agent %+v", server, agent)
	full := l.change()
	say("one more change: %+v", full)
	found = append(found, report.Section{
		Title:   fmt.Sprintf("%d networks × %d compute nodes", *networks, *nodes),
		Figures: append(largeFigures(took, raw, full, empty), append(server.figures("server"), agent.figures("agent")...)...),
	})
}

func largeFigures(took taking, raw time.Duration, full, empty cost) []report.Figure {
	change := func(what string, full, empty time.Duration) report.Figure {
		return report.New("one remote MAC more: "+what, milliseconds(full), "ms").
			Beside("in a cloud of one network", milliseconds(empty), measure.Times(float64(empty), float64(full))).Aimed("≤ 2 times", full <= 2*empty)
	}
	return []report.Figure{
		report.New("start of the server → all planned", took.plan.Seconds(), "s"),
		report.New("start of the agent → all in OVSDB", took.apply.Seconds(), "s").
			Beside("the same rows, raw", raw.Seconds(), measure.Times(raw.Seconds(), took.apply.Seconds())),
		report.New("start of the agent → all ACTIVE", took.active.Seconds(), "s"),
		change("POST sent → OVSDB, p50", full.latency, empty.latency),
		change("CPU time of the server", full.server, empty.server),
		change("CPU time of the agent", full.agent, empty.agent),
	}
}

func (u used) figures(who string) []report.Figure {
	mib := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	return []report.Figure{
		report.New(who+": VmRSS at rest, at most", mib(u.rest), "MiB").Aimed("≤ 256 MiB", u.rest <= mostMemory),
		report.New(who+": VmHWM", mib(u.peak), "MiB").Aimed("≤ 256 MiB", u.peak <= mostMemory),
		report.New(who+": CPU at rest, with a full pass every 30 s", 100*u.cpu, "% of a core"),
	}
}
