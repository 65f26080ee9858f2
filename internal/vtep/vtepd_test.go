package vtep

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/vishvananda/netlink"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	vtepdb "landbridge/internal/vtep/database"
)

func TestRowsBecomeForwardingAndGo(t *testing.T) {
	m := newMachine(t)
	m.start("--port", "p1")
	m.connect()
	m.eventuallySwitch()
	sw := m.shown()
	want := &hwvtep.PhysicalSwitch{
		Name:        "border-1",
		TunnelIPs:   []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.1")},
		Ports:       []hwvtep.PhysicalPort{{Name: "p1"}},
		OtherConfig: map[string]string{hwvtep.FabricAddr: "10.0.0.1", hwvtep.WANAddr: "203.0.113.1"},
	}
	if !sw.Equal(want) {
		t.Errorf("the switch shows as %+v, want %+v", sw, want)
	}

	one, two := joined("landbridge/one"), joined("landbridge/two")
	two.Key = hwvtep.NewKey(124)
	two.Mcast = nil
	two.Ucast = hwvtep.UcastSetOf(hwvtep.Ucast{MAC: vm, Locator: at("203.0.113.2", 457)})
	twoState := NetworkState{
		Name:    "landbridge/two",
		Tunnels: []TunnelState{{Encapsulation: hwvtep.VXLANOverIPv4, Remote: netip.MustParseAddr("203.0.113.2"), VNI: 457, Side: "wan", Local: netip.MustParseAddr("203.0.113.1")}},
		FDB:     []FDBState{{MAC: vm, Remote: netip.MustParseAddr("203.0.113.2"), VNI: 457, Static: true}},
	}
	m.write(one, two)
	m.eventuallyDone()
	m.eventuallyNetworks("two networks", joinedState("landbridge/one"), twoState)
	m.eventuallyFaults()
	for _, h := range m.state().NextHops {
		if !h.Resolved || h.Problem != "" {
			t.Errorf("confirmed, but not resolved: %+v", h)
		}
	}

	// Deleting the remote connection removes exactly its tunnel.
	delete(one.Mcast[hwvtep.UnknownDst], at("203.0.113.2", 456))
	m.write(one)
	m.eventuallyDone()
	left := joinedState("landbridge/one")
	left.Tunnels = left.Tunnels[:1]
	m.eventuallyNetworks("one tunnel less", left, twoState)

	m.remove("landbridge/one")
	m.eventuallyDone()
	m.eventuallyNetworks("one network less", twoState)
	if hops := m.state().NextHops; len(hops) != 1 {
		t.Errorf("next hops of nobody are left: %+v", hops)
	}
}

func TestAnythingWanted(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.apply() // a number alone, without any change
	m.eventuallyDone()
}

func TestWipedDatabaseIsAnEmptyOne(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyNetworks("the network", joinedState("landbridge/one"))
	m.db.Wipe(t)
	m.eventuallyNetworks("none")
	m.reconnected()
	m.eventuallySwitch()
	m.wanted = 0 // an agent starts again
	m.write(joined("landbridge/two"))
	m.eventuallyDone()
	m.eventuallyNetworks("another network", joinedState("landbridge/two"))
}

func TestDatabaseRestarts(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	m.db.Kill(t)
	m.eventually("the loss is seen", func(s State) error {
		if s.Database.Connected || s.Database.Problem == "" {
			return fmt.Errorf("%+v", s.Database)
		}
		return nil
	})
	m.eventuallyNetworks("forwarding goes on", joinedState("landbridge/one"))
	m.db.Start(t)
	m.reconnected()
	m.remove("landbridge/one")
	m.eventuallyDone()
	m.eventuallyNetworks("what came after the restart")
}

