package control

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// Nothing between the parts goes without TLS, with the certificates that the
// example in docs makes: the database, RabbitMQ, a switch that is dialled and one
// that dials in. An agent that has the wrong authority lives and does not reach
// the switch, which then is another's.
func TestTheControlPlaneByTLS(t *testing.T) {
	for name, start := range map[string]func(testing.TB, testenv.TLSFiles) *testenv.DatabaseServer{
		"postgresql": testenv.StartPostgresWithTLS,
		"mariadb":    testenv.StartMariaDBWithTLS,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecured(t)
			db := start(t, s.control("127.0.0.1")).NewDatabase(t).URL()
			s.refuses(verified(t, db, s.control("server").CA), verified(t, db, s.wrong("server").CA))
			s.serve(verified(t, db, s.control("server").CA))
		})
	}
}

// secured is a control plane by TLS.
type secured struct {
	t   *testing.T
	dir string
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{t: t, dir: t.TempDir()}
	for authority, names := range map[string][]string{
		"control":  {"127.0.0.1", "server", "agent"},
		"switches": {"127.0.0.1", "agent", "gw-1"},
		"wrong":    {"server", "agent"},
	} {
		if err := os.Mkdir(s.file(authority), 0o700); err != nil {
			t.Fatal(err)
		}
		script := filepath.Join("..", "..", "docs", "examples", "certificates.sh")
		if out, err := exec.Command(script, append([]string{s.file(authority)}, names...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s (Debian package openssl): %v: %s", script, err, out)
		}
	}
	return s
}

func (s *secured) file(name string) string { return filepath.Join(s.dir, name) }

func (s *secured) issued(authority, name string) testenv.TLSFiles {
	at := func(file string) string { return filepath.Join(s.file(authority), file) }
	return testenv.TLSFiles{CA: at("ca.pem"), Cert: at(name + ".pem"), Key: at(name + "-key.pem")}
}

func (s *secured) control(name string) testenv.TLSFiles  { return s.issued("control", name) }
func (s *secured) switches(name string) testenv.TLSFiles { return s.issued("switches", name) }
func (s *secured) wrong(name string) testenv.TLSFiles    { return s.issued("wrong", name) }

// verified is a database's URL with its certificate checked by an authority.
func verified(t *testing.T, dsn, ca string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme == "mysql" {
		q.Set("ssl_ca", ca)
	} else {
		q.Set("sslmode", "verify-full")
		q.Set("sslrootcert", ca)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *secured) write(name, text string) string {
	s.t.Helper()
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.file(name)
}

// refuses looks at what the program says of a database with another authority's
// certificate.
func (s *secured) refuses(good, bad string) {
	s.t.Helper()
	version := func(dsn string) (string, error) {
		file := s.write("version.yaml", fmt.Sprintf("database: '%s'\ncloud: {file: /nowhere}\n", strings.ReplaceAll(dsn, "'", "''")))
		out, err := exec.Command(filepath.Join(testenv.Programs(), "landbridge-server"), "db", "version", "--config", file).CombinedOutput()
		return string(out), err
	}
	if out, err := version(good); err != nil {
		s.t.Errorf("the right authority: %v: %s", err, out)
	}
	out, err := version(bad)
	if err == nil || !strings.Contains(out, "certificate signed by unknown authority") || strings.Contains(out, testenv.DatabasePassword) {
		s.t.Errorf("another authority: %v: %s", err, out)
	}
}

// program starts one of the programs.
func (s *secured) program(name, binary, config, metrics string) *testenv.Program {
	s.t.Helper()
	file := s.write(name+".yaml", fmt.Sprintf("metrics_listen: %s\n", metrics)+config)
	p := &testenv.Program{
		Name: name, Log: s.file(name + ".log"), Within: soon,
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(testenv.Programs(), binary), "--config", file)
		},
		Ready: func() error { return ready(metrics) },
	}
	p.Run(s.t)
	return p
}

func ready(metrics string) error {
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + metrics + "/readyz")
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return errors.Join(err, res.Body.Close())
}

// bus names RabbitMQ for who has a certificate.
func (s *secured) bus(rabbit *testenv.RabbitMQ, files testenv.TLSFiles) string {
	u := url.URL{
		Scheme: "rabbit", User: url.UserPassword(testenv.RabbitMQUser, testenv.RabbitMQPassword),
		Host: fmt.Sprint("127.0.0.1:", rabbit.TLSPort), Path: "/landbridge",
		RawQuery: url.Values{"ssl": {"1"}, "ssl_ca_file": {files.CA}, "ssl_cert_file": {files.Cert}, "ssl_key_file": {files.Key}}.Encode(),
	}
	return "'" + strings.ReplaceAll(u.String(), "'", "''") + "'"
}

