package datapath

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// The kernel's own neighbours, TCP and sockets at both ends.

// narrowWAN makes the way between the gateways smaller than the hosts know.
func (c *clouds) narrowWAN(t *testing.T, mtu int) {
	t.Helper()
	for _, gw := range []*testenv.NetNS{c.gw1, c.gw2} {
		if err := gw.Netlink().LinkSetMTU(gw.Link("wan"), mtu); err != nil {
			t.Fatal(err)
		}
	}
	for d, pair := range map[*Datapath][2]string{c.d1: {"203.0.113.2", "203.0.113.1"}, c.d2: {"203.0.113.1", "203.0.113.2"}} {
		p := Pair{Local: addr(pair[1]), Remote: addr(pair[0])}
		hop := d.hops[p]
		hop.MTU = mtu
		if err := d.SetNextHop(p.Remote, p.Local, hop); err != nil {
			t.Fatal(err)
		}
	}
}

// with changes what the first gateway holds.
func (c *clouds) with(t *testing.T, change func(*forwarding.Network)) {
	t.Helper()
	n := c.d1.Networks()["n"]
	change(&n)
	c.d1.apply(t, changes{"n": &n})
	c.resolve(t)
}

// TCP gets through a WAN that is smaller than its ends know: since they are told
// of it, in the handshake or when they send too much.
func TestTCPThroughANarrowWAN(t *testing.T) {
	for name, test := range map[string]struct {
		clamp, checksum bool
		set             func(*testing.T, *clouds)
	}{
		"clamped":                    {true, false, func(*testing.T, *clouds) {}},
		"told":                       {false, false, func(*testing.T, *clouds) {}},
		"told, with UDP checksums":   {false, true, func(*testing.T, *clouds) {}},
		"told, of finished packets":  {false, true, func(t *testing.T, c *clouds) { hard(t, c.node1, "under"); hard(t, c.node2, "under") }},
		"told, without UDP checksum": {false, false, func(t *testing.T, c *clouds) { hard(t, c.node1, "under"); hard(t, c.node2, "under") }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClouds(t, func(c *clouds) { c.checksum = test.checksum })
			test.set(t, c)
			c.resolve(t)
			c.narrowWAN(t, 1300)
			for _, d := range []*Datapath{c.d1, c.d2} {
				if err := d.SetClamp(test.clamp); err != nil {
					t.Fatal(err)
				}
			}
			answers(t, c.node1, host2, 10*time.Second)
			transfer(t, c.node1, c.node2, host2)
			transfer(t, c.node2, c.node1, host1)
			told, clamped := uint64(0), uint64(0)
			for _, d := range []*Datapath{c.d1, c.d2} {
				counters, err := d.Counters()
				if err != nil {
					t.Fatal(err)
				}
				told, clamped = told+counters.TooBigTold, clamped+counters.Clamped
			}
			if (told > 0) == test.clamp || (clamped > 0) != test.clamp {
				t.Errorf("%d told, %d clamped", told, clamped)
			}
			for _, n := range []*testenv.NetNS{c.node1, c.node2} {
				for _, counter := range []string{"Tcp InCsumErrors", "Udp InCsumErrors", "Icmp InCsumErrors", "Icmp InErrors"} {
					if v := snmp(t, n, counter); v != 0 {
						t.Errorf("%s: %s %d", n.Name, counter, v)
					}
				}
			}
		})
	}
}

// Linux takes the gateway's answers, of both families, while whoever has the
// address is silent.
func TestNeighboursAreResolvedWhileTheFarSideIsSilent(t *testing.T) {
	c := newClouds(t)
	c.node2.Down("vx")
	far := mac("02:00:00:00:00:99")
	c.with(t, func(n *forwarding.Network) {
		n.FDB[far] = at("203.0.113.2", 456)
		n.Neighbours[addr(host2)], n.Neighbours[addr("fd00::2")] = far, far
	})
	c.node1.Sysctl("net/ipv6/conf/vx/disable_ipv6", "0")
	c.node1.AddAddr("vx", "fd00::1/64")
	link := c.node1.Link("vx").Attrs().Index
	testenv.Eventually(t, 20*time.Second, "both are resolved", func() error {
		for _, a := range []string{host2, "fd00::2"} {
			ask := &netlink.Neigh{LinkIndex: link, IP: net.ParseIP(a), State: netlink.NUD_NONE, Flags: netlink.NTF_USE}
			if err := c.node1.Netlink().NeighSet(ask); err != nil {
				return err
			}
		}
		ns, err := c.node1.Netlink().NeighList(link, netlink.FAMILY_ALL)
		got := map[string]bool{}
		for _, n := range ns {
			if n.State&(netlink.NUD_REACHABLE|netlink.NUD_DELAY|netlink.NUD_PROBE) != 0 && ethernet.MAC(n.HardwareAddr) == far {
				got[n.IP.String()] = true
			}
		}
		if !got[host2] || !got["fd00::2"] {
			return errors.Join(err, fmt.Errorf("neighbours %v", ns))
		}
		return nil
	})
	if counters, err := c.d1.Counters(); err != nil || counters.Networks["n"].Answered < 2 {
		t.Errorf("%+v, %v", counters.Networks, err)
	}
}

// crosses tells whether a broadcast datagram to a port gets from host 1 to host 2.
func (c *clouds) crosses(t *testing.T, port int) func() error {
	t.Helper()
	var in net.PacketConn
	c.node2.Do(func() {
		var err error
		if in, err = net.ListenPacket("udp4", fmt.Sprintf(":%d", port)); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { _ = in.Close() })
	return func() error {
		c.broadcasts(t, port, 1)
		_ = in.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, _, err := in.ReadFrom(make([]byte, 64))
		return err
	}
}

func (c *clouds) broadcasts(t *testing.T, port, n int) {
	t.Helper()
	c.node1.Do(func() {
		out, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(192, 168, 7, 255), Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		for range n {
			if _, err := out.Write([]byte("discover")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestDHCPIsKeptFromCrossing(t *testing.T) {
	c := newClouds(t)
	c.resolve(t)
	answers(t, c.node1, host2, 10*time.Second)
	dhcp, other := c.crosses(t, 67), c.crosses(t, 6700)
	testenv.Eventually(t, 10*time.Second, "DHCP crosses without a filter", dhcp)
	c.with(t, func(n *forwarding.Network) {
		tunnel := n.Tunnels[at("203.0.113.2", 456)]
		tunnel.Filter = hwvtep.FilterDHCP
		n.Tunnels[at("203.0.113.2", 456)] = tunnel
	})
	for range 5 {
		if err := dhcp(); err == nil {
			t.Error("DHCP crosses")
		}
	}
	testenv.Eventually(t, 10*time.Second, "others cross", other)
	if n := c.d1.drops(t, FilterDHCP); n != 5 {
		t.Errorf("counted %d", n)
	}
}

// A storm of one network is cut down, and its hosts still reach each other.
func TestStorm(t *testing.T) {
	c := newClouds(t)
	c.with(t, func(n *forwarding.Network) { n.Limit = forwarding.Limit{Rate: 10, Burst: 10} })
	answers(t, c.node1, host2, 10*time.Second)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				c.broadcasts(t, 6700, 100)
			}
		}
	}()
	pings(t, c.node1, host2, 100)
	close(stop)
	<-stopped
	counters, err := c.d1.Counters()
	sent := counters.Tunnels[TunnelKey{"n", at("203.0.113.2", 456)}].TxPackets
	if err != nil || counters.Drops[FloodRate] < 100 || sent > 500 {
		t.Errorf("%d limited, %d sent, %v", counters.Drops[FloodRate], sent, err)
	}
}
