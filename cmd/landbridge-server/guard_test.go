package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// startKeystone answers for the tokens "admin" and "member", of project p.
func startKeystone(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, role string, status int) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"token":{"expires_at":"2999-01-01T00:00:00.000000Z","user":{"id":"user-of-%s"},"project":{"id":"p"},"roles":[{"name":%q}]}}`, role, role)
	}
	mux.HandleFunc("POST /v3/auth/tokens", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Subject-Token", "ours")
		answer(w, "service", http.StatusCreated)
	})
	mux.HandleFunc("GET /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Subject-Token")
		if token != "admin" && token != "member" {
			http.NotFound(w, r)
			return
		}
		answer(w, token, http.StatusOK)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// guarded is a program that asks a Keystone, over TLS.
type guarded struct {
	*program
	client *http.Client
}

func newGuarded(t *testing.T, policy string) guarded {
	t.Helper()
	p := newProgram(t)
	files := testenv.NewAuthority(t).Issue(t, "api")
	pem, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	p.write("password", "pw\n")
	p.write("policy.yaml", policy)
	p.more = []string{
		"--auth-strategy", "keystone", "--keystone-url", startKeystone(t), "--keystone-password-file", p.file("password"),
		"--policy-file", p.file("policy.yaml"), "--api-tls-certificate", files.Cert, "--api-tls-private-key", files.Key,
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	g := guarded{p, &http.Client{Transport: transport, Timeout: 10 * time.Second}}
	p.run()
	p.ready()
	return g
}

func (p *program) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// ask does a request with a token, "" for none.
func (g guarded) ask(token, method, path, body string) (int, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, "https://"+g.addr+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	res, err := g.client.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (g guarded) expect(token, method, path, body string, status int, part string) {
	g.t.Helper()
	if got, text := g.ask(token, method, path, body); got != status || !strings.Contains(text, part) {
		g.t.Errorf("%s %s with token %q: %d %s, wanted %d with %s", method, path, token, got, text, status, part)
	}
}

func TestKeystoneAndPolicy(t *testing.T) {
	const remote = `{"l2_remote_gateway":{"ipaddr":"203.0.113.2"}}`
	g := newGuarded(t, "")
	g.expect("", "GET", "/", "", 200, `"https://`+g.addr+`/v2.0/"`)
	g.expect("", "GET", "/v2.0/l2-remote-gateways", "", 401, `"title":"Unauthorized"`)
	g.expect("made-up", "POST", "/v2.0/l2-remote-gateways", remote, 401, "requires authentication")
	g.expect("member", "GET", "/v2.0/l2-remote-gateways", "", 403, "rule:get_l2_remote_gateway is disallowed by policy")
	g.expect("member", "POST", "/v2.0/l2-remote-gateways", remote, 403, "PolicyNotAuthorized")
	g.expect("admin", "POST", "/v2.0/l2-remote-gateways", remote, 201, `"project_id":"p"`)

	g.write("policy.yaml", `get_l2_remote_gateway: "rule:admin_or_service or rule:owner"`)
	testenv.Eventually(t, 10*time.Second, "the new policy", func() error {
		if status, text := g.ask("member", "GET", "/v2.0/l2-remote-gateways", ""); status != 200 || !strings.Contains(text, "203.0.113.2") {
			return fmt.Errorf("%d %s", status, text)
		}
		return nil
	})
	g.expect("member", "POST", "/v2.0/l2-remote-gateways", remote, 403, "PolicyNotAuthorized")

	if _, text := get(t, "http://"+g.metrics+"/metrics"); !strings.Contains(text, "landbridge_server_keystone_up 1") ||
		!strings.Contains(text, `landbridge_server_tokens_total{result="invalid"} 1`) {
		t.Errorf("the metrics lack tokens: %s", text)
	}
}

func TestPolicyCommand(t *testing.T) {
	out, err := said(t, "policy")
	if err != nil || !strings.Contains(out, `"create_l2_gateway": "rule:admin_or_service"`) {
		t.Errorf("%v: %s", err, out)
	}
	p := &program{t: t, dir: t.TempDir()}
	p.write("policy.yaml", `get_l2_gateway: "role:x"`)
	if out, err = said(t, "policy", "--policy-file", p.file("policy.yaml")); err != nil || !strings.Contains(out, `"get_l2_gateway": "role:x"`) {
		t.Errorf("%v: %s", err, out)
	}
	p.write("policy.yaml", `get_l2_gateway: "role"`)
	if _, err = said(t, "policy", "--policy-file", p.file("policy.yaml")); err == nil || !strings.Contains(err.Error(), "policy.yaml:1: get_l2_gateway") {
		t.Error(err)
	}
}

func TestWhatIsWrongAtTheStart(t *testing.T) {
	p := newProgram(t)
	p.write("bad.yaml", "get_l2_gateway: '(('\n")
	p.write("pw", "x")
	keystone := []string{"--auth-strategy", "keystone", "--keystone-url", "http://127.0.0.1:1", "--keystone-password-file", p.file("pw")}
	for want, args := range map[string][]string{
		"bad.yaml:1":             append(keystone, "--policy-file", p.file("bad.yaml")),
		"no such file":           append(keystone, "--policy-file", p.file("none")),
		"api_tls: certificate":   {"--api-tls-certificate", p.file("pw"), "--api-tls-private-key", p.file("pw")},
		"is not a loopback":      {"--listen", "0.0.0.0:0"},
		"read the authority of":  append(keystone, "--keystone-url", "https://127.0.0.1:1", "--keystone-ca", p.file("none")),
		"auth.strategy keystone": {"--keystone-url", "http://127.0.0.1:1", "--keystone-password-file", p.file("pw")},
	} {
		args = append([]string{"--listen", "127.0.0.1:0", "--metrics-listen", "none", "--cloud-file", p.file("cloud.yaml"), "--database", "sqlite:" + p.file("x.db")}, args...)
		if _, err := said(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, wanted %q", args, err, want)
		}
	}
}