// TestDatabaseIsUpgraded: vtepd forwards by a standard schema too, and goes on
// when the database gets vtepd's own under it.
func TestDatabaseIsUpgraded(t *testing.T) {
	m := newMachine(t, testenv.WithSchema(testenv.VTEPSchema))
	p := m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	done, err := vtepdb.Upgrade(t.Context(), m.db.Unix, testenv.VTEPSchema, vtepdb.TLS{})
	if err != nil || done.From == done.To {
		t.Fatalf("%+v, %v", done, err)
	}
	testenv.Eventually(t, within, "the controller sees the new schema", func() error {
		if s := m.controller.Schema(); !s.Offers(hwvtep.GeneveOverIPv6) || m.controller.Err() != nil {
			return fmt.Errorf("%+v, %w", s, m.controller.Err())
		}
		return nil
	})
	two := joined("landbridge/one")
	geneve := at("203.0.113.2", 9)
	geneve.Encapsulation = hwvtep.GeneveOverIPv6
	geneve.Addr = netip.MustParseAddr("2001:db8::2")
	two.AddMcast(hwvtep.UnknownDst, geneve)
	two.SetFilter(geneve, hwvtep.FilterDHCP)
	m.write(two)
	m.eventuallyDone()
	m.eventuallyNetworks("what it had", joinedState("landbridge/one"))
	if faults := m.state().Faults; len(faults) != 1 || !strings.Contains(faults[0], geneve.String()) {
		t.Errorf("faults %q, want one of %s", faults, geneve)
	}
	log := p.output.String()
	if strings.Count(log, "connected to the database") < 2 || strings.Count(log, "landbridge-vtepd db upgrade "+m.db.Unix) != 1 ||
		!strings.Contains(log, "vxlan_over_ipv6 geneve_over_ipv4") {
		t.Errorf("it did not connect again, or did not tell once what the schema lacks:\n%s", log)
	}
}

func TestSwitchDeletedByHandComesBack(t *testing.T) {
	m := newMachine(t)
	m.start("--port", "p1")
	m.connect()
	m.eventuallySwitch()
	bad := joined("landbridge/one")
	bad.AddMcast(hwvtep.UnknownDst, at("2001:db8::1", 7))
	m.write(bad)
	m.eventuallyDone()
	before := *m.shown()
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"the row", func() { m.db.VTEPCtl(t, "del-ps", "border-1") }},
		{"a port", func() { m.db.VTEPCtl(t, "del-port", "border-1", "p1") }},
		{"what it says", func() {
			m.db.Transact(t, testenv.Row{"op": "update", "table": "Physical_Switch", "where": []any{}, "row": testenv.Row{
				"tunnel_ips": "192.0.2.9", "other_config": []any{"map", []any{}}, "switch_fault_status": "nonsense",
			}})
		}},
	} {
		step.do()
		testenv.Eventually(t, within, step.name+" is back", func() error {
			sw := m.shown()
			if sw == nil || !sw.Equal(&before) {
				return fmt.Errorf("%+v", sw)
			}
			return nil
		})
	}
}

func TestFaultsComeAndGo(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	m.eventuallyFaults()

	// Derivation, and two networks with one tunnel.
	two := joined("landbridge/two")
	two.Key = hwvtep.NewKey(124)
	two.AddMcast(hwvtep.UnknownDst, at("2001:db8::1", 7))
	m.write(two)
	m.eventuallyDone()
	m.eventuallyFaults(
		"landbridge/two | vxlan_over_ipv4 2001:db8::1 key 7 | dst_ip 2001:db8::1 is not IPv4, as vxlan_over_ipv4 needs it",
		`landbridge/two | vxlan_over_ipv4 203.0.113.2 key 456 | logical switch "landbridge/one" has a tunnel with this address and key 456 already; give one of them another key`,
	)
	m.remove("landbridge/one") // two gets the tunnel
	m.eventuallyFaults("landbridge/two | vxlan_over_ipv4 2001:db8::1 key 7 | dst_ip 2001:db8::1 is not IPv4, as vxlan_over_ipv4 needs it")
	m.remove("landbridge/two")
	m.eventuallyFaults()

	// The underlay.
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	m.here.Down("wan0")
	m.eventuallyFaults("landbridge/one | vxlan_over_ipv4 203.0.113.2 key 456 | interface wan0, which has address 203.0.113.1, is down")
	m.here.Up("wan0")
	m.eventuallyFaults()
	far := joined("landbridge/one")
	far.AddMcast(hwvtep.UnknownDst, at("198.51.100.9", 5))
	m.write(far)
	m.eventuallyDone()
	m.eventuallyFaults("landbridge/one | vxlan_over_ipv4 198.51.100.9 key 5 | no route to 198.51.100.9 from 203.0.113.1")
}

func TestSilentRemoteIsConfirmedWithItsFault(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	ls := joined("landbridge/one")
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.77", 9))
	m.write(ls)
	m.eventuallyDone()
	if got := m.shown().Faults; len(got) != 1 || !strings.Contains(got[0], "neighbour 203.0.113.77 on wan0 does not answer") {
		t.Errorf("confirmed with the faults %q", got)
	}
}

