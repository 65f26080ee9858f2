package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

const (
	activeWithin = 20 * time.Second // for connections to be ACTIVE
	reachWithin  = 5 * time.Second  // for the first packet after that
	vmLink       = "eth0"
)

// world is a lab under test.
type world struct {
	*lab.Lab
	a, b *lab.GatewayNode
}

func options() lab.Options { return lab.Options{Programs: testenv.Programs()} }

// newWorld builds a lab whose programs run. It goes with the test; where that
// has failed, the ends of the programs' logs are shown.
func newWorld(t *testing.T, spec lab.Spec) *world {
	t.Helper()
	w := newQuietWorld(t, spec)
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// newQuietWorld builds a lab without starting any program.
func newQuietWorld(t *testing.T, spec lab.Spec) *world {
	t.Helper()
	testenv.RequireRoot(t)
	if _, err := lab.RemoveAbandoned(options()); err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(spec, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Remove(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if t.Failed() {
			for _, file := range l.Logs() {
				t.Logf("the end of %s:\n%s", file, logfile.Tail(file))
			}
		}
	})
	return &world{l, l.Gateways["a"], l.Gateways["b"]}
}

// name gives a lab a name of this process's own.
func name(label string) string { return fmt.Sprintf("lbe%d%s", os.Getpid(), label) }

// join stretches the blue network and waits until both sides are ACTIVE and the
// compute nodes have their tunnels. It is taken back with the test.
func (w *world) join(t *testing.T, change ...func(*lab.Ask)) map[string]lab.Connected {
	t.Helper()
	made := w.connect(t, change...)
	w.active(t, made)
	w.tunnelled(t, lab.Blue)
	return made
}

// connect asks on both sides for what join waits for.
func (w *world) connect(t *testing.T, change ...func(*lab.Ask)) map[string]lab.Connected {
	t.Helper()
	made := map[string]lab.Connected{}
	for cloud, ask := range lab.Asks(w.Spec, lab.Blue, lab.WANKey) {
		for _, fn := range change {
			fn(&ask)
		}
		g := w.Gateways[cloud]
		connected, err := g.Connect(t.Context(), ask, nil)
		t.Cleanup(func() { takeBack(t, g) })
		if err != nil {
			t.Fatal(err)
		}
		made[cloud] = connected
	}
	return made
}

// takeBack removes all that an administrator can have made of a gateway, and
// waits until its switch holds none of it.
func takeBack(t *testing.T, g *lab.GatewayNode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), activeWithin)
	defer cancel()
	kinds := []rest.Kind{rest.RemoteMACs, rest.RemoteConnections, rest.RemoteGateways, rest.Connections, rest.Gateways}
	for _, k := range kinds {
		objects, err := g.API.List(ctx, k)
		if err != nil {
			t.Error(err)
		}
		for _, o := range objects {
			if err := g.API.Delete(ctx, k, o.ID()); err != nil {
				t.Error(err)
			}
		}
	}
	testenv.Eventually(t, activeWithin, "the switch is empty again", func() error {
		if n := len(rows(t, g)["Logical_Switch"]); n > 0 {
			return fmt.Errorf("%d logical switches", n)
		}
		return nil
	})
}

func (w *world) active(t *testing.T, made map[string]lab.Connected) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), activeWithin)
	defer cancel()
	for cloud, connected := range made {
		if err := w.Gateways[cloud].AwaitActive(ctx, connected); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) tunnelled(t *testing.T, network string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), reachWithin)
	defer cancel()
	if err := w.AwaitTunnels(ctx, network); err != nil {
		t.Fatal(err)
	}
}

func (w *world) node(t *testing.T, name string) *netns.Namespace {
	t.Helper()
	ns, err := w.Node(name)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// reach waits until one VM gets an answer of another.
func (w *world) reach(t *testing.T, from, to string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), reachWithin)
	defer cancel()
	if err := ping.Until(ctx, w.node(t, from), w.Spec.VM(to).Addr.Addr(), 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

// pinging starts to ping; stop it with stop or lossless.
func (w *world) pinging(t *testing.T, from, to string, interval time.Duration) *ping.Pinger {
	t.Helper()
	p, err := ping.Start(w.node(t, from), w.Spec.VM(to).Addr.Addr(), interval)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Abandon)
	return p
}

// more waits until n more requests were sent.
func more(t *testing.T, p *ping.Pinger, n int) {
	t.Helper()
	want := p.Now().Sent + n
	testenv.Eventually(t, 30*time.Second, "more pings", func() error {
		if sent := p.Now().Sent; sent < want {
			return fmt.Errorf("%d of %d", sent, want)
		}
		return nil
	})
}

// lossless ends a ping of which nothing may be lost.
func lossless(t *testing.T, p *ping.Pinger) {
	t.Helper()
	r := p.Stop()
	t.Log(r)
	if r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("packets lost or doubled: %s", r)
	}
}

func (w *world) capture(t *testing.T, node, link string) *capture.Capture {
	t.Helper()
	c, err := capture.Start(w.node(t, node), link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func packets(t *testing.T, c *capture.Capture) []capture.Packet {
	t.Helper()
	p, err := c.Packets()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shows waits until a connection has a status and a reason with some words.
func shows(t *testing.T, g *lab.GatewayNode, k rest.Kind, id, status string, words ...string) {
	t.Helper()
	testenv.Eventually(t, activeWithin, "status "+status, func() error {
		o, err := g.API.Show(t.Context(), k, id)
		if err != nil {
			return err
		}
		if o.Status() != status {
			return fmt.Errorf("it is %s: %s", o.Status(), o.Reason())
		}
		for _, word := range words {
			if !strings.Contains(o.Reason(), word) {
				return fmt.Errorf("the reason %q lacks %q", o.Reason(), word)
			}
		}
		return nil
	})
}
