package control

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// Behind HAProxy, as the example in docs configures it, clients do not see that a
// server dies.
func TestServersBehindHAProxy(t *testing.T) {
	w := &world{t, controlplane.New(t, controlplane.Config{
		Database: testenv.StartPostgres(t).NewDatabase(t).URL(), Dir: t.TempDir(), Servers: 2, Switches: 1,
	})}
	leads, _ := w.Leader(t)
	front := &controlplane.Server{Client: w.balanced()}
	gateway := w.gateway(front, 0)
	first := w.connect(front, gateway, 0)
	w.is(soon, front, first, "ACTIVE")
	leads.Kill(t)
	for i := range 60 {
		if _, err := front.Show(t.Context(), "l2_gateway_connection", first); err != nil {
			t.Fatalf("request %d after a server has died: %v", i, err)
		}
	}
	w.connect(front, gateway, 1)
	w.holds(takeover, 0, 0, 1)
}

// balanced starts HAProxy in front of the servers, and gives a client of it.
func (w *world) balanced() *rest.Client {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "examples", "haproxy-servers.cfg"))
	if err != nil {
		w.t.Fatal(err)
	}
	addr := fmt.Sprint("127.0.0.1:", testenv.FreePort(w.t))
	cfg := strings.Replace(string(text), "bind 127.0.0.1:9696", "bind "+addr, 1)
	for i := range w.Servers {
		line := fmt.Sprintf("server controller-%d 192.0.2.1%d:9696 port 9796", i+1, i+1)
		if !strings.Contains(cfg, line) {
			w.t.Fatalf("the example lacks %q", line)
		}
		_, port, err := net.SplitHostPort(w.setting(i, "metrics_listen"))
		if err != nil {
			w.t.Fatal(err)
		}
		cfg = strings.Replace(cfg, line, fmt.Sprintf("server controller-%d %s port %s", i+1, w.setting(i, "listen"), port), 1)
	}
	cfg = regexp.MustCompile(`(?m)^ *server controller-3 .*$`).ReplaceAllString(cfg, "")
	file := filepath.Join(w.Dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(cfg), 0o600); err != nil {
		w.t.Fatal(err)
	}
	client := rest.New("http://"+addr, (&net.Dialer{}).DialContext)
	p := &testenv.Program{
		Name: "haproxy (Debian package haproxy)", Log: filepath.Join(w.Dir, "haproxy.log"), Within: soon,
		Command: func() *exec.Cmd { return exec.Command("/usr/sbin/haproxy", "-db", "-f", file) },
		Ready: func() error {
			_, err := client.List(w.t.Context(), "l2_gateway")
			return err
		},
	}
	p.Run(w.t)
	return client
}

// setting gives what a server's configuration has for a key.
func (w *world) setting(i int, key string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, fmt.Sprintf("server%d.yaml", i)))
	if err != nil {
		w.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + key + `: "(.*)"$`).FindSubmatch(text)
	if found == nil {
		w.t.Fatalf("server %d has no %s:\n%s", i, key, text)
	}
	return string(found[1])
}
