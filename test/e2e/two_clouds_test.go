package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// TestTwoClouds has what can share one lab. Each part joins the clouds anew,
// and leaves nothing for the next.
func TestTwoClouds(t *testing.T) {
	w := newWorld(t, lab.TwoClouds(name("two")))
	for _, part := range []struct {
		name string
		test func(*world, *testing.T)
	}{
		{"deleting the remote connection", (*world).deleteRemote},
		{"no flooding", (*world).noFlood},
		{"status", (*world).statuses},
		{"status while vtepd is away", (*world).unconfirmed},
		{"vtepd killed", (*world).vtepdKilled},
		{"server killed", (*world).serverKilled},
		{"ovsdb-server killed", (*world).ovsdbKilled},
		{"database upgraded", (*world).databaseUpgraded},
		{"killed at any instant", (*world).killedAnytime},
		{"vtepd removed", (*world).vtepdRemoved},
		{"ACTIVE is said of what is asked now", (*world).statusIsNew},
		{"remote address changed", (*world).remoteMoves},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(w, t) })
	}
}

// TestSegmentationIDLeftOut joins clouds whose networks have one id.
func TestSegmentationIDLeftOut(t *testing.T) {
	const vni = 4321
	spec := lab.TwoClouds(name("same"))
	for i := range spec.Clouds {
		for j, n := range spec.Clouds[i].Networks {
			if n.Name == lab.Blue {
				spec.Clouds[i].Networks[j].VNI = vni
			}
		}
	}
	w := newWorld(t, spec)
	wan := w.capture(t, "wan", "to-a")
	made := w.join(t, func(a *lab.Ask) { a.Key = 0 })
	w.reach(t, "vm-a1", "vm-b1")
	w.reach(t, "vm-b1", "vm-a2")
	if got := capture.VNIs(packets(t, wan)); !slices.Equal(got, []uint32{vni}) {
		t.Errorf("VNIs on the WAN: %v, want %d", got, vni)
	}
	o, err := w.a.API.Show(t.Context(), rest.RemoteConnections, made["a"].RemoteConnection)
	if err != nil || o["segmentation_id"] != float64(vni) {
		t.Errorf("segmentation_id is shown as %v (%v)", o["segmentation_id"], err)
	}
}

// deleteRemote takes one thing back: the traffic stops, and exactly what it
// had put into the switch is gone.
func (w *world) deleteRemote(t *testing.T) {
	made := w.connect(t)
	w.active(t, made)
	for cloud, c := range made { // back to before the remote connection
		if err := w.Gateways[cloud].API.Delete(t.Context(), rest.RemoteConnections, c.RemoteConnection); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(t)
	rowsBefore, tunnelsBefore := rows(t, w.a), tunnels(t, w.a)

	for cloud, c := range made {
		c.RemoteConnection = w.reconnect(t, cloud, c)
		made[cloud] = c
	}
	w.active(t, made)
	w.reach(t, "vm-a1", "vm-b1")
	if slices.Equal(rows(t, w.a)["Mcast_Macs_Remote"], rowsBefore["Mcast_Macs_Remote"]) || slices.Equal(tunnels(t, w.a), tunnelsBefore) {
		t.Fatal("the remote connection shows neither in the database nor in the dataplane")
	}

	p := w.pinging(t, "vm-a1", "vm-b1", 5*time.Millisecond)
	if err := w.a.API.Delete(t.Context(), rest.RemoteConnections, made["a"].RemoteConnection); err != nil {
		t.Fatal(err)
	}
	deleted := time.Now()
	last := p.Now().Received
	for time.Since(deleted) < 2*time.Second {
		if now := p.Now().Received; now != last {
			last = now
			if after := time.Since(deleted); after > time.Second {
				t.Fatalf("packets still pass %v after the remote connection was deleted", after)
			}
		}
		more(t, p, 4)
	}
	p.Abandon()
	testenv.Eventually(t, reachWithin, "the rows and tunnels of before", func() error {
		if got := rows(t, w.a); !sameRows(got, rowsBefore) {
			return fmt.Errorf("rows %v, want %v", got, rowsBefore)
		}
		if got := tunnels(t, w.a); !slices.Equal(got, tunnelsBefore) {
			return fmt.Errorf("tunnels %v, want %v", got, tunnelsBefore)
		}
		return nil
	})
	if got := learnedBehind(t, w.a, w.b.Cloud.Gateway.WAN.Addr()); len(got) != 0 {
		t.Errorf("MACs learned behind the remote gateway are left: %v", got)
	}
}

// reconnect makes the remote connection of a cloud again.
func (w *world) reconnect(t *testing.T, cloud string, c lab.Connected) string {
	t.Helper()
	o, err := w.Gateways[cloud].API.Create(t.Context(), rest.RemoteConnections, rest.Object{
		"l2_gateway_id": c.Gateway, "l2_remote_gateway_id": c.RemoteGateway,
		"network_id": w.Gateways[cloud].Cloud.Network(lab.Blue).ID, "segmentation_id": lab.WANKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	return o.ID()
}

// settle waits until no side has a tunnel on the WAN.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for _, g := range w.Gateways {
		testenv.Eventually(t, activeWithin, "no tunnel on the WAN", func() error {
			if wanTunnel(t, g) {
				return fmt.Errorf("there are %v", tunnels(t, g))
			}
			return nil
		})
	}
}

// noFlood joins without flooding: a remote MAC carries unicast, and what is
// broadcast stays.
func (w *world) noFlood(t *testing.T) {
	made := w.join(t, func(a *lab.Ask) { a.NoFlood = true })
	wan := w.capture(t, "wan", "to-a")
	vmA, vmB := w.Spec.VM("vm-a1"), w.Spec.VM("vm-b1")
	w.staticNeighbours(t, vmA, vmB)

	if r := w.count(t, vmA.Name, vmB.Addr.Addr()); r.Received != 0 {
		t.Errorf("unicast to a MAC that nobody named passes: %s", r)
	}
	w.remoteMAC(t, w.a, made["a"], vmB)
	w.remoteMAC(t, w.b, made["b"], vmA)
	w.reach(t, vmA.Name, vmB.Name)
	w.reach(t, vmB.Name, vmA.Name)
	if r := w.count(t, vmA.Name, vmB.Addr.Addr()); r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("unicast: %s", r)
	}
	w.count(t, vmA.Name, netip.MustParseAddr("192.168.50.99")) // nobody: asked for by broadcast
	crossed := capture.Select(packets(t, wan), func(p capture.Packet) bool { return p.Frame.Dst.IsMulticast() && p.Tunnel != nil })
	if len(crossed) > 0 {
		t.Errorf("%d broadcasts crossed, the first: %s", len(crossed), crossed[0])
	}
}

