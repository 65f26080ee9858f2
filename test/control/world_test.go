package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

const (
	soon = 20 * time.Second
	// takeover is how long another may take at the default settings to do what one
	// did that is gone.
	takeover = 3 * time.Second
)

// world is some servers, agents and switches.
type world struct {
	t        *testing.T
	dir      string
	rabbit   *testenv.RabbitMQ
	servers  []*server
	agents   []*agent
	switches []*testenv.OVSDB
}

type server struct {
	*testenv.Program
	*rest.Client
	metrics string
}

type agent struct {
	*testenv.Program
	host, metrics string
}

// newWorld starts two servers, two agents and three switches; each agent can
// serve each switch.
func newWorld(t *testing.T, dsn string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), rabbit: testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{})}
	w.rabbit.AddVHost(t, "landbridge")
	w.write("cloud.yaml", cloud)
	for i := range 3 {
		o := testenv.StartOVSDB(t)
		name := fmt.Sprint("sw", i)
		o.VTEPCtl(t, "add-ps", name, "--", "set", "Physical_Switch", name, fmt.Sprintf("tunnel_ips=10.0.0.%d", 100+i))
		w.switches = append(w.switches, o)
	}
	for i := range 2 {
		w.servers = append(w.servers, w.server(i, dsn))
	}
	for i := range 2 {
		w.agents = append(w.agents, w.agent(i))
	}
	return w
}

// networkID is that of the n-th network of the cloud.
func networkID(n int) string { return fmt.Sprintf("11111111-0000-4000-8000-%012d", n) }

// networks is how many the cloud has.
const networks = 40

var cloud = func() string {
	var b strings.Builder
	b.WriteString("networks:\n")
	for n := range networks {
		fmt.Fprintf(&b, "  - {id: %s, name: n%d, segmentation_id: %d}\n", networkID(n), n, 1000+n)
	}
	b.WriteString("hosts:\n  - {host: a1, tunnel_address: 10.0.0.11}\nports:\n")
	for n := range networks {
		fmt.Fprintf(&b, "  - {mac: 'fa:16:3e:00:00:%02x', addresses: [192.168.0.11], host: a1, network: %s}\n", n, networkID(n))
	}
	return b.String()
}()

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) string {
	w.t.Helper()
	if err := os.WriteFile(w.file(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.file(name)
}

func (w *world) server(i int, dsn string) *server {
	w.t.Helper()
	listen, metrics := freeAddr(w.t), freeAddr(w.t)
	file := w.write(fmt.Sprintf("server%d.yaml", i), fmt.Sprintf(
		"listen: %q\nmetrics_listen: %q\ndatabase: %s\ncloud: {file: %q}\ncontrol: {transport_url: %s}\nlog_level: debug\n",
		listen, metrics, quoted(dsn), w.file("cloud.yaml"), quoted(w.rabbit.URL("landbridge"))))
	s := &server{metrics: metrics}
	s.Client = rest.New("http://"+listen, (&net.Dialer{}).DialContext)
	s.Program = w.program(fmt.Sprint("server", i), "landbridge-server", file, metrics)
	s.Run(w.t)
	return s
}

func (w *world) agent(i int) *agent {
	w.t.Helper()
	a := &agent{host: fmt.Sprint("h", i), metrics: freeAddr(w.t)}
	var switches []string
	for _, o := range w.switches {
		switches = append(switches, o.TCP)
	}
	list, err := json.Marshal(switches)
	if err != nil {
		w.t.Fatal(err)
	}
	file := w.write(fmt.Sprintf("agent%d.yaml", i), fmt.Sprintf(
		"host: %s\nmetrics_listen: %q\ntransport_url: %s\nswitches: %s\n", a.host, a.metrics, quoted(w.rabbit.URL("landbridge")), list))
	a.Program = w.program(fmt.Sprint("agent", i), "landbridge-agent", file, a.metrics)
	a.Run(w.t)
	return a
}

// quoted is a string for YAML.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (w *world) program(name, program, config, metrics string) *testenv.Program {
	return &testenv.Program{
		Name: name, Log: w.file(name + ".log"), Within: soon,
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(testenv.Programs(), program), "--config", config)
		},
		Ready: func() error {
			_, err := read(metrics, "/readyz")
			return err
		},
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// read gives a page of a program's metrics.
func read(addr, path string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return "", err
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, res.StatusCode, text)
	}
	return string(text), err
}

