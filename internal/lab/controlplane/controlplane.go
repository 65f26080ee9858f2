// Package controlplane is the control side of a cloud for tests: servers and
// agents as the real programs, with a real RabbitMQ and real switches. It needs
// root, and testenv.MainWithPrograms.
package controlplane

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// startWithin is how long a program may take to serve, and to end in good order.
const startWithin = 20 * time.Second

// Config is what a World is made of.
type Config struct {
	// Database is the URL of the servers' database.
	Database string
	// Dir is for configurations and logs.
	Dir                       string
	Servers, Agents, Switches int // without agents each server has one inside
	// Nodes is how many the cluster of RabbitMQ has; 0 is one.
	Nodes int
}

// World is some servers, agents and switches. Each agent can serve each switch.
type World struct {
	Config
	Rabbit   *testenv.RabbitMQ   // nil without agents
	Brokers  []*testenv.RabbitMQ // Rabbit, and what makes a cluster with it
	Servers  []*Server
	Agents   []*Agent
	Switches []*testenv.OVSDB
}

// New starts a world that ends with its test; its programs serve.
func New(t testing.TB, cfg Config) *World {
	t.Helper()
	w := &World{Config: cfg}
	if cfg.Agents > 0 {
		w.startBrokers(t)
	}
	w.write(t, cloudFile, Cloud())
	for i := range cfg.Switches {
		w.Switches = append(w.Switches, testenv.StartOVSDB(t))
		w.Describe(t, i)
	}
	for i := range cfg.Servers {
		w.Servers = append(w.Servers, w.server(t, i))
	}
	for i := range cfg.Agents {
		w.Agents = append(w.Agents, w.agent(t, i))
	}
	return w
}

func (w *World) startBrokers(t testing.TB) {
	t.Helper()
	for range max(w.Nodes, 1) {
		w.Brokers = append(w.Brokers, testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{Beside: w.Rabbit}))
		w.Rabbit = w.Brokers[0]
	}
	w.Rabbit.AddVHost(t, vhost)
}

// transport is the transport_url of all programs, for YAML.
func (w *World) transport() string { return quoted(testenv.ClusterURL(vhost, w.Brokers...)) }

const (
	vhost     = "landbridge"
	cloudFile = "cloud.yaml"
)

// SwitchName is the name of the i-th switch.
func SwitchName(i int) string { return fmt.Sprint("sw", i) }

// Port is the one port of each switch.
const Port = "p0"

// Describe puts the i-th switch into its database, as its own software does
// where it finds none.
func (w *World) Describe(t testing.TB, i int) {
	t.Helper()
	name := SwitchName(i)
	w.Switches[i].VTEPCtl(t, "add-ps", name, "--", "add-port", name, Port,
		"--", "set", "Physical_Switch", name, fmt.Sprintf("tunnel_ips=10.0.0.%d", 100+i))
}

// CloudFile is the file that says what the cloud has.
func (w *World) CloudFile() string { return w.file(cloudFile) }

func (w *World) file(name string) string { return filepath.Join(w.Dir, name) }

func (w *World) write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.WriteFile(w.file(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return w.file(name)
}

func (w *World) server(t testing.TB, i int) *Server {
	t.Helper()
	listen, metrics := freeAddr(t), freeAddr(t)
	name := fmt.Sprint("server", i)
	file := w.write(t, name+".yaml", fmt.Sprintf(
		"listen: %q\nmetrics_listen: %q\ndatabase: %s\ncloud: {file: %q}\n%s\nlog_level: debug\n",
		listen, metrics, quoted(w.Database), w.CloudFile(), w.control(t)))
	s := &Server{program: w.program(name, "landbridge-server", file, metrics, firstServer+i), Client: client(listen)}
	s.Run(t)
	return s
}

func (w *World) agent(t testing.TB, i int) *Agent {
	t.Helper()
	metrics := freeAddr(t)
	a := &Agent{Host: fmt.Sprint("h", i)}
	file := w.write(t, fmt.Sprintf("agent%d.yaml", i), fmt.Sprintf(
		"host: %s\nmetrics_listen: %q\ntransport_url: %s\nswitches: %s\n", a.Host, metrics, w.transport(), w.databases(t)))
	a.program = w.program(fmt.Sprint("agent", i), "landbridge-agent", file, metrics, firstAgent+i)
	a.Run(t)
	return a
}

// control says in a server's configuration who serves the switches.
func (w *World) control(t testing.TB) string {
	t.Helper()
	if w.Rabbit == nil {
		return "switches: " + w.databases(t)
	}
	return fmt.Sprintf("control: {transport_url: %s}", w.transport())
}

// databases gives the switches' addresses as a list for YAML.
func (w *World) databases(t testing.TB) string {
	t.Helper()
	var addresses []string
	for _, o := range w.Switches {
		addresses = append(addresses, o.TCP)
	}
	list, err := json.Marshal(addresses)
	if err != nil {
		t.Fatal(err)
	}
	return string(list)
}

// quoted is a string for YAML.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func freeAddr(t testing.TB) string {
	t.Helper()
	return fmt.Sprint("127.0.0.1:", testenv.FreePort(t))
}
