package planner

import (
	"net/netip"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

const database = "tcp:192.0.2.1:6640"

// done is the world in which the switch holds and confirms what the plan wants.
func done(out Output) Seen {
	db := Database{Address: database}
	return Seen{
		Databases: []Database{db},
		Switches:  map[string]SwitchState{"sw": {Database: db, Actual: out.Switches["sw"], Confirmed: true}},
	}
}

// TestStatus is a list of named states of a switch: what the two connections
// show then, as "STATE words of the reason".
func TestStatus(t *testing.T) {
	keyed := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr(remote), Key: hwvtep.NewKey(456)}
	node := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr(nodeA)}
	fault := func(locator string) func(*SwitchState) {
		return func(s *SwitchState) {
			s.Faults = []string{hwvtep.Fault{LogicalSwitch: "landbridge/" + net1, Part: locator, Reason: "no route"}.String()}
		}
	}
	everywhere := func(end hwvtep.End) func(*SwitchState) {
		return func(s *SwitchState) {
			s.Faults = []string{hwvtep.Fault{LogicalSwitch: hwvtep.Everywhere, Part: end.String(), Reason: "no route", Extent: "9 tunnels of a, b"}.String()}
		}
	}
	for _, c := range []struct {
		name     string
		input    func(*Input)
		state    func(*SwitchState)
		seen     func(*Seen)
		conn, rc string // "" : left out
	}{
		{name: "all is there", conn: "ACTIVE", rc: "ACTIVE"},
		{name: "not confirmed", state: func(s *SwitchState) { s.Confirmed = false }, conn: "PENDING not yet confirmed", rc: "PENDING not yet confirmed"},
		{name: "nothing there", state: func(s *SwitchState) { s.Actual = nil }, conn: "PENDING 5 of 5 rows", rc: "PENDING 3 of 3 rows"},
		{
			name: "the remote MAC is missing", conn: "ACTIVE", rc: "PENDING 1 of 3 rows",
			state: func(s *SwitchState) {
				s.Actual = s.Actual.Clone()
				s.Actual.Ucast.Remove(hwvtep.Ucast{MAC: mac(9), Addr: addr("192.168.0.99"), Locator: keyed})
			},
		},
		{
			name: "the filter is missing", conn: "ACTIVE", rc: "PENDING 1 of 4 rows",
			input: func(in *Input) { in.Asked.RemoteConnections[0].Filter = "dhcp" },
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.Filters = nil },
		},
		{
			name: "a filter that is not wanted", conn: "ACTIVE", rc: "PENDING 1 of 4 rows",
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.SetFilter(keyed, hwvtep.FilterRA) },
		},
		{
			name: "the routers are missing", conn: "PENDING 1 of 6 rows", rc: "PENDING 1 of 4 rows",
			input: func(in *Input) { in.Site.Gateways = []netip.Addr{addr("192.168.0.1")} },
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.Gateways = nil },
		},
		{
			name: "a compute node is missing", conn: "PENDING 1 of 5 rows", rc: "ACTIVE",
			state: func(s *SwitchState) {
				s.Actual = s.Actual.Clone()
				delete(s.Actual.Mcast[hwvtep.UnknownDst], node)
			},
		},
		{
			name: "another key", conn: "PENDING 1 of 5", rc: "PENDING 1 of 3",
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.Key = hwvtep.NewKey(7) },
		},
		{
			name: "a binding is missing", conn: "PENDING 1 of 6", rc: "ACTIVE",
			input: func(in *Input) { withInterfaces(in, vlan(7), l2gw.Interface{Name: "eth1"}) },
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.Bindings = nil },
		},
		{
			name: "more than is wanted of a compute node", conn: "PENDING still has rows that are not wanted any more: 1.", rc: "ACTIVE",
			state: func(s *SwitchState) { s.Actual = s.Actual.Clone(); s.Actual.AddMcast("01:00:5e:00:00:09", node) },
		},
		{
			name: "a remote MAC that is not wanted any more", conn: "ACTIVE", rc: "PENDING not wanted any more: 1.",
			state: func(s *SwitchState) {
				s.Actual = s.Actual.Clone()
				s.Actual.Ucast.Add(hwvtep.Ucast{MAC: mac(8), Locator: keyed})
			},
		},
		{
			name: "a port that is not wanted any more", conn: "PENDING not wanted any more: 1.", rc: "ACTIVE",
			state: func(s *SwitchState) {
				s.Actual = s.Actual.Clone()
				s.Actual.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "eth1", VLAN: 5})
			},
		},
		{
			name: "what another switch of the database has", conn: "ACTIVE", rc: "ACTIVE",
			state: func(s *SwitchState) {
				s.Actual = s.Actual.Clone()
				s.Actual.Bindings.Add(hwvtep.Binding{Switch: "another", Port: "eth1", VLAN: 5})
			},
		},
		{
			name: "the database is down", conn: "DOWN " + database, rc: "DOWN connection refused. The switch keeps",
			state: func(s *SwitchState) { s.Database.Error = "connection refused." },
		},
		{
			name: "the write is refused", conn: "ERROR refuses the change: constraint violation.", rc: "ERROR refuses",
			state: func(s *SwitchState) { s.WriteError = "constraint violation" },
		},
		{name: "silent", state: func(s *SwitchState) { s.Silent = true }},
		{
			name: "silent, but it cannot be anyway", rc: "ERROR geneve",
			input: func(in *Input) { in.Asked.RemoteConnections[0].Encapsulation = l2gw.Geneve; setPlain(in) },
			state: func(s *SwitchState) { s.Silent = true },
		},
		{name: "a fault of the whole", state: fault(""), conn: "DOWN no route", rc: "DOWN no route"},
		{name: "a fault of the remote tunnel", state: fault(keyed.String()), conn: "ACTIVE", rc: "DOWN vxlan_over_ipv4 203.0.113.2 key 456: no route."},
		{name: "a fault of a compute node", state: fault(node.String()), conn: "DOWN 10.0.0.11", rc: "ACTIVE"},
		{name: "a fault of a tunnel that is not ours", state: fault("vxlan_over_ipv4 10.9.9.9"), conn: "ACTIVE", rc: "ACTIVE"},
		{name: "a fault of all to the remote gateway", state: everywhere(keyed.End()), conn: "ACTIVE", rc: "DOWN tunnels of the wan to 203.0.113.2: no route."},
		{name: "a fault of all to a compute node", state: everywhere(node.End()), conn: "DOWN tunnels of the fabric to 10.0.0.11: no route.", rc: "ACTIVE"},
		{name: "the remote gateway, from the other side", state: everywhere(hwvtep.End{Addr: keyed.Addr}), conn: "ACTIVE", rc: "ACTIVE"},
		{name: "a compute node, from the other side", state: everywhere(hwvtep.End{WAN: true, Addr: node.Addr}), conn: "ACTIVE", rc: "ACTIVE"},
		{
			name: "a fault of another network", conn: "ACTIVE", rc: "ACTIVE",
			state: func(s *SwitchState) {
				s.Faults = []string{hwvtep.Fault{LogicalSwitch: "landbridge/other", Reason: "x"}.String()}
			},
		},
		{
			name: "a fault in the switch's own words", conn: "ACTIVE mac_table_exhaustion", rc: "ACTIVE mac_table_exhaustion",
			state: func(s *SwitchState) { s.Faults = []string{"mac_table_exhaustion"} },
		},
		{
			name: "a fault of a bound port", conn: "ACTIVE link_down", rc: "ACTIVE",
			input: func(in *Input) { withInterfaces(in, vlan(7), l2gw.Interface{Name: "eth1"}) },
			state: func(s *SwitchState) {
				s.PortFaults = map[string][]string{"eth1": {"link_down"}, "eth2": {"other"}}
			},
		},
		{
			name: "a bound port that is not connected", conn: "DOWN port eth1 VLAN 7: no route", rc: "ACTIVE",
			input: func(in *Input) { withInterfaces(in, vlan(7), l2gw.Interface{Name: "eth1"}) },
			state: fault("port eth1 VLAN 7"),
		},
		{
			name: "an unknown switch, all databases fine", conn: `ERROR (` + database + `) has a Physical_Switch named "sw"`, rc: "ERROR",
			seen: func(s *Seen) { s.Switches = nil },
		},
		{
			name: "an unknown switch, a database out of reach", conn: "DOWN " + database + " (timeout)", rc: "DOWN",
			seen: func(s *Seen) { s.Switches = nil; s.Databases[0].Error = "timeout" },
		},
		{
			name: "an unknown switch, no report at all", conn: "PENDING no agent", rc: "PENDING no agent",
			seen: func(s *Seen) { *s = Seen{} },
		},
		{
			name: "the remote address is IPv6", conn: "ACTIVE", rc: "ERROR vxlan_over_ipv6",
			input: func(in *Input) { setRemote(in, "fd00::2"); setPlain(in) },
		},
		{
			name: "a part does not work", conn: "ACTIVE hosts 1 ports", rc: "ACTIVE",
			input: func(in *Input) { delete(in.Site.Endpoints, "a2") },
		},
		{
			name: "the cloud was never asked", conn: "PENDING no route", rc: "PENDING no route",
			input: func(in *Input) { in.Site, in.CloudError = nil, "no route" },
		},
		{
			name: "the network is gone", conn: "ERROR no network", rc: "ERROR no network",
			input: func(in *Input) { in.Site = nil },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := base()
			if c.input != nil {
				c.input(&in)
			}
			out := Plan(in)
			seen := done(out)
			if c.state != nil {
				s := seen.Switches["sw"]
				c.state(&s)
				seen.Switches["sw"] = s
			}
			if c.seen != nil {
				c.seen(&seen)
			}
			statuses := Status(out, seen)
			checkStatus(t, "c", statuses, c.conn)
			checkStatus(t, "rc", statuses, c.rc)
		})
	}
}

