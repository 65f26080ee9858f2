package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/chorus"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep"
)

// devices is a lab whose cloud A has a gateway of two devices, each with an agent
// of its own, and a server elsewhere.
type devices struct {
	*world
	dir    string
	rabbit *testenv.RabbitMQ
	nodes  map[string]*lab.GatewayNode // by device
	agents map[string]*testenv.Program
	made   map[string]lab.Connected
	racks  map[string]*netns.Namespace // servers at ports, by name
	*chorus.Chorus
}

// newDevices joins the clouds of such a lab, and has all hosts of the network
// send broadcasts from then on. rack gives it more of them.
func newDevices(t *testing.T, rack func(d *devices, t *testing.T) lab.Ask) *devices {
	t.Helper()
	d := &devices{
		world: newQuietWorld(t, lab.TwoDevices(name("devices"))), dir: t.TempDir(),
		rabbit: testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{}), agents: map[string]*testenv.Program{},
	}
	d.rabbit.AddVHost(t, "landbridge")
	other := d.a.Cloud.Others[0].Name
	d.nodes = map[string]*lab.GatewayNode{d.a.Cloud.Gateway.Name: d.a, other: d.Others[other]}
	if err := errors.Join(d.RunGateways(t.Context(), lab.OVSDB, lab.VTEPD), d.b.Start(t.Context(), lab.Server)); err != nil {
		t.Fatal(err)
	}
	d.follow(t)
	d.startServer(t)
	for device, node := range d.nodes {
		d.startAgent(t, device, node)
	}
	d.stretch(t, rack(d, t))
	d.listen(t)
	return d
}

// follow has the compute nodes do what is announced.
func (d *devices) follow(t *testing.T) {
	done := make(chan error, 1)
	go func() { done <- d.Follow(t.Context(), slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		if err := <-done; err != nil { // t.Context has ended
			t.Error(err)
		}
	})
}

func (d *devices) startServer(t *testing.T) {
	t.Helper()
	listen, metrics := fmt.Sprint("127.0.0.1:", testenv.FreePort(t)), fmt.Sprint("127.0.0.1:", testenv.FreePort(t))
	cloud, announce := d.a.Files()
	d.start(t, "landbridge-server", "server", metrics, map[string]any{
		"listen": listen, "metrics_listen": metrics, "database": "sqlite:" + filepath.Join(d.dir, "server.db"),
		"cloud": map[string]any{"file": cloud, "announce": announce}, "control": map[string]any{"transport_url": d.rabbit.URL("landbridge")},
	})
	d.a.API = rest.New("http://"+listen, (&net.Dialer{}).DialContext)
}

func (d *devices) startAgent(t *testing.T, device string, node *lab.GatewayNode) {
	t.Helper()
	metrics := fmt.Sprint("127.0.0.1:", testenv.FreePort(t))
	d.agents[device] = d.start(t, "landbridge-agent", device, metrics, map[string]any{
		"host": "agent-of-" + device, "metrics_listen": metrics, "transport_url": d.rabbit.URL("landbridge"), "switches": []string{node.Database()},
	})
}

// start starts a program with a configuration; JSON is YAML.
func (d *devices) start(t *testing.T, program, label, metrics string, config map[string]any) *testenv.Program {
	t.Helper()
	file := filepath.Join(d.dir, label+".yaml")
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := &testenv.Program{
		Name: label, Log: filepath.Join(d.dir, label+".log"), Within: activeWithin,
		Command: func() *exec.Cmd { return exec.Command(filepath.Join(testenv.Programs(), program), "--config", file) },
		Ready:   func() error { return ready(metrics) },
	}
	p.Run(t)
	return p
}

// ready asks a program's page of that name.
func ready(metrics string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	res, err := client.Get("http://" + metrics + "/readyz")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", res.Status)
	}
	return nil
}

// stretch joins the clouds: cloud B has a remote gateway for each device.
func (d *devices) stretch(t *testing.T, with lab.Ask) {
	t.Helper()
	d.made = d.connect(t, func(a *lab.Ask) {
		if a.Remote == d.b.Cloud.Gateway.WAN.Addr() {
			a.Ports = with.Ports
		}
	})
	ask := lab.Asks(d.Spec, lab.Blue, lab.WANKey)["b"]
	ask.Remote = d.a.Cloud.Others[0].WAN.Addr()
	if _, err := d.b.Widen(t.Context(), ask, d.made["b"]); err != nil {
		t.Fatal(err)
	}
	d.active(t, d.made)
	d.tunnelled(t, lab.Blue)
	d.reach(t, "vm-a1", "vm-b1")
}

// listen has every host of the network send numbered broadcasts.
func (d *devices) listen(t *testing.T) {
	t.Helper()
	var hosts []chorus.Host
	for _, name := range []string{"vm-a1", "vm-a2", "vm-b1"} {
		hosts = append(hosts, chorus.Host{Name: name, NS: d.node(t, name), Link: vmLink})
	}
	for _, name := range slices.Sorted(maps.Keys(d.racks)) {
		hosts = append(hosts, chorus.Host{Name: name, NS: d.racks[name], Link: vmLink})
	}
	var err error
	if d.Chorus, err = chorus.Start(20*time.Millisecond, hosts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop() }) // for the second time
}

// carries tells whether the datapath of a device has the WAN side.
func (d *devices) carries(t *testing.T, device string) bool {
	t.Helper()
	text, err := d.nodes[device].VTEPD(t.Context(), "/state")
	if err != nil {
		return false // it is not there
	}
	var s vtep.State
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.Networks {
		for _, tunnel := range n.Tunnels {
			if tunnel.Side == "wan" {
				return true
			}
		}
	}
	return false
}

// carrier waits until exactly one device carries the WAN side, and gives it and
// the other one.
func (d *devices) carrier(t *testing.T) (carrier, other string) {
	t.Helper()
	testenv.Eventually(t, activeWithin, "a carrier", func() error {
		a, b := d.a.Cloud.Gateway.Name, d.a.Cloud.Others[0].Name
		switch onA, onB := d.carries(t, a), d.carries(t, b); {
		case onA == onB:
			return fmt.Errorf("%s: %v, %s: %v", a, onA, b, onB)
		case onA:
			carrier, other = a, b
		default:
			carrier, other = b, a
		}
		return nil
	})
	return carrier, other
}
