package neutron

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/l2gw"
)

// mirrored is a mirror of a fake Neutron with two compute nodes and a network.
func mirrored(t *testing.T) (*fake, *mirror) {
	f := newFake(t)
	f.addNetwork(net1, 123)
	f.addHost("c1", "10.0.0.11")
	f.addHost("c2", "10.0.0.12")
	f.addPort("a", net1, "fa:16:3e:00:00:01", "c1")
	return f, newMirror(f.rest(), time.Hour)
}

// shows gives a site as words: ports with hosts, then endpoints.
func shows(t *testing.T, m *mirror, id string) string {
	t.Helper()
	site, err := m.site(t.Context(), id)
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, p := range site.Ports {
		words = append(words, p.ID+"@"+p.Host)
	}
	for _, addr := range site.Gateways {
		words = append(words, "via "+addr.String())
	}
	for host, addr := range site.Endpoints {
		words = append(words, host+"="+addr.String())
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestASiteIsReadOnce(t *testing.T) {
	f, m := mirrored(t)
	for range 3 {
		if got := shows(t, m, net1); got != "a@c1 c1=10.0.0.11" {
			t.Error(got)
		}
	}
	if len(f.asked) != 4 {
		t.Errorf("asked %v", f.asked)
	}
	site, err := m.site(t.Context(), net1)
	if err != nil || site.Network.ProjectID != "p" || site.Network.Segments[0] != (l2gw.Segment{Type: "vxlan", ID: 123}) {
		t.Errorf("%+v, %v", site, err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	f, m := mirrored(t)
	for range 2 {
		if _, err := m.site(t.Context(), net2); l2gw.CodeOf(err) != l2gw.NotFound {
			t.Error(err)
		}
	}
	f.addNetwork(net2, 7)
	if changed, err := m.refresh(t.Context(), []string{net2}, nil, false); err != nil || !slices.Equal(changed, []string{net2}) {
		t.Errorf("%v, %v", changed, err)
	}
	if got := shows(t, m, net2); got != "" {
		t.Error(got)
	}
}

func TestRefresh(t *testing.T) {
	f, m := mirrored(t)
	shows(t, m, net1)
	for _, c := range []struct {
		name     string
		change   func()
		networks []string
		ports    []string
		agents   bool
		changed  bool
		want     string
	}{
		{"nothing", func() {}, []string{net1}, []string{"a"}, true, false, "a@c1 c1=10.0.0.11"},
		{"a new port by itself", func() { f.addPort("b", net1, "fa:16:3e:00:00:02", "c2") }, nil, []string{"b"}, false, true, "a@c1 b@c2 c1=10.0.0.11 c2=10.0.0.12"},
		{"a port that moves", func() { f.addPort("b", net1, "fa:16:3e:00:00:02", "c1") }, nil, []string{"b"}, false, true, "a@c1 b@c1 c1=10.0.0.11"},
		{"a port that is gone", func() { f.with(func() { delete(f.ports, "b") }) }, nil, []string{"b"}, false, true, "a@c1 c1=10.0.0.11"},
		{"a port that nobody knows", func() {}, nil, []string{"z"}, false, false, "a@c1 c1=10.0.0.11"},
		{"a port of another network", func() { f.addPort("c", net2, "fa:16:3e:00:00:03", "c1") }, nil, []string{"c"}, false, false, "a@c1 c1=10.0.0.11"},
		{"another address of a host", func() { f.addHost("c1", "10.0.0.99") }, nil, nil, true, true, "a@c1 c1=10.0.0.99"},
		{"another address of a host without ports", func() { f.addHost("c2", "10.0.0.98") }, nil, nil, true, false, "a@c1 c1=10.0.0.99"},
		{"a description", func() { f.with(func() { p := f.ports["a"]; p.CreatedAt = "x"; f.ports["a"] = p }) }, []string{net1}, nil, false, false, "a@c1 c1=10.0.0.99"},
		{"a port that is down", func() { f.with(func() { p := f.ports["a"]; p.Status = down; f.ports["a"] = p }) }, []string{net1}, nil, false, true, ""},
		{"subnets with gateways", func() {
			f.with(func() {
				f.subnets["s1"] = subnetDocument{ID: "s1", NetworkID: net1, GatewayIP: "fd00::1"}
				f.subnets["s2"] = subnetDocument{ID: "s2", NetworkID: net1, GatewayIP: "192.168.0.1"}
				f.subnets["s3"] = subnetDocument{ID: "s3", NetworkID: net1}
				f.subnets["s4"] = subnetDocument{ID: "s4", NetworkID: net2, GatewayIP: "192.168.0.4"}
			})
		}, []string{net1}, nil, false, true, "via 192.168.0.1 via fd00::1"},
		{"a subnet that is gone", func() { f.with(func() { delete(f.subnets, "s1") }) }, []string{net1}, nil, false, true, "via 192.168.0.1"},
		{"the last subnet is gone", func() { f.with(func() { clear(f.subnets) }) }, []string{net1}, nil, false, true, ""},
		{"another segment", func() { f.addNetwork(net1, 124) }, []string{net1}, nil, false, true, ""},
		{"the network is gone", func() { f.with(func() { delete(f.networks, net1) }) }, []string{net1}, nil, false, true, "Network " + net1 + " could not be found."},
		{"it still is", func() {}, []string{net1}, []string{"a"}, true, false, "Network " + net1 + " could not be found."},
	} {
		c.change()
		changed, err := m.refresh(t.Context(), c.networks, c.ports, c.agents)
		if err != nil || slices.Contains(changed, net1) != c.changed || len(changed) > 1 {
			t.Errorf("%s: changed %v, %v", c.name, changed, err)
		}
		if got := shows(t, m, net1); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAFaultChangesNothing(t *testing.T) {
	f, m := mirrored(t)
	shows(t, m, net1)
	f.with(func() { f.broken = 500 })
	if _, err := m.refresh(t.Context(), []string{net1}, []string{"a"}, true); err == nil || err.Error() != "Neutron answers 500 Internal Server Error: It is broken." {
		t.Error(err)
	}
	if _, err := m.site(t.Context(), net2); err == nil || l2gw.CodeOf(err) == l2gw.NotFound {
		t.Error(err)
	}
	if got := shows(t, m, net1); got != "a@c1 c1=10.0.0.11" {
		t.Error(got)
	}
}

func TestManyPortsComeInPages(t *testing.T) {
	f, m := mirrored(t)
	f.page = 7
	var names []string
	for i := range 120 {
		name := fmt.Sprintf("p%03d", i)
		names = append(names, name)
		f.addPort(name, net1, fmt.Sprintf("fa:16:3e:00:01:%02x", i), "c1")
	}
	shows(t, m, net1)
	if changed, err := m.refresh(t.Context(), nil, names, false); err != nil || len(changed) != 0 {
		t.Errorf("%v, %v", changed, err)
	}
	if site, err := m.site(t.Context(), net1); err != nil || len(site.Ports) != 121 {
		t.Errorf("%d ports, %v", len(site.Ports), err)
	}
}

func TestWhatNobodyAsksAboutIsDropped(t *testing.T) {
	f, m := mirrored(t)
	f.addNetwork(net2, 7)
	now := time.Now()
	m.now = func() time.Time { return now }
	shows(t, m, net1)
	shows(t, m, net2)
	now = now.Add(50 * time.Minute)
	shows(t, m, net2)
	now = now.Add(20 * time.Minute)
	if got := m.interesting(); !slices.Equal(got, []string{net2}) || m.has(net1) || !m.has(net2) {
		t.Error(got)
	}
	// A refresh is not an interest.
	if _, err := m.refresh(t.Context(), []string{net2}, nil, true); err != nil {
		t.Fatal(err)
	}
	now = now.Add(50 * time.Minute)
	if got := m.interesting(); len(got) != 0 {
		t.Error(got)
	}
}

func TestWhoIsThere(t *testing.T) {
	f, m := mirrored(t)
	f.with(func() {
		f.ports["g"] = portDocument{ID: "g", NetworkID: net1, MAC: "fa:16:3e:00:00:09", Host: "landbridge-10.0.0.1", VIF: "ovs", Status: active, DeviceOwner: gatewayOwner}
	})
	shows(t, m, net1)
	mac := func(last byte) l2gw.MAC { return l2gw.MAC{0xfa, 0x16, 0x3e, 0, 0, last} }
	if !m.local(net1, mac(1)) || m.local(net1, mac(9)) || m.local(net1, mac(7)) || m.local(net2, mac(1)) {
		t.Error("a gateway's port counts, or a VM's does not")
	}
	if id, ok := m.networkOf("a"); id != net1 || !ok {
		t.Error(id, ok)
	}
	if _, ok := m.networkOf("z"); ok {
		t.Error("a port that is not there has a network")
	}
}
