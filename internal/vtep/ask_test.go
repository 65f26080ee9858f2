package vtep

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/pcapgo"

	"landbridge/internal/lab/testenv"
)

// asked is a machine whose vtepd commands of the real program ask.
type asked struct {
	*machine
	program string
}

// ask runs a command of the real program against the running vtepd.
func (m *asked) ask(args ...string) (string, error) {
	m.Helper()
	cmd := exec.CommandContext(m.Context(), m.program, append(args, "--socket", m.socket)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	return string(out) + stderr.String(), err
}

func withOne(t *testing.T) *asked {
	m := newMachine(t)
	m.start()
	m.connect()
	m.eventuallySwitch()
	m.write(joined("landbridge/one"))
	m.eventuallyDone()
	return &asked{m, program(t)}
}

func TestCommandsAgainstARunningVTEPD(t *testing.T) {
	m := withOne(t)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"show", "tunnels"}, []string{"landbridge/one", "| fabric | vxlan_over_ipv4 | 10.0.0.11   | 123 | 10.0.0.1", "203.0.113.2 | 456"}},
		{[]string{"show", "tunnels", "--json", "--network", "landbridge/one"}, []string{`"remote": "203.0.113.2"`}},
		{[]string{"show", "fdb", "--mac", vm.String()}, []string{vm.String() + " | 10.0.0.11 | 123 | static"}},
		{[]string{"show", "fdb", "--network", "landbridge/one", "--mac", "02:00:00:00:00:09"}, []string{"| Network | MAC "}},
		{[]string{"show", "networks"}, []string{"Mismatches", "| landbridge/one | 2       | 1      | 0       | 8192"}},
		{[]string{"show", "drops"}, []string{"Reason"}},
		{[]string{"show", "neighbours"}, []string{"| Network | IP | MAC |"}},
		{[]string{"trace", "--from", "203.0.113.2", "--vni", "456", "--src", "02:00:00:00:00:09", "--dst", vm.String(), "--interface", "wan0"}, []string{
			" 1. arrivals  it came by tunnel", "the source is new", "behind tunnel", "side fabric", "\nforwarded",
		}},
		{[]string{"trace", "--from", "203.0.113.9", "--vni", "456", "--dst", vm.String()}, []string{"dropped: unknown_sender"}},
		{[]string{"trace", "--from", "203.0.113.2", "--vni", "456", "--frame", "ffffffffffff" + strings.Repeat("02", 54), "--json"}, []string{`"verdict": "forwarded"`, `"map": "floods"`}},
	} {
		out, err := m.ask(c.args...)
		for _, want := range c.want {
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%v: %v, no %q in\n%s", c.args, err, want, out)
			}
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"show", "fdb", "--network", "green"}, `no network "green"`},
		{[]string{"show", "fdb", "--mac", "x"}, `"x" is not a MAC address`},
		{[]string{"thaw", vm.String()}, "is frozen in no network"},
		{[]string{"thaw", "x"}, `"x" is not a MAC address`},
		{[]string{"trace", "--from", "x", "--vni", "1", "--dst", vm.String()}, `from "x" is not an address`},
		{[]string{"trace", "--from", "10.0.0.11", "--vni", "16777216", "--dst", vm.String()}, "is not a number from 0 to 16777215"},
		{[]string{"trace", "--port", "p9", "--dst", vm.String()}, `there is no port "p9"`},
		{[]string{"trace", "--port", "p1", "--vlan", "4095", "--dst", vm.String()}, `vlan "4095" is not a number from 0, for untagged, to 4094`},
		{[]string{"trace", "--port", "p1", "--from", "10.0.0.11", "--vni", "1", "--dst", vm.String()}, "[from port]"},
		{[]string{"trace", "--dst", vm.String()}, "[from port]"},
		{[]string{"trace", "--from", "10.0.0.11", "--vni", "1", "--frame", "00"}, "at least 14 bytes"},
		{[]string{"trace", "--from", "10.0.0.11", "--vni", "1", "--dst", vm.String(), "--interface", "none0"}, "interface none0"},
		{[]string{"capture", "-w", "-", "--reason", "boredom"}, `"boredom" is no reason`},
		{[]string{"capture", "-w", "-", "--count", "-1"}, "--count -1"},
	} {
		if out, err := m.ask(c.args...); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%v: %v, no %q in %s", c.args, err, c.want, out)
		}
	}
}

func TestTraceCommandOfPorts(t *testing.T) {
	metal := newMetal(t)
	metal.bind("p1", "100")
	m := &asked{metal.machine, program(t)}
	for vlan, want := range map[string][]string{
		"100": {"port p1 VLAN 100, side ports, network landbridge/one", "the source is new", "10.0.0.11 vni 123, side fabric", "\nforwarded"},
		"0":   {"dropped: unknown_vlan"},
	} {
		out, err := m.ask("trace", "--port", "p1", "--vlan", vlan, "--src", "02:00:00:00:00:08", "--dst", vm.String())
		for _, w := range want {
			if err != nil || !strings.Contains(out, w) {
				t.Errorf("VLAN %s: %v, no %q in\n%s", vlan, err, w, out)
			}
		}
	}
	out, err := m.ask("show", "tunnels")
	if want := "| landbridge/one | ports  |                 | port p1     | 100 |"; err != nil || !strings.Contains(out, want) {
		t.Errorf("%v, no %q in\n%s", err, want, out)
	}
}

func TestCaptureCommand(t *testing.T) {
	m := withOne(t)
	path := filepath.Join(m.db.Dir, "drops.pcapng")
	ended := make(chan error, 1)
	go func() {
		_, err := m.ask("capture", "--reason", "unknown_vni", "--count", "1", "-w", path)
		ended <- err
	}()
	// A known sender with a foreign VNI, again and again, until one is taken.
	testenv.Eventually(t, within, "a packet is captured", func() error {
		m.strayPacket()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			return nil
		default:
			return errNotYet
		}
	})
	data, comments := m.readCapture(path)
	if len(data) != 1 || len(comments) != 1 || comments[0] != "dropped: unknown_vni" {
		t.Errorf("captured %x with %q", data, comments)
	}
	if out, err := m.ask("show", "drops"); err != nil || !strings.Contains(out, "unknown_vni") {
		t.Errorf("%v\n%s", err, out)
	}
}

var errNotYet = errors.New("not yet")

// strayPacket sends a frame from the compute node with a VNI that is nobody's.
func (m *machine) strayPacket() {
	m.Helper()
	c := socket(m.T, m.node, "10.0.0.11:0")
	defer func() { _ = c.Close() }()
	if _, err := c.WriteToUDP(vxlanPacket(999, vm, 1), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 4789}); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) readCapture(path string) (packets [][]byte, comments []string) {
	m.Helper()
	f, err := os.Open(path)
	if err != nil {
		m.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	options := pcapgo.DefaultNgReaderOptions
	options.WantMixedLinkType = true
	r, err := pcapgo.NewNgReader(f, options)
	if err != nil {
		m.Fatal(err)
	}
	for {
		data, _, more, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return packets, comments
		}
		if err != nil {
			m.Fatal(err)
		}
		packets, comments = append(packets, data), append(comments, more.Comments...)
	}
}

// program gives the path of the real program: that of `make`, or one made here.
func program(t *testing.T) string {
	t.Helper()
	if dir := testenv.Programs(); dir != "" {
		return filepath.Join(dir, "landbridge-vtepd")
	}
	path := filepath.Join(t.TempDir(), "landbridge-vtepd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "landbridge/cmd/landbridge-vtepd").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return path
}