// staticNeighbours lets two VMs know each other without ARP.
func (w *world) staticNeighbours(t *testing.T, x, y lab.VM) {
	t.Helper()
	for _, pair := range [][2]lab.VM{{x, y}, {y, x}} {
		ns, other := w.node(t, pair[0].Name), pair[1]
		if err := ns.AddNeighbour(vmLink, other.Addr.Addr(), other.MAC); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := ns.DeleteNeighbour(vmLink, other.Addr.Addr()); err != nil {
				t.Error(err)
			}
		})
	}
}

func (w *world) remoteMAC(t *testing.T, g *lab.GatewayNode, c lab.Connected, vm lab.VM) {
	t.Helper()
	_, err := g.API.Create(t.Context(), rest.RemoteMACs, rest.Object{
		"mac": vm.MAC.String(), "ipaddr": vm.Addr.Addr().String(), "rgw_connection": c.RemoteConnection,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) count(t *testing.T, from string, to netip.Addr) ping.Result {
	t.Helper()
	r, err := ping.Count(t.Context(), w.node(t, from), to, 20, 5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// statusIsNew changes the address of a remote gateway several times in a row:
// when the connection is ACTIVE, the tunnel leads to the last one.
func (w *world) statusIsNew(t *testing.T) {
	made := w.join(t)
	for i := range 20 {
		var last netip.Addr
		for j := range 3 {
			last = netip.AddrFrom4([4]byte{203, 0, 113, byte(2 + (i+j)%4)})
			w.moveRemote(t, made["a"], last)
		}
		w.active(t, map[string]lab.Connected{"a": made["a"]})
		if got := strings.Join(tunnels(t, w.a), "\n"); !strings.Contains(got, "tunnel wan "+last.String()) {
			t.Fatalf("ACTIVE, but without a tunnel to %s:\n%s", last, got)
		}
	}
}

func (w *world) moveRemote(t *testing.T, c lab.Connected, to netip.Addr) {
	t.Helper()
	if _, err := w.a.API.Update(t.Context(), rest.RemoteGateways, c.RemoteGateway, rest.Object{"ipaddr": to.String()}); err != nil {
		t.Fatal(err)
	}
}

// remoteMoves changes the address of a remote gateway: first to where nobody
// is, then the gateway follows.
func (w *world) remoteMoves(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-a1", "vm-b1")
	wan := w.capture(t, "wan", "to-a")
	moved := netip.MustParsePrefix("203.0.113.3/24")
	if err := w.node(t, "gw-b").AddAddr("wan0", moved); err != nil {
		t.Fatal(err)
	}
	w.moveRemote(t, made["a"], moved.Addr())
	w.active(t, map[string]lab.Connected{"a": made["a"]})
	if err := wan.Reset(); err != nil {
		t.Fatal(err)
	}
	if r := w.count(t, "vm-a1", w.Spec.VM("vm-b1").Addr.Addr()); r.Received != 0 {
		t.Errorf("gateway B answers at an address that it was not told of: %s", r)
	}
	to := func(a netip.Addr) int {
		return len(capture.Select(packets(t, wan), func(p capture.Packet) bool { return p.Is(lab.WANKey) && p.Tunnel.Dst == a }))
	}
	if there, old := to(moved.Addr()), to(w.b.Cloud.Gateway.WAN.Addr()); there == 0 || old != 0 {
		t.Errorf("%d packets to the new address, %d to the old one", there, old)
	}

	if err := w.b.Stop(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	if err := w.b.Start(t.Context(), lab.VTEPD, "--wan-address", moved.Addr().String()); err != nil {
		t.Fatal(err)
	}
	w.reach(t, "vm-a1", "vm-b1")
	w.reach(t, "vm-b1", "vm-a2")
}
