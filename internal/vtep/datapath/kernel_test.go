package datapath

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
)

func lab(t *testing.T, n *testenv.NetNS) *netns.Namespace {
	t.Helper()
	ns, err := netns.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	return ns
}

// pings sends n requests and wants every one answered once.
func pings(t *testing.T, from *testenv.NetNS, to string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := ping.Count(ctx, lab(t, from), addr(to), n, time.Millisecond)
	if err != nil || r.Sent != n || r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("%s to %s: %v, %v", from.Name, to, r, err)
	}
}

// answers waits until a ping is answered.
func answers(t *testing.T, from *testenv.NetNS, to string, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if err := ping.Until(ctx, lab(t, from), addr(to), 20*time.Millisecond); err != nil {
		t.Error(err)
	}
}

// ARP goes through the wire, both ends learn, and pings pass.
func TestPingThrough(t *testing.T) {
	c := newClouds(t)
	c.resolve(t)
	pings(t, c.node1, host2, 100)
	pings(t, c.node2, host1, 100)
	got, err := c.d1.FDB("n")
	if err != nil || len(got) != 2 {
		t.Errorf("gateway 1 has learned %v, %v", got, err)
	}
}

// Next hops that nobody has set are the kernel's: by the route, where it is
// allowed to forward, and by the interface alone, where it is not.
func TestPingWithoutNextHops(t *testing.T) {
	t.Run("by the route", func(t *testing.T) {
		c := newClouds(t)
		c.gw1.Sysctl("net/ipv4/ip_forward", "1")
		c.gw2.Sysctl("net/ipv4/ip_forward", "1")
		answers(t, c.node1, host2, 10*time.Second)
		pings(t, c.node1, host2, 50)
	})
	t.Run("by the interface", func(t *testing.T) {
		c := newClouds(t)
		for d, gw := range map[*Datapath]*testenv.NetNS{c.d1: c.gw1, c.d2: c.gw2} {
			for _, p := range d.Pairs() {
				link := map[bool]string{true: "wan", false: "fabric"}[p.Local.String()[0] == '2']
				if err := d.SetNextHop(p.Remote, p.Local, NextHop{IfIndex: gw.Link(link).Attrs().Index}); err != nil {
					t.Fatal(err)
				}
			}
		}
		answers(t, c.node1, host2, 10*time.Second)
		pings(t, c.node1, host2, 50)
	})
	t.Run("not at all", func(t *testing.T) {
		c := newClouds(t)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := ping.Until(ctx, lab(t, c.node1), addr(host2), 20*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if c.d1.drops(t, NoRoute) == 0 {
			t.Error("not counted")
		}
	})
}

// A neighbour changes while nobody is there to tell.
func TestNeighbourChangesWhileNobodyIsThere(t *testing.T) {
	c := newClouds(t, func(c *clouds) { c.lease = time.Second })
	c.resolve(t)
	pings(t, c.node1, host2, 10)
	closed(t, c.d1)
	closed(t, c.d2)
	c.node2.Down("under")
	link := c.node2.Link("under")
	if err := c.node2.Netlink().LinkSetHardwareAddr(link, net.HardwareAddr{2, 0, 0, 0, 0x77, 1}); err != nil {
		t.Fatal(err)
	}
	c.node2.Up("under")
	answers(t, c.node1, host2, 20*time.Second)
}

// The process ends and another takes over, again and again, while a ping runs.
func TestTakeOverLosesNothing(t *testing.T) {
	t.Run("at TC", func(t *testing.T) { takeOverLosesNothing(t, newClouds(t)) })
	t.Run("at XDP", func(t *testing.T) { takeOverLosesNothing(t, newExpressClouds(t, false)) })
}

func takeOverLosesNothing(t *testing.T, c *clouds) {
	t.Helper()
	c.resolve(t)
	answers(t, c.node1, host2, 10*time.Second)
	p, err := ping.Start(lab(t, c.node1), addr(host2), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		closed(t, c.d1)
		answers(t, c.node2, host1, 10*time.Second) // nobody is there
		c.d1 = c.open(t, c.gw1, c.dirs[0])
		c.resolve(t)
		same := c.d1.Networks()
		n := same["n"]
		c.d1.apply(t, changes{"n": &n, "other": model("other", tunnels{at("10.1.0.2", 5): fabric(true)}, nil)})
		c.d1.apply(t, changes{"other": nil})
	}
	testenv.Eventually(t, time.Minute, "500 pings", func() error {
		if n := p.Now().Sent; n < 500 {
			return fmt.Errorf("%d sent", n)
		}
		return nil
	})
	if r := p.Stop(); r.Lost() != 0 || r.Duplicates != 0 || r.SendError != nil {
		t.Errorf("%v", r)
	}
}

// Bulk TCP arrives whole, and no receiver finds a wrong checksum: whether the
// kernel puts checksums in late, segments late, or neither.
func TestTCPThrough(t *testing.T) {
	for name, o := range map[string]struct {
		outer bool // UDP checksums
		set   func(t *testing.T, c *clouds)
	}{
		"plain":         {false, func(*testing.T, *clouds) {}},
		"with checksum": {true, func(*testing.T, *clouds) {}},
		"with checksum, finished and segmented by the last gateway": {true, func(t *testing.T, c *clouds) {
			hard(t, c.gw2, "fabric")
			hard(t, c.gw1, "fabric")
		}},
		"with checksum, finished and segmented by the node": {true, func(t *testing.T, c *clouds) {
			hard(t, c.node1, "under")
			hard(t, c.node2, "under")
		}},
		"without, finished and segmented by the last gateway": {false, func(t *testing.T, c *clouds) {
			hard(t, c.gw2, "fabric")
			hard(t, c.gw1, "fabric")
		}},
		"with checksum, put together by the gateways": {true, func(t *testing.T, c *clouds) {
			hard(t, c.node1, "under")
			hard(t, c.node2, "under")
			for _, gw := range []*testenv.NetNS{c.gw1, c.gw2} {
				gw.AddLink(&netlink.Vxlan{LinkAttrs: netlink.LinkAttrs{Name: "idle"}, FlowBased: true, Port: 4789})
				offload(t, gw, "fabric", setGRO, 1)
				offload(t, gw, "wan", setGRO, 1)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClouds(t, func(c *clouds) { c.checksum = o.outer })
			o.set(t, c)
			c.resolve(t)
			answers(t, c.node1, host2, 10*time.Second)
			transfer(t, c.node1, c.node2, host2)
			transfer(t, c.node2, c.node1, host1)
			for _, n := range []*testenv.NetNS{c.node1, c.node2} {
				for _, counter := range []string{"Tcp InCsumErrors", "Udp InCsumErrors", "Ip InHdrErrors"} {
					if v := snmp(t, n, counter); v != 0 {
						t.Errorf("%s: %s %d", n.Name, counter, v)
					}
				}
			}
		})
	}
}

// hard makes a link take finished packets only.
func hard(t *testing.T, n *testenv.NetNS, link string) {
	t.Helper()
	offload(t, n, link, setTSO, 0)
	offload(t, n, link, setGSO, 0)
	offload(t, n, link, setTXChecksum, 0)
}

// transfer sends some megabytes by TCP and compares them at the end.
func transfer(t *testing.T, from, to *testenv.NetNS, host string) {
	t.Helper()
	data := make([]byte, 8<<20)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(data)
	var server net.Listener
	to.Do(func() {
		var err error
		if server, err = net.Listen("tcp", host+":5001"); err != nil {
			t.Fatal(err)
		}
	})
	defer func() { _ = server.Close() }()
	got := make(chan []byte, 1)
	go func() { got <- receive(server) }()
	began := time.Now()
	from.Do(func() {
		c, err := net.DialTimeout("tcp", host+":5001", 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.Copy(c, bytes.NewReader(data)); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	})
	want := sha256.Sum256(data)
	if !bytes.Equal(<-got, want[:]) {
		t.Error("what arrived is not what was sent")
	}
	t.Logf("%.1f Gbit/s", float64(len(data))*8/time.Since(began).Seconds()/1e9)
}

// receive gives the hash of what one connection brings.
func receive(server net.Listener) []byte {
	c, err := server.Accept()
	if err != nil {
		return nil
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	hash := sha256.New()
	_, _ = io.Copy(hash, c)
	return hash.Sum(nil)
}

// snmp reads a counter of /proc/net/snmp, "Tcp InCsumErrors".
func snmp(t *testing.T, n *testenv.NetNS, counter string) (value int) {
	t.Helper()
	group, name, _ := strings.Cut(counter, " ")
	n.Do(func() {
		text, err := os.ReadFile("/proc/thread-self/net/snmp")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			switch {
			case fields[0] != group+":":
			case names == nil:
				names = fields
			default:
				for i := range names {
					if names[i] == name {
						value, err = strconv.Atoi(fields[i])
						if err != nil {
							t.Fatal(err)
						}
						return
					}
				}
			}
		}
		t.Fatalf("no counter %s", counter)
	})
	return value
}
