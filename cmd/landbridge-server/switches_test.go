package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// metric tells whether the program shows a line of metrics.
func (p *program) metric(line string) error {
	resp, err := http.Get("http://" + p.metrics + "/metrics")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && !strings.Contains(string(text), line+"\n") {
		err = fmt.Errorf("no line %s", line)
	}
	return err
}

func TestSwitchesDialIn(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	authority := testenv.NewAuthority(t)
	ours, port := authority.Issue(t, "server"), testenv.FreePort(t)
	p := newProgram(t)
	if err := os.WriteFile(p.file("server.yaml"), fmt.Appendf(nil, `
switch_certificates:
  - {certificate: gw-1, switches: [border-1]}
tls: {ca: %q, certificate: %q, private_key: %q}
`, ours.CA, ours.Cert, ours.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	p.more = []string{"--config", p.file("server.yaml"), "--switch", fmt.Sprintf("pssl:%d:127.0.0.1", port)}
	p.start()
	db := testenv.StartOVSDB(t, testenv.WithManagers(), testenv.WithTLS(authority.Issue(t, "gw-1")))
	db.VTEPCtl(t, "add-ps", "border-1", "--", "set-manager", fmt.Sprintf("ssl:127.0.0.1:%d", port))
	testenv.Eventually(t, 20*time.Second, "the switch is in use", func() error {
		return p.metric(`landbridge_server_switch_database_in_use{database="switch:border-1"} 1`)
	})
}
