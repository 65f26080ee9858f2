package control

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/objects"
	"landbridge/bench/vtepdb"
	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// startWithin is how long a program may take to start, and to end.
const startWithin = time.Minute

// hosts is how many compute nodes there are, each with a port of every network.
const hosts = 4

// device is the name of the switch.
const device = "sw"

// stage is what the worlds of one benchmark share, each with a part of its own.
type stage struct {
	mariadb *testenv.DatabaseServer
	rabbit  *testenv.RabbitMQ
	worlds  int
}

func newStage(b *testing.B) *stage {
	b.Helper()
	return &stage{mariadb: testenv.StartDurableMariaDB(b), rabbit: testenv.StartRabbitMQ(b, testenv.RabbitMQConfig{})}
}

// bus gives a virtual host of its own.
func (s *stage) bus(b *testing.B) (url string) {
	b.Helper()
	s.worlds++
	name := fmt.Sprint("landbridge-", s.worlds)
	s.rabbit.AddVHost(b, name)
	return s.rabbit.URL(name)
}

// world is one Landbridge with its switch, from the API to the datapath.
type world struct {
	b        *testing.B
	stage    *stage
	name     string
	dir      string
	programs []*testenv.Program
	servers  []load.Server
	agents   []*testenv.Program // of their own
	db       *testenv.OVSDB
	watch    *vtepdb.Watch
}

// modes are the ways to run Landbridge, in their order.
var modes = []struct {
	name string
	run  func(w *world)
}{
	{"agent inside", (*world).runOne},
	{"2 servers, 1 agent", func(w *world) { w.runMany(1) }},
}

// newWorld starts a switch, with vtepd where it is wanted, and Landbridge. They
// end with the benchmark, or before by end.
func newWorld(b *testing.B, s *stage, mode int, withDatapath bool) *world {
	b.Helper()
	w := emptyWorld(b, s, modes[mode].name)
	if withDatapath {
		w.startVtepd()
	} else {
		w.addSwitch()
	}
	modes[mode].run(w)
	return w
}

// emptyWorld is one with an empty database for the switch.
func emptyWorld(b *testing.B, s *stage, name string) *world {
	b.Helper()
	w := &world{b: b, stage: s, name: name, dir: b.TempDir(), db: testenv.StartOVSDB(b)}
	w.write("cloud.yaml", cloudFile())
	return w
}

// addSwitch makes a switch without a datapath.
func (w *world) addSwitch() {
	w.b.Helper()
	w.db.VTEPCtl(w.b, "add-ps", device, "--", "set", "Physical_Switch", device, "tunnel_ips="+fabricIP)
}

// end ends all that is the world's own.
func (w *world) end() {
	w.b.Helper()
	for _, p := range w.programs {
		p.Stop(w.b)
	}
	w.db.Stop(w.b)
}

// follow watches every row of the switch from now on.
func (w *world) follow() {
	w.b.Helper()
	watch, err := vtepdb.NewWatch(w.db.Unix)
	must(w.b, err)
	w.b.Cleanup(watch.Close)
	w.watch = watch
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) (file string) {
	w.b.Helper()
	file = filepath.Join(w.dir, name)
	must(w.b, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// cloudNetworks is how many networks the cloud has.
const cloudNetworks = 2000

// cloudFile describes the cloud.
func cloudFile() string {
	var hostList, networkList, portList strings.Builder
	for h := range hosts {
		fmt.Fprintf(&hostList, "  - {host: c%d, tunnel_address: %s}\n", h, nodeAddr(h))
	}
	for n := range cloudNetworks {
		fmt.Fprintf(&networkList, "  - {id: %s, segmentation_id: %d}\n", objects.NetworkID(n), n+1)
		for h := range hosts {
			fmt.Fprintf(&portList, "  - {mac: '%s', addresses: [192.168.0.%d], host: c%d, network: %s}\n", portMAC(n, h), 10+h, h, objects.NetworkID(n))
		}
	}
	return "hosts:\n" + hostList.String() + "networks:\n" + networkList.String() + "ports:\n" + portList.String()
}

// nodeAddr is the tunnel address of a compute node.
func nodeAddr(h int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(1 + h>>8), byte(h)}) }

// portMAC is that of the port of a network on a compute node.
func portMAC(n, h int) ethernet.MAC {
	return ethernet.MAC{0xfa, 0x16, byte(n >> 8), byte(n), byte(h >> 8), byte(h)}
}

