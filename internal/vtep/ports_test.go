package vtep

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/datapath"
)

const allFrames = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8

var bare = ethernet.MustParseMAC("52:54:00:00:00:01")

// metal is a machine with bare metal servers: one at port p1, interface eth1,
// and one at eth2, which is the port's name too.
type metal struct {
	*machine
	servers map[string]*testenv.NetNS
}

func newMetal(t *testing.T) *metal {
	m := &metal{newMachine(t), map[string]*testenv.NetNS{}}
	for _, link := range []string{"eth1", "eth2"} {
		m.servers[link] = testenv.NewNetNS(t, "server")
		m.plug(link)
	}
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	return m
}

// start runs vtepd with both ports.
func (m *metal) start() { m.machine.start("--port", "p1=eth1", "--port", "eth2", "--ageing", "0") }

func (m *metal) plug(link string) {
	m.Helper()
	for _, n := range []*testenv.NetNS{m.here, m.servers[link]} { // no frames but those of the test
		n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	}
	testenv.Veth(m, m.here, link, m.servers[link], "eth0")
}

// bind binds a VLAN as any controller does, and waits for it.
func (m *metal) bind(port, vlan string) {
	m.Helper()
	m.db.VTEPCtl(m, "bind-ls", "border-1", port, vlan, "landbridge/one")
	m.eventually("VLAN "+vlan+" of "+port+" is bound", func(s State) error {
		for _, n := range s.Networks {
			for _, tunnel := range n.Tunnels {
				if tunnel.Port == port && fmt.Sprint(tunnel.VNI) == vlan && tunnel.Side == "ports" && tunnel.Flood {
					return nil
				}
			}
		}
		return fmt.Errorf("networks %+v", s.Networks)
	})
}

// sends has the server at a link send a frame; VLAN 0 is none.
func (m *metal) sends(link string, src ethernet.MAC, vlan uint16, number uint64) {
	m.Helper()
	frame := vxlanPacket(0, src, number)[8:]
	if vlan != 0 {
		frame = slices.Insert(frame, 12, 0x81, 0, byte(vlan>>8), byte(vlan))
	}
	m.servers[link].Do(func() {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			m.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		l, err := net.InterfaceByName("eth0")
		if err != nil {
			m.Fatal(err)
		}
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: l.Index, Protocol: allFrames}); err != nil {
			m.Fatal(err)
		}
	})
}

// eventuallyLocal waits until the tables of local MACs have these, of our own
// address, and the row of broadcasts if it is to be there.
func (m *metal) eventuallyLocal(what string, flooded bool, macs ...ethernet.MAC) {
	m.Helper()
	want := []string{}
	for _, mac := range macs {
		want = append(want, fmt.Sprintf("%s -> vxlan_over_ipv4/10.0.0.1", mac))
	}
	if flooded {
		want = append(want, "unknown-dst -> vxlan_over_ipv4/10.0.0.1")
	}
	testenv.Eventually(m, within, what, func() error {
		got := []string{}
		for line := range strings.Lines(m.db.VTEPCtl(m, "list-local-macs", "landbridge/one")) {
			if strings.Contains(line, "->") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("local MACs:\n%s", diff)
		}
		return nil
	})
}