// agent starts one that checks the switches' certificates by an authority.
func (s *secured) agent(host string, rabbit *testenv.RabbitMQ, switches, ca string) {
	s.t.Helper()
	ours := s.switches("agent")
	s.program(host, "landbridge-agent", fmt.Sprintf(
		"host: %s\ntransport_url: %s\nswitches: [%s]\ntls: {ca: %q, certificate: %q, private_key: %q}\n",
		host, s.bus(rabbit, s.control("agent")), switches, ca, ours.Cert, ours.Key), fmt.Sprint("127.0.0.1:", testenv.FreePort(s.t)))
}

func (s *secured) serve(dsn string) {
	s.t.Helper()
	broker := s.control("127.0.0.1")
	rabbit := testenv.StartRabbitMQ(s.t, testenv.RabbitMQConfig{TLS: &broker})
	rabbit.AddVHost(s.t, "landbridge")
	dialled := testenv.StartOVSDB(s.t, testenv.WithTLS(s.switches("127.0.0.1")))
	dialled.VTEPCtl(s.t, "add-ps", "sw0", "--", "set", "Physical_Switch", "sw0", "tunnel_ips=10.0.0.100")

	listen := fmt.Sprint("127.0.0.1:", testenv.FreePort(s.t))
	s.program("server", "landbridge-server", fmt.Sprintf(
		"listen: %s\ndatabase: '%s'\ncloud: {file: %q}\ncontrol: {transport_url: %s}\n", listen, strings.ReplaceAll(dsn, "'", "''"),
		s.write("cloud.yaml", controlplane.Cloud()), s.bus(rabbit, s.control("server"))), fmt.Sprint("127.0.0.1:", testenv.FreePort(s.t)))
	api := rest.New("http://"+listen, (&net.Dialer{}).DialContext)

	first := s.connect(api, "sw0", 0)
	s.agent("h0", rabbit, `"`+dialled.SSL+`"`, s.wrong("agent").CA)
	s.is(api, first, "DOWN", "certificate", "(agent h0)")
	port := testenv.FreePort(s.t)
	s.agent("h1", rabbit, fmt.Sprintf(`"%s", "pssl:%d:127.0.0.1"`, dialled.SSL, port), s.switches("agent").CA)
	s.is(api, first, "ACTIVE")

	caller := testenv.StartOVSDB(s.t, testenv.WithManagers(), testenv.WithTLS(s.switches("gw-1")))
	caller.VTEPCtl(s.t, "add-ps", "sw1", "--", "set", "Physical_Switch", "sw1", "tunnel_ips=10.0.0.101",
		"--", "set-manager", fmt.Sprintf("ssl:127.0.0.1:%d", port))
	second := s.connect(api, "sw1", 1)
	s.is(api, second, "ACTIVE")
	for i, o := range []*testenv.OVSDB{dialled, caller} {
		rows := o.Rows(s.t, "Logical_Switch")
		if len(rows) != 1 || rows[0]["name"] != "landbridge/"+controlplane.NetworkID(i) {
			s.t.Errorf("switch %d has %v", i, rows)
		}
	}
}

// connect connects the n-th network to a gateway of one switch.
func (s *secured) connect(api *rest.Client, device string, n int) string {
	s.t.Helper()
	gw, err := api.Create(s.t.Context(), "l2_gateway", rest.Object{"name": device, "devices": []any{map[string]any{"device_name": device}}})
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := api.Create(s.t.Context(), "l2_gateway_connection", rest.Object{"l2_gateway_id": gw.ID(), "network_id": controlplane.NetworkID(n)})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID()
}

// is waits until a connection has a status.
func (s *secured) is(api *rest.Client, id, status string, says ...string) {
	s.t.Helper()
	testenv.Eventually(s.t, 2*soon, "status "+status, func() error {
		o, err := api.Show(s.t.Context(), "l2_gateway_connection", id)
		if err != nil {
			return err
		}
		for _, word := range says {
			if !strings.Contains(o.Reason(), word) {
				return fmt.Errorf("%s: %s lacks %q", o.Status(), o.Reason(), word)
			}
		}
		if o.Status() != status {
			return fmt.Errorf("it is %s: %s", o.Status(), o.Reason())
		}
		return nil
	})
}
