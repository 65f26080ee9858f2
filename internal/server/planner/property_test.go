package planner

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// anyInput draws from a small, hostile world: references that dangle, IDs that
// occur twice, addresses of every kind.
func anyInput(t *rapid.T) Input {
	d := drawer{t}
	in := Input{Owner: "landbridge", NetworkID: "n", Site: d.site(), Switches: map[string]Switch{}}
	in.CloudError = d.pick("cloud error", "", "", "no route")
	in.Asked = l2gw.Asked{
		Gateways: map[string]l2gw.Gateway{}, RemoteGateways: map[string]l2gw.RemoteGateway{}, RemoteHosts: map[string][]l2gw.Host{},
	}
	for _, id := range []string{"g1", "g2"} {
		gw := l2gw.Gateway{ID: id}
		for range d.n("devices", 3) {
			gw.Devices = append(gw.Devices, d.device())
		}
		in.Asked.Gateways[id] = gw
		in.Asked.RemoteGateways["r"+id] = l2gw.RemoteGateway{ID: "r" + id, Addr: d.addr()}
	}
	for i := range d.n("connections", 3) {
		in.Asked.Connections = append(in.Asked.Connections, l2gw.Connection{ID: fmt.Sprint("c", i%2), GatewayID: d.pick("gateway", "g1", "g2", "gone")})
	}
	for i := range d.n("remote connections", 3) {
		in.Asked.RemoteConnections = append(in.Asked.RemoteConnections, d.remote(fmt.Sprint("rc", i)))
	}
	for range d.n("remote MACs", 6) {
		via := d.pick("via", "rc0", "rc1", "rc9")
		in.Asked.RemoteHosts[via] = append(in.Asked.RemoteHosts[via], l2gw.Host{MAC: d.mac(), Addr: d.addr()})
	}
	for _, name := range []string{"s1", "s2"} {
		if rapid.Bool().Draw(t, "known") {
			in.Switches[name] = d.sw(name)
		}
	}
	return in
}

type drawer struct{ t *rapid.T }

func (d drawer) n(label string, most int) int { return rapid.IntRange(0, most).Draw(d.t, label) }

func (d drawer) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(d.t, label)
}

func (d drawer) addr() netip.Addr {
	a, _ := netip.ParseAddr(d.pick("address", "", "10.0.0.1", "10.0.0.2", "10.0.0.3", "::ffff:10.0.0.2", "fd00::1", "0.0.0.0", "224.0.0.1", "fe80::1%x"))
	return a
}

func (d drawer) mac() l2gw.MAC {
	return l2gw.MAC{byte(d.n("mac", 3)), 0, 0, 0, 0, byte(d.n("mac end", 2))}
}

func (d drawer) site() *l2gw.Site {
	if d.n("site", 9) == 0 {
		return nil
	}
	s := &l2gw.Site{Network: l2gw.Network{ID: "n", Name: rapid.String().Draw(d.t, "name")}, Endpoints: map[string]netip.Addr{}}
	s.Network.Segments = []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: rapid.SampledFrom([]uint32{1, 456, 0, 1 << 24}).Draw(d.t, "vni")}}
	for i := range d.n("ports", 6) {
		s.Ports = append(s.Ports, l2gw.Port{ID: fmt.Sprint("p", i%4), MAC: d.mac(), Addrs: []netip.Addr{d.addr()}, Host: d.pick("host", "", "h1", "h2", "h3")})
	}
	s.Network.Segments[0].Type = l2gw.NetworkType(d.pick("type", "vxlan", "vxlan", "geneve", "gre"))
	for range d.n("gateways", 2) {
		if a := d.addr(); a.IsValid() {
			s.Gateways = append(s.Gateways, a)
		}
	}
	for _, h := range []string{"h1", "h2"} {
		s.Endpoints[h] = d.addr()
	}
	return s
}

func (d drawer) device() l2gw.Device {
	dev := l2gw.Device{Name: d.pick("device", "s1", "s2", "s3", "")}
	for range d.n("interfaces", 2) {
		dev.Interfaces = append(dev.Interfaces, l2gw.Interface{
			Name: d.pick("port", "eth1", "eth9"), VLANs: rapid.SliceOfN(rapid.Uint16Range(4090, 4096), 0, 2).Draw(d.t, "vlans"),
		})
	}
	return dev
}

func (d drawer) remote(id string) l2gw.RemoteConnection {
	return l2gw.RemoteConnection{
		ID: id, GatewayID: d.pick("local", "g1", "g2", "gone"), RemoteGatewayID: d.pick("remote", "rg1", "rg2", "gone"),
		TunnelKey: rapid.SampledFrom([]uint32{0, 1, 456, 1<<32 - 1}).Draw(d.t, "key"), Flood: rapid.Bool().Draw(d.t, "flood"),
		Encapsulation: l2gw.Encapsulation(d.pick("encapsulation", "vxlan", "", "geneve", "gre", "x")),
		Filter:        l2gw.WANFilter(d.pick("filter", "", "dhcp", "dhcp,unknown-unicast", "x")),
	}
}