func TestKilledAndTakenOver(t *testing.T) {
	m := newMachine(t)
	p := m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"), func() *hwvtep.LogicalSwitch {
		ls := joined("landbridge/two")
		ls.Key, ls.Mcast = hwvtep.NewKey(124), nil
		return ls
	}())
	m.eventuallyDone()
	p.end(syscall.SIGKILL)

	// Without a database, what was pinned goes on, and its next hops are kept.
	m.db.Stop(t)
	p = m.start()
	if s := m.state(); s.Database.Read || len(s.Networks) != 2 {
		t.Errorf("taken over: %+v", s)
	}
	m.eventually("next hops of what is pinned", func(s State) error {
		for _, h := range s.NextHops {
			if !h.Resolved {
				return fmt.Errorf("%+v", h)
			}
		}
		if len(s.NextHops) != 2 {
			return fmt.Errorf("%+v", s.NextHops)
		}
		return nil
	})
	p.end(syscall.SIGTERM)

	// What changes while it is not there is caught up with.
	m.db.Start(t)
	m.reconnected()
	m.remove("landbridge/two")
	m.start()
	m.eventuallyDone()
	m.eventuallyNetworks("caught up", joinedState("landbridge/one"))
}

func TestStartsWithoutItsDatabase(t *testing.T) {
	m := newMachine(t)
	m.db.Stop(t)
	p := m.start()
	m.eventually("the loss is told", func(s State) error {
		if s.Database.Connected || s.Database.Problem == "" {
			return fmt.Errorf("%+v", s.Database)
		}
		return nil
	})
	m.db.Start(t)
	m.connect()
	m.eventuallySwitch()
	if n := strings.Count(p.output.String(), "no connection to the database"); n > 2 {
		t.Errorf("the log has it %d times:\n%s", n, p.output)
	}
}

func TestInterfaceThatComesLater(t *testing.T) {
	m := newMachine(t)
	p := m.start("--interface", "late0")
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventually("it is missed", func(s State) error {
		if !strings.Contains(s.Datapath, "late0") {
			return fmt.Errorf("%q", s.Datapath)
		}
		return nil
	})
	m.here.AddLink(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "late0"}})
	m.eventually("it is used", func(s State) error {
		if s.Datapath != "" || !strings.Contains(p.output.String(), "the datapath is whole again") {
			return fmt.Errorf("%q, the log:\n%s", s.Datapath, p.output)
		}
		return nil
	})
}

// What each interface does is shown, and why; a restart may change it.
func TestXDP(t *testing.T) {
	m := newMachine(t)
	m.here.AddLink(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "plain0"}})
	p := m.start("--xdp", "fabric0", "--interface", "plain0", "--xdp", "plain0")
	m.eventually("the modes", func(s State) error {
		got := map[string]string{}
		for _, i := range s.Interfaces {
			got[i.Name] = i.Mode
			if i.Reason == "" {
				t.Errorf("no reason: %+v", i)
			}
		}
		if diff := cmp.Diff(map[string]string{"fabric0": "xdp native", "plain0": "tc", "wan0": "tc"}, got); diff != "" {
			return fmt.Errorf("%s", diff)
		}
		return nil
	})
	body, err := m.get("/metrics")
	if want := `landbridge_vtepd_interface_mode{interface="fabric0",mode="xdp native"} 1`; err != nil || !strings.Contains(string(body), want+"\n") {
		t.Errorf("no %s: %v", want, err)
	}
	if log := p.output.String(); !strings.Contains(log, `name=plain0 mode=tc reason="XDP is asked for, but the driver of the interface cannot run it`) {
		t.Errorf("the log does not say why:\n%s", log)
	}
	p.end(syscall.SIGTERM)
	m.start()
	for _, i := range m.state().Interfaces {
		if i.Mode != "tc" || i.Reason == "" {
			t.Errorf("%+v", i)
		}
	}
}

func TestRefusesToStart(t *testing.T) {
	m := newMachine(t)
	m.start()
	other := m.db.Dir + "/other.sock"
	for _, c := range []struct {
		name string
		more []string
		want string
	}{
		{"socket in use", nil, "another process answers there"},
		{"directory in use", []string{"--socket", other}, "is in use by another process"},
		{"no BPF file system", []string{"--socket", other, "--bpffs", m.db.Dir + "/bpf"}, "is not on a BPF file system"},
		{"bad address", []string{"--fabric-address", "x"}, `--fabric-address: "x": is not an IP address`},
		{"bad database", []string{"--database", "nonsense"}, "unix:PATH"},
	} {
		p := m.launch(m.arguments(c.more...)...)
		<-p.exited
		if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.output.String(), c.want) {
			t.Errorf("%s: exit %d, %s; want %q", c.name, code, p.output, c.want)
		}
	}
	m.state() // the first goes on
}

