package vtep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
)

const (
	within = 20 * time.Second
	// asVTEPD in the environment makes the test's binary the program itself.
	asVTEPD = "LANDBRIDGE_TEST_AS_VTEPD"
)

func TestMain(m *testing.M) {
	if os.Getenv(asVTEPD) != "" {
		os.Exit(vtepd(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// vtepd is what cmd/landbridge-vtepd does; "remove DIR" removes.
func vtepd(args []string) int {
	if len(args) == 2 && args[0] == "remove" {
		return failed(datapath.Remove(args[1]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	flags := pflag.NewFlagSet("vtepd", pflag.ExitOnError)
	options := NewOptions(flags)
	_ = flags.Parse(args) // exits
	cfg, err := options.Config()
	if err == nil {
		err = Run(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	return failed(err)
}

// failed gives the exit code.
func failed(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR", err)
		return 1
	}
	return 0
}

// machine is a gateway node with a database, between a compute node and a
// remote gateway: fabric0 has 10.0.0.1 and reaches 10.0.0.11, wan0 has
// 203.0.113.1 and reaches 203.0.113.2.
type machine struct {
	*testing.T
	here, node, remote *testenv.NetNS
	db                 *testenv.OVSDB
	bpffs, socket      string
	controller         *ovsdb.Client
	wanted             uint64
	http               *http.Client
	running            *process // started last
}

func newMachine(t *testing.T, options ...testenv.OVSDBOption) *machine {
	m := &machine{
		T:    t,
		here: testenv.NewNetNS(t, "gw"), node: testenv.NewNetNS(t, "node"), remote: testenv.NewNetNS(t, "remote"),
		db: testenv.StartOVSDB(t, options...), bpffs: filepath.Join(testenv.BPFFS(t), "gw"),
	}
	testenv.Veth(t, m.here, "fabric0", m.node, "eth0")
	testenv.Veth(t, m.here, "wan0", m.remote, "eth0")
	m.here.AddAddr("fabric0", "10.0.0.1/24")
	m.node.AddAddr("eth0", "10.0.0.11/24")
	m.here.AddAddr("wan0", "203.0.113.1/24")
	m.remote.AddAddr("eth0", "203.0.113.2/24")
	m.socket = filepath.Join(m.db.Dir, "vtepd.sock")
	m.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", m.socket)
		},
	}}
	return m
}

func (m *machine) arguments(more ...string) []string {
	return append([]string{
		"--database", m.db.Unix, "--switch", "border-1", "--fabric-address", "10.0.0.1", "--wan-address", "203.0.113.1",
		"--interface", "fabric0", "--interface", "wan0", "--bpffs", m.bpffs, "--socket", m.socket,
	}, more...)
}

// process is a running vtepd.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan struct{}
	output *buffer
}

// start runs vtepd in the machine's namespace, until the test ends.
func (m *machine) start(more ...string) *process {
	m.Helper()
	p := m.launch(m.arguments(more...)...)
	m.running = p
	testenv.Eventually(m, within, "vtepd answers", func() error {
		select {
		case <-p.exited:
			m.Fatalf("vtepd has ended:\n%s", p.output)
		default:
		}
		_, err := m.get("/state")
		return err
	})
	return p
}

func (m *machine) launch(args ...string) *process {
	m.Helper()
	return m.launchAs(nil, args...)
}

// launchAs launches as another user; nil is this one.
func (m *machine) launchAs(user *syscall.Credential, args ...string) *process {
	m.Helper()
	p := &process{t: m.T, cmd: exec.Command("/proc/self/exe", args...), exited: make(chan struct{}), output: &buffer{}}
	p.cmd.Env = append(os.Environ(), asVTEPD+"=1")
	p.cmd.Stderr = p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: user}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the child dies with the thread that forked it
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		m.here.Do(func() { started <- p.cmd.Start() })
		if p.cmd.Process != nil {
			_ = p.cmd.Wait() // how it ended is told by who ended it
		}
	}()
	if err := <-started; err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if m.Failed() {
			m.Logf("vtepd said:\n%s", p.output)
		}
	})
	return p
}

// end sends a signal and waits for the end.
func (p *process) end(sig syscall.Signal) {
	_ = p.cmd.Process.Signal(sig) // fails where it has ended
	<-p.exited
}