// shows tells whether a program shows a metric.
func shows(addr, line string) error {
	text, err := read(addr, "/metrics")
	if err == nil && !strings.Contains(text, "\n"+line+"\n") {
		err = fmt.Errorf("no %s", line)
	}
	return err
}

// leader waits until one of the servers leads, and gives it and another.
func (w *world) leader() (leads, other *server) {
	w.t.Helper()
	testenv.Eventually(w.t, soon, "a server leads", func() error {
		for i, s := range w.servers {
			if shows(s.metrics, "landbridge_server_leader 1") == nil {
				leads, other = s, w.servers[1-i]
				return nil
			}
		}
		return errors.New("none does")
	})
	return leads, other
}

// serving waits until a switch is served, and gives its agent and the other.
func (w *world) serving(i int) (serves, other *agent) {
	w.t.Helper()
	testenv.Eventually(w.t, soon, fmt.Sprintf("switch %d is served", i), func() error {
		for j, a := range w.agents {
			text, err := read(a.metrics, "/metrics")
			if err == nil && strings.Contains(text, `landbridge_agent_assignment_epoch{database="`+w.switches[i].TCP+`"}`) {
				serves, other = a, w.agents[1-j]
				return nil
			}
		}
		return errors.New("nobody serves it")
	})
	return serves, other
}

// gateway makes a gateway of one switch.
func (w *world) gateway(by *server, i int) string {
	w.t.Helper()
	made, err := by.Create(w.t.Context(), "l2_gateway", rest.Object{
		"name": fmt.Sprint("gw", i), "devices": []any{map[string]any{"device_name": fmt.Sprint("sw", i)}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID()
}

// connect connects the n-th network; the request is tried until it is answered.
func (w *world) connect(by *server, gateway string, n int) string {
	w.t.Helper()
	made, err := by.Create(w.t.Context(), "l2_gateway_connection", rest.Object{"l2_gateway_id": gateway, "network_id": networkID(n)})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID()
}

// holds waits until a switch holds some networks and no others.
func (w *world) holds(within time.Duration, i int, want ...int) {
	w.t.Helper()
	testenv.Eventually(w.t, within, fmt.Sprintf("switch %d holds its networks", i), func() error {
		have := map[any]bool{}
		for _, row := range w.switches[i].Rows(w.t, "Logical_Switch") {
			have[row["name"]] = true
		}
		for _, n := range want {
			if !have["landbridge/"+networkID(n)] {
				return fmt.Errorf("it lacks network %d", n)
			}
		}
		if len(have) != len(want) {
			return fmt.Errorf("it holds %d networks, want %d", len(have), len(want))
		}
		return nil
	})
}

// is waits until a connection has a status, asked of each server that answers.
func (w *world) is(within time.Duration, by *server, id, status string, says ...string) {
	w.t.Helper()
	testenv.Eventually(w.t, within, "status "+status, func() error {
		o, err := by.Show(w.t.Context(), "l2_gateway_connection", id)
		if err != nil {
			return err
		}
		if o.Status() != status {
			return fmt.Errorf("it is %s: %s", o.Status(), o.Reason())
		}
		for _, word := range says {
			if !strings.Contains(o.Reason(), word) {
				return fmt.Errorf("the reason lacks %q: %s", word, o.Reason())
			}
		}
		return nil
	})
}

// took fails the test where something took longer than it may.
func (w *world) took(what string, began time.Time, most time.Duration) {
	w.t.Helper()
	took := time.Since(began).Round(time.Millisecond)
	w.t.Logf("%s: %v", what, took)
	if took > most {
		w.t.Errorf("%s took %v, at most %v", what, took, most)
	}
}