// What is learned on a port is in the database, where it has moved away not any
// longer; with the last binding all of it goes.
func TestLocalMACs(t *testing.T) {
	m := newMetal(t)
	m.eventuallyLocal("no ports, no rows", false)
	m.bind("p1", "100")
	m.bind("eth2", "0")
	m.eventuallyLocal("ports and nobody there", true)
	m.sends("eth1", bare, 100, 1)
	m.sends("eth2", ethernet.MAC{0x52, 0x54, 0, 0, 0, 2}, 0, 1)
	m.sends("eth1", ethernet.MAC{0x52, 0x54, 0, 0, 0, 3}, 101, 1) // a VLAN of nobody
	m.eventuallyLocal("two servers", true, bare, ethernet.MAC{0x52, 0x54, 0, 0, 0, 2})
	node := socket(t, m.node, "10.0.0.11:0")
	if _, err := node.WriteToUDP(vxlanPacket(123, bare, 1), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 4789}); err != nil {
		t.Fatal(err)
	}
	m.eventuallyLocal("one has moved to the compute node", true, ethernet.MAC{0x52, 0x54, 0, 0, 0, 2})
	m.sends("eth1", bare, 100, 2)
	m.eventuallyLocal("and back", true, bare, ethernet.MAC{0x52, 0x54, 0, 0, 0, 2})
	m.db.VTEPCtl(t, "del-ucast-local", "landbridge/one", bare.String())
	m.db.VTEPCtl(t, "add-ucast-local", "landbridge/one", "52:54:00:00:00:77", "10.0.0.1")
	m.eventuallyLocal("mended", true, bare, ethernet.MAC{0x52, 0x54, 0, 0, 0, 2})
	m.db.VTEPCtl(t, "unbind-ls", "border-1", "eth2", "0")
	m.eventuallyLocal("one port less", true, bare)
	m.db.VTEPCtl(t, "unbind-ls", "border-1", "p1", "100")
	m.eventuallyLocal("none", false)
	m.eventuallyNetworks("as without ports", joinedState("landbridge/one"))
}

func TestLocalMACsAge(t *testing.T) {
	m := newMetal(t)
	m.bind("p1", "100")
	m.sends("eth1", bare, 100, 1)
	m.eventuallyLocal("learned", true, bare)
	p := m.restart("--ageing", "4s")
	m.eventuallyLocal("forgotten", true)
	m.sends("eth1", bare, 100, 2)
	m.eventuallyLocal("learned again", true, bare)
	p.end(syscall.SIGTERM)
}

// restart starts another vtepd when the one there is has been killed.
func (m *metal) restart(more ...string) *process {
	m.Helper()
	m.running.end(syscall.SIGKILL)
	return m.machine.start(append([]string{"--port", "p1=eth1", "--port", "eth2"}, more...)...)
}

// received counts the frames with numbers that arrive at a server untagged.
func (m *metal) received(link string) (numbers func() []uint64) {
	m.Helper()
	var fd int
	m.servers[link].Do(func() {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, allFrames); err != nil {
			m.Fatal(err)
		}
	})
	m.Cleanup(func() { _ = unix.Close(fd) })
	var got []uint64
	buf := make([]byte, 2048)
	return func() []uint64 {
		for {
			n, err := unix.Read(fd, buf)
			if err != nil {
				return got
			}
			if n >= 22 && binary.BigEndian.Uint16(buf[12:]) == 0x88b5 {
				got = append(got, binary.BigEndian.Uint64(buf[14:]))
			}
		}
	}
}

// Frames of servers flow while nobody is there, and what was learned stays in
// the database.
func TestPortsOutliveTheProgram(t *testing.T) {
	m := newMetal(t)
	m.bind("p1", "100")
	m.bind("eth2", "0")
	numbers := m.received("eth2")
	sent := uint64(0)
	send := func(times int) {
		for range times {
			m.sends("eth1", bare, 100, sent)
			sent++
		}
	}
	send(10)
	m.eventuallyLocal("learned", true, bare)
	for range 3 {
		m.running.end(syscall.SIGKILL)
		send(10)
		m.start()
		send(10)
	}
	testenv.Eventually(t, within, "all frames are there, once", func() error {
		got := numbers()
		if uint64(len(got)) != sent || !slices.IsSorted(got) {
			return fmt.Errorf("%d of %d: %v", len(got), sent, got)
		}
		return nil
	})
	m.eventuallyLocal("still there", true, bare)
	if got := m.state().Datapath; got != "" {
		t.Error(got)
	}
}