func (d drawer) sw(name string) Switch {
	s := Switch{PhysicalSwitch: hwvtep.PhysicalSwitch{Name: name, Ports: []hwvtep.PhysicalPort{{Name: "eth1"}}}, Schema: schema()}
	s.Schema.LocatorKeys, s.Schema.LogicalConfig = rapid.Bool().Draw(d.t, "keys"), rapid.Bool().Draw(d.t, "config")
	s.Schema.Encapsulations = hwvtep.Encapsulations()[:d.n("encapsulations", 6)]
	if a := d.addr(); a.IsValid() {
		s.TunnelIPs = []netip.Addr{a}
	}
	for range d.n("local", 3) {
		s.Local = append(s.Local, l2gw.Host{MAC: d.mac()})
	}
	slices.SortFunc(s.Local, l2gw.Host.Compare)
	s.OtherConfig = map[string]string{hwvtep.WANAddr: d.pick("wan", "", "x", "10.0.0.3")}
	return s
}

func TestPlanKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		out := Plan(in)
		for name, ls := range out.Switches {
			checkSwitch(t, in, name, ls)
		}
		for id := range out.Problems {
			if _, ok := out.Parts[id]; !ok {
				t.Fatalf("a problem of %q, which is no connection", id)
			}
		}
		for _, s := range out.Services {
			if unusable(s.Addr) != "" {
				t.Fatalf("service at %s", s.Addr)
			}
		}
		Status(out, Seen{}) // must not panic
	})
}

func checkSwitch(t *rapid.T, in Input, name string, ls *hwvtep.LogicalSwitch) {
	endpoints := hwvtep.Set[netip.Addr]{}
	for _, a := range in.Site.Endpoints {
		endpoints.Add(a.Unmap())
	}
	remotes := hwvtep.Set[netip.Addr]{}
	for _, r := range in.Asked.RemoteGateways {
		remotes.Add(r.Addr.Unmap())
	}
	devices := hwvtep.Set[netip.Addr]{}
	for _, s := range in.Switches {
		devices.Add(s.FabricIP().Unmap())
	}
	sw, known := in.Switches[name]
	for l := range ls.Filters {
		if !ls.Locators().Has(l) || !l.WAN() || known && !sw.Schema.LogicalConfig {
			t.Fatalf("a filter of %s", l)
		}
	}
	for l := range ls.Locators() {
		key, keyed := l.Key.Get()
		switch {
		case unusable(l.Addr) != "" || schemaValue(wordOf(l), l.Addr) != l.Encapsulation:
			t.Fatalf("locator %s", l)
		case known && !sw.Schema.Offers(l.Encapsulation):
			t.Fatalf("locator %s on a switch with %s", l, sw.Schema.Encapsulations)
		case sw.FabricIP() == l.Addr:
			t.Fatalf("locator %s is the switch itself", l)
		case keyed && (!remotes.Has(l.Addr) || key == 0 || key > hwvtep.MaxKey):
			t.Fatalf("keyed locator %s is no remote gateway's", l)
		case !keyed && !endpoints.Has(l.Addr) && !devices.Has(l.Addr):
			t.Fatalf("keyless locator %s is no endpoint", l)
		case ls.Mcast[hwvtep.UnknownDst].Has(l) == ls.Mcast[hwvtep.AcceptOnly].Has(l):
			t.Fatalf("locator %s has to be in exactly one of the two sets", l)
		}
	}
	seen := hwvtep.Set[l2gw.MAC]{}
	for u := range ls.Ucast.All() {
		if seen.Has(u.MAC) || u.MAC.IsZero() || u.MAC.IsMulticast() {
			t.Fatalf("MAC %s occurs twice or is no host's", u.MAC)
		}
		seen.Add(u.MAC)
	}
	for b := range ls.Bindings {
		if b.Switch != name || b.VLAN > maxVLAN {
			t.Fatalf("binding %+v on switch %q", b, name)
		}
	}
}

func wordOf(l hwvtep.Locator) l2gw.Encapsulation {
	word, _, _ := strings.Cut(string(l.Encapsulation), "_")
	return l2gw.Encapsulation(word)
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		want := Plan(in)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffle(r, in.Asked.Connections)
		shuffle(r, in.Asked.RemoteConnections)
		for _, hosts := range in.Asked.RemoteHosts {
			shuffle(r, hosts)
		}
		if in.Site != nil {
			shuffle(r, in.Site.Ports)
			shuffle(r, in.Site.Gateways)
		}
		for id, gw := range in.Asked.Gateways {
			shuffle(r, gw.Devices)
			in.Asked.Gateways[id] = gw
		}
		if diff := cmp.Diff(want, Plan(in), cmp.AllowUnexported(hwvtep.Key{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatal(diff)
		}
	})
}

func shuffle[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}