func TestRefusesToStartWithoutPrivilege(t *testing.T) {
	m := newMachine(t)
	public, err := os.MkdirTemp("", "lb-public-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(public) })
	if err := os.Chmod(public, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, socket, want string }{
		{"capabilities", public + "/sock", "missing privilege CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON: run as root, or grant it"},
		{"control socket", m.db.Dir + "/sub/sock", "run it as root, or choose another --socket"},
	} {
		p := m.launchAs(&syscall.Credential{Uid: 65534, Gid: 65534}, m.arguments("--socket", c.socket)...)
		<-p.exited
		if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.output.String(), c.want) {
			t.Errorf("%s: exit %d, %s; want %q", c.name, code, p.output, c.want)
		}
	}
}

func TestEndsInGoodOrder(t *testing.T) {
	m := newMachine(t)
	p := m.start()
	p.end(syscall.SIGTERM)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit %d:\n%s", code, p.output)
	}
	if _, err := os.Stat(m.socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := os.Stat(m.bpffs); err != nil {
		t.Errorf("what is pinned has gone: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	body, err := m.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`landbridge_vtepd_tunnel_packets_total{direction="rx",encapsulation="vxlan_over_ipv4",network="landbridge/one",remote="10.0.0.11",side="fabric",vni="123"} 0`,
		`landbridge_vtepd_tunnel_bytes_total{direction="tx",encapsulation="vxlan_over_ipv4",network="landbridge/one",remote="203.0.113.2",side="wan",vni="456"} 0`,
		`landbridge_vtepd_drops_total{reason="unknown_sender"} 0`,
		`landbridge_vtepd_fdb_entries{kind="static",network="landbridge/one"} 1`,
		`landbridge_vtepd_fdb_entries{kind="learned",network="landbridge/one"} 0`,
		`landbridge_vtepd_remote_packets_total{direction="tx",remote="10.0.0.11",side="fabric"} 0`,
		`landbridge_vtepd_network_bytes_total{direction="rx",network="landbridge/one",side="wan"} 0`,
		`landbridge_vtepd_flood_copies_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_mac_moves_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_mac_mismatches_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_network_not_learned_total{network="landbridge/one"} 0`,
		`landbridge_vtepd_frozen_macs{network="landbridge/one"} 0`,
		`landbridge_vtepd_tunnels 2`,
		`landbridge_vtepd_networks 1`, `landbridge_vtepd_database_connected 1`, `landbridge_vtepd_problems 0`,
		`landbridge_vtepd_next_hops{state="resolved"} 2`, `landbridge_vtepd_not_learned_total 0`,
	} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	problems, err := promlint.New(bytes.NewReader(body)).Lint() // names as Prometheus advises
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if t.Failed() {
		t.Log(string(body))
	}
	if info, err := os.Stat(m.socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v, %v", info.Mode(), err)
	}
}

func TestManyNetworksAtOnce(t *testing.T) {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	want := map[string]NetworkState{}
	var all []*hwvtep.LogicalSwitch
	for i := range uint32(100) {
		ls := hwvtep.NewLogicalSwitch(fmt.Sprintf("landbridge/%03d", i), hwvtep.NewKey(1000+i))
		ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.11"))
		all = append(all, ls)
		want[ls.Name] = NetworkState{Name: ls.Name, Tunnels: []TunnelState{{
			Encapsulation: hwvtep.VXLANOverIPv4, Remote: netip.MustParseAddr("10.0.0.11"), VNI: 1000 + i, Side: "fabric", Local: netip.MustParseAddr("10.0.0.1"), Flood: true,
		}}}
	}
	m.write(all...)
	m.eventuallyDone()
	var sorted []NetworkState
	for _, name := range slices.Sorted(maps.Keys(want)) {
		sorted = append(sorted, want[name])
	}
	m.eventuallyNetworks("all", sorted...)
	if diff := cmp.Diff(1, len(m.state().NextHops)); diff != "" {
		t.Error(diff)
	}
}