// A port whose interface goes, comes back or is in no state to work says so, and
// works again by itself.
func TestPortFaults(t *testing.T) {
	m := newMetal(t)
	m.bind("p1", "100")
	m.bind("eth2", "0")
	m.eventuallyPortFaults("p1")
	m.here.Down("eth1")
	m.eventuallyPortFaults("p1", "interface eth1 is down: set it up")
	m.here.Up("eth1")
	m.eventuallyPortFaults("p1")
	m.servers["eth1"].Down("eth0")
	m.eventuallyPortFaults("p1", "interface eth1 has no carrier")
	m.here.DelLink("eth1")
	m.eventuallyPortFaults("p1", "interface eth1 does not exist")
	m.plug("eth1")
	m.eventuallyPortFaults("p1")
	numbers := m.received("eth2")
	m.sends("eth1", bare, 100, 7)
	testenv.Eventually(t, within, "the new interface forwards", func() error {
		if got := numbers(); !slices.Equal(got, []uint64{7}) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
	m.here.AddAddr("eth1", "198.51.100.1/24")
	m.eventuallyPortFaults("p1", "interface eth1 has the address 198.51.100.1, which nobody reaches while this is a port: remove it")
	if err := m.here.Netlink().LinkSetMTU(m.here.Link("eth1"), 1400); err != nil {
		t.Fatal(err)
	}
	m.eventuallyPortFaults("p1", "interface eth1 has an MTU of 1400: frames of up to 1450 bytes, as they come out of tunnels, do not fit",
		"interface eth1 has the address 198.51.100.1, which nobody reaches while this is a port: remove it")
	m.eventuallyPortFaults("eth2")
}

func (m *metal) eventuallyPortFaults(port string, want ...string) {
	m.Helper()
	testenv.Eventually(m, within, fmt.Sprintf("faults %q", want), func() error {
		if got := m.shown().Port(port).Faults; !slices.Equal(got, want) {
			return fmt.Errorf("got %q", got)
		}
		return nil
	})
}

func TestBindingStats(t *testing.T) {
	m := newMetal(t)
	m.bind("p1", "100")
	m.bind("eth2", "0")
	for n := range uint64(3) {
		m.sends("eth1", bare, 100, n)
	}
	testenv.Eventually(t, within, "the counters are in the database", func() error {
		text := m.db.VTEPCtl(t, "--columns=packets_from_local,bytes_from_local,packets_to_local,bytes_to_local", "-f", "csv", "--no-headings", "list", "Logical_Binding_Stats")
		rows := strings.Fields(text)
		slices.Sort(rows)
		if !slices.Equal(rows, []string{"0,0,3,180", "3,180,0,0"}) {
			return fmt.Errorf("%q", rows)
		}
		return nil
	})
}

func TestPortThatIsNotConfigured(t *testing.T) {
	m := newMetal(t)
	m.db.VTEPCtl(t, "add-port", "border-1", "p9", "--", "bind-ls", "border-1", "p9", "7", "landbridge/one")
	m.eventuallyFaults(`landbridge/one | port p9 VLAN 7 | this switch has no port "p9": add it to ports of its configuration`)
}

func TestFaultsOfPort(t *testing.T) {
	well := datapath.PortState{Name: "p1", Interface: "eth1", Present: true, Up: true, Carrier: true, MTU: 1500}
	for _, c := range []struct {
		spoil func(*datapath.PortState)
		want  string
	}{
		{func(*datapath.PortState) {}, ""},
		{func(s *datapath.PortState) { s.Present = false }, "does not exist"},
		{func(s *datapath.PortState) { s.Up, s.Carrier = false, false }, "is down"},
		{func(s *datapath.PortState) { s.Carrier = false }, "no carrier"},
		{func(s *datapath.PortState) { s.Master = "br0" }, "part of br0"},
		{func(s *datapath.PortState) { s.MTU = 1449 }, "MTU of 1449"},
		{func(s *datapath.PortState) { s.Addrs = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")} }, "address 192.0.2.1,"},
	} {
		s := well
		c.spoil(&s)
		got := faultsOfPort(s, 1450)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%+v: %q, want %q", s, got, c.want)
		}
	}
}
