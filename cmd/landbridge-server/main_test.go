package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const network = "11111111-1111-1111-1111-111111111111"

const cloudFile = `networks:
  - {id: ` + network + `, name: blue, segmentation_id: 123, gateways: [192.168.0.1]}
hosts:
  - {host: a1, tunnel_address: 10.0.0.11}
ports:
  - {mac: "fa:16:3e:00:00:01", addresses: [192.168.0.11], host: a1, network: ` + network + `}
`

// program is the server as its command line starts it.
type program struct {
	t    *testing.T
	dir  string
	addr string
	// metrics is where they are.
	metrics string
	db      *testenv.OVSDB
	more    []string // arguments
	stop    func()
}

func newProgram(t *testing.T, options ...testenv.OVSDBOption) *program {
	t.Helper()
	p := &program{t: t, dir: t.TempDir(), db: testenv.StartOVSDB(t, options...), addr: freeAddr(t), metrics: freeAddr(t)}
	if err := os.WriteFile(p.file("cloud.yaml"), []byte(cloudFile), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) file(name string) string { return filepath.Join(p.dir, name) }

// start runs the program, and returns when the API answers.
func (p *program) start() {
	p.t.Helper()
	p.run()
	testenv.Eventually(p.t, 20*time.Second, "the API", func() error {
		_, err := p.call(http.MethodGet, "l2-gateways", nil)
		return err
	})
}

// run runs the program until the test, or stop, ends it.
func (p *program) run() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cmd := command()
	cmd.SetArgs(append([]string{
		"--metrics-listen", p.metrics, "--listen", p.addr, "--database", "sqlite:" + p.file("server.db"), "--cloud-file", p.file("cloud.yaml"),
		"--announce-file", p.file("served.yaml"), "--switch", p.db.Unix, "--log-level", "error",
	}, p.more...))
	go func() { done <- cmd.ExecuteContext(ctx) }()
	p.stop = func() {
		p.stop = func() {}
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("the program ended with: %v", err)
		}
	}
	p.t.Cleanup(func() { p.stop() })
}

// call does one request; answers of code 400 and above are errors.
func (p *program) call(method, path string, body any) (map[string]any, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.addr+"/v2.0/"+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		return nil, fmt.Errorf("%s %s: %s %s", method, path, resp.Status, text)
	}
	answer := map[string]any{}
	if len(text) == 0 {
		return answer, nil
	}
	return answer, json.Unmarshal(text, &answer)
}

// create makes an object and gives its id.
func (p *program) create(kind string, attributes map[string]any) string {
	p.t.Helper()
	answer, err := p.call(http.MethodPost, strings.ReplaceAll(kind, "_", "-")+"s", map[string]any{kind: attributes})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer[kind].(map[string]any)["id"].(string)
}