func checkStatus(t *testing.T, id string, statuses map[string]l2gw.Status, want string) {
	t.Helper()
	got, ok := statuses[id]
	if !ok || want == "" {
		if ok || want != "" {
			t.Errorf("status of %s is %+v (%v), want %q", id, got, ok, want)
		}
		return
	}
	state, words, _ := strings.Cut(want, " ")
	if string(got.State) != state || !strings.Contains(got.Reason, words) {
		t.Errorf("status of %s is %s %q, want %q", id, got.State, got.Reason, want)
	}
	if got.Reason != "" && !strings.HasSuffix(got.Reason, ".") || got.Reason == "" && got.State != l2gw.Active ||
		words == "" && got.State == l2gw.Active && got.Reason != "" {
		t.Errorf("the reason of %s %s is %q", id, got.State, got.Reason)
	}
}

func TestReasonsAreBounded(t *testing.T) {
	in := base()
	for i := range 1000 {
		in.Asked.RemoteHosts["rc"] = append(in.Asked.RemoteHosts["rc"], l2gw.Host{MAC: l2gw.MAC{1, 0, 0, 0, byte(i >> 8), byte(i)}})
	}
	out := Plan(in)
	got := Status(out, done(out))["rc"]
	if got.State != l2gw.Active || !strings.HasSuffix(got.Reason, "And 996 more of this kind.") || len(got.Reason) > 2000 {
		t.Errorf("status %s, %d bytes of reason: %s", got.State, len(got.Reason), got.Reason)
	}
}

func TestEveryDeviceOfAGatewayCounts(t *testing.T) {
	in := withDevices(net1, "sw", "sw2")
	out := Plan(in)
	seen := done(out)
	second := SwitchState{Database: Database{Address: "tcp:192.0.2.2:6640", Error: "timeout"}}
	seen.Switches["sw2"] = second
	checkStatus(t, "c", Status(out, seen), "DOWN tcp:192.0.2.2:6640")
}