// The links of the gateway and its addresses there.
const (
	fabricLink, wanLink = "fabric0", "wan0"
	fabricIP, wanIP     = "10.0.0.1", "10.1.0.1"
	// remoteGateway is the number of a remote gateway on the WAN.
	remoteGateway = 1<<16 + 2
)

// startVtepd starts a gateway that knows the way to each compute node and to the
// remote gateway.
func (w *world) startVtepd() {
	b := w.b
	b.Helper()
	gateway, beyond := testenv.Namespace(b, "gw"), testenv.Namespace(b, "beyond")
	must(b, netns.Veth(gateway, fabricLink, beyond, fabricLink))
	must(b, netns.Veth(gateway, wanLink, beyond, wanLink))
	must(b, gateway.AddAddr(fabricLink, netip.MustParsePrefix(fabricIP+"/16")))
	must(b, gateway.AddAddr(wanLink, netip.MustParsePrefix(wanIP+"/24")))
	nodeMAC := ethernet.MAC{2, 0, 0, 0, 1, 1}
	for h := range hosts {
		must(b, gateway.AddNeighbour(fabricLink, nodeAddr(h), nodeMAC))
	}
	must(b, gateway.AddNeighbour(wanLink, netip.AddrFrom4([4]byte{10, 1, 0, 2}), nodeMAC))
	pins, socket := filepath.Join(testenv.BPFFS(b), "gw"), filepath.Join(w.db.Dir, "vtepd.sock")
	program := &testenv.Program{
		Name: "landbridge-vtepd", Log: filepath.Join(w.dir, "vtepd.log"), Namespace: gateway, Within: startWithin,
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(testenv.Programs(), "landbridge-vtepd"), "--database", w.db.Unix, "--switch", device,
				"--fabric-address", fabricIP, "--wan-address", wanIP, "--interface", fabricLink, "--interface", wanLink,
				"--bpffs", pins, "--socket", socket)
		},
		Ready: func() error {
			_, err := os.Stat(socket)
			return err
		},
	}
	w.run(program)
}

// runOne runs a server with its agent inside.
func (w *world) runOne() {
	w.b.Helper()
	w.runServer("server", w.stage.mariadb.NewDatabase(w.b).URL(), fmt.Sprintf("switches: [%s]\n", w.db.Unix))
}

// runMany runs two servers, and agents that each can serve the switch, with
// RabbitMQ between them.
func (w *world) runMany(agents int) {
	w.b.Helper()
	bus, database := w.stage.bus(w.b), w.stage.mariadb.NewDatabase(w.b).URL()
	for i := range 2 {
		w.runServer(fmt.Sprint("server-", i), database, fmt.Sprintf("control: {transport_url: '%s'}\n", bus))
	}
	for i := range agents {
		w.runAgent(fmt.Sprint("agent-", i), bus)
	}
}

func (w *world) runServer(name, database, more string) {
	w.b.Helper()
	listen := freeAddr(w.b)
	w.runProgram(name, "landbridge-server", fmt.Sprintf("listen: %q\ndatabase: '%s'\ncloud: {file: %q}\n%s",
		listen, strings.ReplaceAll(database, "'", "''"), filepath.Join(w.dir, "cloud.yaml"), more))
	w.servers = append(w.servers, load.Server{URL: "http://" + listen})
}

func (w *world) runAgent(name, bus string) {
	w.b.Helper()
	p := w.runProgram(name, "landbridge-agent", fmt.Sprintf("host: %s\ntransport_url: '%s'\nswitches: [%s]\n", name, bus, w.db.Unix))
	w.agents = append(w.agents, p)
}

// runProgram runs a program with a configuration.
func (w *world) runProgram(name, program, config string) *testenv.Program {
	w.b.Helper()
	metrics := freeAddr(w.b)
	file := w.write(name+".yaml", fmt.Sprintf("metrics_listen: %q\n%s", metrics, config))
	p := &testenv.Program{
		Name: name, Log: filepath.Join(w.dir, name+".log"), Within: startWithin, Ready: ready("http://" + metrics + "/readyz"),
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(testenv.Programs(), program), "--config", file)
		},
	}
	w.run(p)
	return p
}

func (w *world) run(p *testenv.Program) {
	w.b.Helper()
	p.Run(w.b)
	w.programs = append(w.programs, p)
}

// ready waits for a page.
func ready(url string) func() error {
	client := load.NewClient(load.Server{URL: url})
	return func() error {
		defer client.Close()
		_, err := client.Do(context.Background(), load.Request{Method: http.MethodGet})
		return err
	}
}

func freeAddr(b *testing.B) string {
	b.Helper()
	return fmt.Sprint("127.0.0.1:", testenv.FreePort(b))
}