// shows waits for the status of an object, with words of its reason.
func (p *program) shows(kind, id, status string, words ...string) {
	p.t.Helper()
	testenv.Eventually(p.t, 10*time.Second, kind+" "+status, func() error {
		answer, err := p.call(http.MethodGet, strings.ReplaceAll(kind, "_", "-")+"s/"+id, nil)
		if err != nil {
			return err
		}
		v := answer[kind].(map[string]any)
		reason := fmt.Sprint(v["status_reason"])
		for _, word := range words {
			if !strings.Contains(reason, word) {
				return fmt.Errorf("status %v: %s; want %q", v["status"], reason, word)
			}
		}
		if v["status"] != status {
			return fmt.Errorf("status %v: %s", v["status"], reason)
		}
		return nil
	})
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

func TestTheProgramServesASwitch(t *testing.T) {
	p := newProgram(t)
	p.db.VTEPCtl(t, "add-ps", "sw", "--", "set", "Physical_Switch", "sw", "tunnel_ips=10.0.0.2")
	p.start()
	gw := p.create("l2_gateway", map[string]any{"name": "gw", "devices": []any{map[string]any{"device_name": "sw"}}})
	conn := p.create("l2_gateway_connection", map[string]any{"l2_gateway_id": gw, "network_id": network})
	remote := p.create("l2_remote_gateway", map[string]any{"name": "r", "ipaddr": "203.0.113.2"})
	rc := p.create("l2_remote_gateway_connection", map[string]any{
		"l2_gateway_id": gw, "network_id": network, "l2_remote_gateway_id": remote, "segmentation_id": 456,
	})
	p.shows("l2_gateway_connection", conn, "ACTIVE")
	p.shows("l2_remote_gateway_connection", rc, "ACTIVE")
	if got := p.db.Rows(t, "Physical_Locator"); len(got) != 2 {
		t.Errorf("locators %v", got)
	}
	served, err := os.ReadFile(p.file("served.yaml"))
	if err != nil || !strings.Contains(string(served), "- 10.0.0.2\n") || !strings.Contains(string(served), "segmentation_id: 123") {
		t.Errorf("announced %s, %v", served, err)
	}

	p.stop()
	before := len(p.db.Journal(t))
	p.start()
	p.create("l2_remote_mac", map[string]any{"mac": "02:00:00:00:00:09", "rgw_connection": rc})
	p.shows("l2_remote_gateway_connection", rc, "ACTIVE")
	onlyClaimed(t, p.db.Journal(t)[before:])
	p.db.Stop(t)
	p.shows("l2_gateway_connection", conn, "DOWN")
	p.db.Start(t)
	p.shows("l2_gateway_connection", conn, "ACTIVE")

	if _, err := p.call(http.MethodDelete, "l2-remote-gateway-connections/"+rc, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := p.call(http.MethodDelete, "l2-gateway-connections/"+conn, nil); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 5*time.Second, "an empty switch", func() error {
		if rows := p.db.Rows(t, "Logical_Switch"); len(rows) > 0 {
			return fmt.Errorf("logical switches %v", rows)
		}
		if rows := p.db.Rows(t, "Physical_Locator"); len(rows) > 0 {
			return fmt.Errorf("locators %v", rows)
		}
		return nil
	})
}

// onlyClaimed checks that what was written before the first MAC is nothing but
// whose the database is.
func onlyClaimed(t *testing.T, journal []testenv.Transaction) {
	t.Helper()
	for i, transaction := range journal {
		if len(transaction.Rows["Ucast_Macs_Remote"]) > 0 {
			if i == 0 {
				t.Error("a start does not claim the database")
			}
			return
		}
		if len(transaction.Rows) != 1 || len(transaction.Rows["Global"]) != 1 {
			t.Errorf("a start has written %v", transaction.Rows)
		}
	}
	t.Error("the MAC has not been written")
}

func TestBadStarts(t *testing.T) {
	dir := t.TempDir()
	cloud := filepath.Join(dir, "cloud.yaml")
	if err := os.WriteFile(cloud, []byte(cloudFile), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no cloud", nil, "give --cloud-file"},
		{"a cloud that is not there", []string{"--cloud-file", "/nowhere.yaml", "--listen", "127.0.0.1:0", "--database", "sqlite::memory:"}, "/nowhere.yaml"},
		{"a public address", []string{"--cloud-file", cloud, "--listen", "0.0.0.0:9696"}, "is not a loopback address"},
		{"a port in use", []string{"--cloud-file", cloud, "--listen", taken.Addr().String()}, "another program has the port"},
		{"a port of metrics in use", []string{"--cloud-file", cloud, "--listen", "127.0.0.1:0", "--metrics-listen", taken.Addr().String()}, "another program has the port"},
		{"no authority for Neutron", []string{"--cloud-file", cloud, "--listen", "127.0.0.1:0", "--database", "sqlite::memory:", "--neutron-url", "https://x", "--neutron-ca", "/nowhere.pem"}, "/nowhere.pem"},
		{"no folder for the database", []string{"--cloud-file", cloud, "--listen", "127.0.0.1:0", "--database", "sqlite:/nowhere/x.db"}, "/nowhere/x.db"},
		{"an unknown flag", []string{"--lisen", "x"}, "unknown flag: --lisen"},
		{"a stray word", []string{"now"}, "unknown command"},
		{"a configuration that is not there", []string{"--config", "/nowhere.yaml"}, "/nowhere.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := command()
			cmd.SetArgs(append([]string{"--metrics-listen", "127.0.0.1:0"}, c.args...))
			if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}