// rss is what a process holds of the machine's memory, in MiB.
func (p *process) rss() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return float64(kib) / 1024
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (m *machine) get(path string) ([]byte, error) {
	resp, err := m.http.Get("http://vtepd" + path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}

func (m *machine) state() State {
	m.Helper()
	body, err := m.get("/state")
	if err != nil {
		m.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(body, &s); err != nil {
		m.Fatalf("%v:\n%s", err, body)
	}
	return s
}

// eventually waits until the state is as wanted.
func (m *machine) eventually(what string, check func(State) error) {
	m.Helper()
	testenv.Eventually(m, within, what, func() error { return check(m.state()) })
}

// eventuallyNetworks waits until the datapath has just these networks; counters
// and ages do not matter.
func (m *machine) eventuallyNetworks(what string, want ...NetworkState) {
	m.Helper()
	m.eventually(what, func(s State) error {
		if diff := cmp.Diff(want, s.Networks,
			cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}),
			cmpopts.IgnoreFields(NetworkState{}, "FloodRate", "FloodBurst"),
			cmpopts.IgnoreFields(TunnelState{}, "RxPackets", "RxBytes", "TxPackets", "TxBytes"),
			cmpopts.IgnoreFields(NetworkState{}, "Counters"),
		); diff != "" {
			return fmt.Errorf("networks differ:\n%s", diff)
		}
		return nil
	})
}

func (m *machine) eventuallyFaults(want ...string) {
	m.Helper()
	testenv.Eventually(m, within, fmt.Sprintf("faults %q", want), func() error {
		sw := m.shown()
		if sw == nil {
			return fmt.Errorf("no switch")
		}
		if diff := cmp.Diff(want, sw.Faults, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("%s", diff)
		}
		return nil
	})
}

// connect starts a controller on the database: what an agent is.
func (m *machine) connect() {
	m.Helper()
	c, err := ovsdb.New(ovsdb.Config{Address: m.db.Unix})
	if err != nil {
		m.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	m.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			m.Error(err)
		}
	})
	m.controller = c
	m.reconnected()
}

func (m *machine) reconnected() {
	m.Helper()
	testenv.Eventually(m, within, "the controller is connected", m.controller.Err)
}

// shown is the switch as the controller sees it.
func (m *machine) shown() *hwvtep.PhysicalSwitch {
	for _, sw := range m.controller.PhysicalSwitches() {
		if sw.Name == "border-1" {
			return &sw
		}
	}
	return nil
}

func (m *machine) eventuallySwitch() {
	m.Helper()
	testenv.Eventually(m, within, "the switch is in the database", func() error {
		if m.shown() == nil {
			return fmt.Errorf("switches: %v", m.controller.PhysicalSwitches())
		}
		return nil
	})
}

// write makes the database hold these logical switches, as an agent does, and
// raises the number of the last change. Those not named stay.
func (m *machine) write(switches ...*hwvtep.LogicalSwitch) {
	m.Helper()
	var deltas []hwvtep.Delta
	for _, ls := range switches {
		deltas = append(deltas, hwvtep.Diff(m.controller.LogicalSwitch(ls.Name), ls))
	}
	m.apply(deltas...)
}

func (m *machine) remove(name string) {
	m.Helper()
	m.apply(hwvtep.Diff(m.controller.LogicalSwitch(name), nil))
}

func (m *machine) apply(deltas ...hwvtep.Delta) {
	m.Helper()
	if errs := m.controller.Apply(m.Context(), deltas); len(errs) > 0 {
		m.Fatal(errs)
	}
	m.wanted++
	if err := m.controller.SetWanted(m.Context(), m.wanted); err != nil {
		m.Fatal(err)
	}
}

// eventuallyDone waits until the switch has confirmed the last change.
func (m *machine) eventuallyDone() {
	m.Helper()
	testenv.Eventually(m, within, fmt.Sprintf("change %d is confirmed", m.wanted), func() error {
		if sw := m.shown(); sw == nil || sw.OtherConfig[hwvtep.Done] != strconv.FormatUint(m.wanted, 10) {
			return fmt.Errorf("switch %+v", sw)
		}
		return nil
	})
}

func at(addr string, key ...uint32) hwvtep.Locator {
	l := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr(addr)}
	if len(key) > 0 {
		l.Key = hwvtep.NewKey(key[0])
	}
	return l
}

var vm = ethernet.MustParseMAC("fa:16:3e:00:00:01")

// joined is a network with key 123 on the compute node, one MAC there, and key
// 456 on the WAN.
func joined(name string) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(name, hwvtep.NewKey(123))
	ls.Replication = hwvtep.SourceNode
	ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.11"))
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.2", 456))
	ls.Ucast.Add(hwvtep.Ucast{MAC: vm, Locator: at("10.0.0.11")})
	return ls
}

// joinedState is what the datapath must have of joined.
func joinedState(name string) NetworkState {
	return NetworkState{
		Name: name,
		Tunnels: []TunnelState{
			{Encapsulation: hwvtep.VXLANOverIPv4, Remote: netip.MustParseAddr("10.0.0.11"), VNI: 123, Side: "fabric", Local: netip.MustParseAddr("10.0.0.1"), Flood: true},
			{Encapsulation: hwvtep.VXLANOverIPv4, Remote: netip.MustParseAddr("203.0.113.2"), VNI: 456, Side: "wan", Local: netip.MustParseAddr("203.0.113.1"), Flood: true},
		},
		FDB: []FDBState{{MAC: vm, Remote: netip.MustParseAddr("10.0.0.11"), VNI: 123, Static: true}},
	}
}
