package endpoint_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/cli/endpoint"
	"landbridge/internal/cli/rest"
)

// keystone is as much of Keystone as a client sees.
type keystone struct {
	*httptest.Server
	asked  []string // the auth part of the requests for tokens
	issued int
}

func newKeystone(t *testing.T) *keystone {
	t.Helper()
	k := &keystone{}
	k.Server = httptest.NewServer(http.HandlerFunc(k.serve))
	t.Cleanup(k.Close)
	return k
}

func (k *keystone) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v3/auth/tokens" {
		_, _ = fmt.Fprintf(w, `{"versions":{"values":[{"id":"v3.14","status":"stable","links":[{"rel":"self","href":"%s/v3/"}]}]}}`, k.URL)
		return
	}
	body, _ := io.ReadAll(r.Body)
	k.asked = append(k.asked, string(body))
	w.Header().Set("Content-Type", "application/json")
	if !strings.Contains(string(body), "hush") {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"code":401,"message":"The request you have made\nrequires authentication.","title":"Unauthorized"}}`)
		return
	}
	k.issued++
	w.Header().Set("X-Subject-Token", fmt.Sprintf("token-%d", k.issued))
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"token":{"methods":["password"],"expires_at":"2099-01-01T00:00:00.000000Z","catalog":[
		{"type":"network","name":"neutron","endpoints":[
			{"interface":"public","region":"one","region_id":"one","url":"http://neutron.one/"},
			{"interface":"internal","region":"one","region_id":"one","url":"http://inside.one/"},
			{"interface":"public","region":"two","region_id":"two","url":"http://neutron.two/"}]},
		{"type":"l2-gateway","name":"landbridge","endpoints":[
			{"interface":"public","region":"one","region_id":"one","url":"http://landbridge.one/"}]}]}}`)
}

// open finds the clients in an environment of its own.
func open(t *testing.T, o endpoint.Options, env map[string]string) (endpoint.Clients, error) {
	t.Helper()
	o.Getenv = func(name string) string { return env[name] }
	if o.ServiceType == "" {
		o.ServiceType = "network"
	}
	return endpoint.Open(t.Context(), o)
}

// shown is what was found, in one line.
func shown(c endpoint.Clients) string {
	token := "no token"
	if c.API.Tokens != nil {
		token = c.API.Tokens.Token()
	}
	return c.API.Base + " " + c.Networks.Base + " " + token
}

func TestWithoutAuthentication(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	write(t, file, `clouds:
  bare: {auth_type: none, auth: {}}
  pointed: {auth_type: none, auth: {endpoint: "http://pointed:9696"}}
  overridden: {auth_type: none, network_endpoint_override: "http://overridden:9696", auth: {}}
  full: {auth: {auth_url: "http://127.0.0.1:1", username: u, password: 123}}
`)
	for _, c := range []struct {
		o    endpoint.Options
		env  map[string]string
		want string
	}{
		{endpoint.Options{}, nil, "http://127.0.0.1:9696"},
		{endpoint.Options{}, map[string]string{"OS_ENDPOINT": "http://a:9696/v2.0"}, "http://a:9696"},
		{endpoint.Options{Endpoint: "http://b:9696"}, map[string]string{"OS_ENDPOINT": "http://a:9696"}, "http://b:9696"},
		{endpoint.Options{AuthType: "none"}, map[string]string{"OS_AUTH_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:9696"},
		{endpoint.Options{}, map[string]string{"OS_AUTH_URL": "http://127.0.0.1:1", "OS_AUTH_TYPE": "none"}, "http://127.0.0.1:9696"},
		{endpoint.Options{Cloud: "bare"}, nil, "http://127.0.0.1:9696"},
		{endpoint.Options{}, map[string]string{"OS_CLOUD": "pointed"}, "http://pointed:9696"},
		{endpoint.Options{Cloud: "overridden"}, nil, "http://overridden:9696"},
		{endpoint.Options{Cloud: "overridden", Endpoint: "http://b:9696"}, nil, "http://b:9696"},
		{endpoint.Options{Cloud: "full", AuthType: "none"}, nil, "http://127.0.0.1:9696"},
	} {
		env := map[string]string{"OS_CLIENT_CONFIG_FILE": file}
		maps.Copy(env, c.env)
		got, err := open(t, c.o, env)
		if err != nil {
			t.Errorf("%+v, %v: %v", c.o, c.env, err)
			continue
		}
		if want := c.want + " " + c.want + " no token"; shown(got) != want {
			t.Errorf("%+v, %v gave %s, wanted %s", c.o, c.env, shown(got), want)
		}
	}
}

func TestKeystone(t *testing.T) {
	k := newKeystone(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "clouds.yaml")
	write(t, file, `clouds:
  named:
    region_name: two
    auth: {auth_url: "`+k.URL+`/v3", username: admin, project_name: admin, user_domain_name: D, project_domain_name: E}
`)
	write(t, filepath.Join(dir, "secure.yaml"), "clouds: {named: {auth: {password: hush}}}\n")
	rc := map[string]string{"OS_AUTH_URL": k.URL, "OS_USERNAME": "admin", "OS_PASSWORD": "hush", "OS_PROJECT_NAME": "admin"}
	with := func(more ...string) map[string]string {
		out := maps.Clone(rc)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	for _, c := range []struct {
		name string
		o    endpoint.Options
		env  map[string]string
		want string
		auth string
	}{
		{"variables", endpoint.Options{}, rc, "http://neutron.one http://neutron.one", `"domain":{"id":"default"},"name":"admin","password":"hush"`},
		{"domains", endpoint.Options{}, with("OS_USER_DOMAIN_NAME", "D", "OS_PROJECT_DOMAIN_NAME", "E"), "http://neutron.one http://neutron.one", `"scope":{"project":{"domain":{"name":"E"},"name":"admin"}}`},
		{"region", endpoint.Options{Region: "two"}, rc, "http://neutron.two http://neutron.two", ``},
		{"interface", endpoint.Options{}, with("OS_INTERFACE", "internal"), "http://inside.one http://inside.one", ``},
		{"service", endpoint.Options{ServiceType: "l2-gateway"}, rc, "http://landbridge.one http://neutron.one", ``},
		{"endpoint", endpoint.Options{Endpoint: "http://b:9696"}, rc, "http://b:9696 http://neutron.one", ``},
		{"endpoint, no network service", endpoint.Options{Endpoint: "http://b:9696", Region: "three"}, rc, "http://b:9696 http://b:9696", ``},
		{
			"application credential",
			endpoint.Options{},
			map[string]string{"OS_AUTH_URL": k.URL, "OS_APPLICATION_CREDENTIAL_ID": "a", "OS_APPLICATION_CREDENTIAL_SECRET": "hush"},
			"http://neutron.one http://neutron.one", `"application_credential":{"id":"a","secret":"hush"}`,
		},
		{
			"clouds.yaml and secure.yaml",
			endpoint.Options{Cloud: "named"},
			map[string]string{"OS_CLIENT_CONFIG_FILE": file},
			"http://neutron.two http://neutron.two", `"domain":{"name":"D"},"name":"admin","password":"hush"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := open(t, c.o, c.env)
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("%s token-%d", c.want, k.issued); shown(got) != want {
				t.Errorf("gave %s, wanted %s", shown(got), want)
			}
			if asked := compact(t, k.asked[len(k.asked)-1]); !strings.Contains(asked, c.auth) {
				t.Errorf("asked with %s, wanted %s in it", asked, c.auth)
			}
		})
	}
}

// compact sorts the members of a JSON text.
func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestRenewal checks that a long run outlives its token.
func TestRenewal(t *testing.T) {
	k := newKeystone(t)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != "token-2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"boats":[]}`)
	}))
	defer api.Close()
	c, err := open(t, endpoint.Options{Endpoint: api.URL}, map[string]string{
		"OS_AUTH_URL": k.URL + "/v3", "OS_USERNAME": "admin", "OS_PASSWORD": "hush", "OS_PROJECT_NAME": "admin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.API.List(t.Context(), rest.Resource{Plural: "boats", Path: "boats"}, nil, 0); err != nil {
		t.Error(err)
	}
}

func TestProblems(t *testing.T) {
	k := newKeystone(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "clouds.yaml")
	write(t, file, "clouds: {empty: {}, other: {auth: {}}}\n")
	ruined := filepath.Join(dir, "ruined.yaml")
	write(t, ruined, "clouds: [\n")
	for _, c := range []struct {
		name string
		o    endpoint.Options
		env  map[string]string
		want string
	}{
		{"wrong password", endpoint.Options{}, map[string]string{"OS_AUTH_URL": k.URL, "OS_USERNAME": "a", "OS_PASSWORD": "b"}, "no token from Keystone (" + k.URL + "): The request you have made requires authentication. (401)"},
		{"nobody there", endpoint.Options{}, map[string]string{"OS_AUTH_URL": "http://127.0.0.1:1", "OS_USERNAME": "a", "OS_PASSWORD": "b"}, "connection refused"},
		{"no such service", endpoint.Options{ServiceType: "yacht"}, map[string]string{"OS_AUTH_URL": k.URL, "OS_USERNAME": "a", "OS_PASSWORD": "hush"}, `the catalogue has no public endpoint of type "yacht": give`},
		{"no such region", endpoint.Options{Region: "three"}, map[string]string{"OS_AUTH_URL": k.URL, "OS_USERNAME": "a", "OS_PASSWORD": "hush"}, `of type "network" in region three`},
		{"no Keystone", endpoint.Options{AuthType: "password"}, nil, "no address of Keystone: set OS_AUTH_URL"},
		{"no such cloud", endpoint.Options{Cloud: "x"}, map[string]string{"OS_CLIENT_CONFIG_FILE": file}, `clouds.yaml has no cloud "x"`},
		{"no auth", endpoint.Options{Cloud: "empty"}, map[string]string{"OS_CLIENT_CONFIG_FILE": file}, "has no section auth"},
		{"no URL", endpoint.Options{Cloud: "other"}, map[string]string{"OS_CLIENT_CONFIG_FILE": file}, "no address of Keystone"},
		{"ruined", endpoint.Options{Cloud: "x"}, map[string]string{"OS_CLIENT_CONFIG_FILE": ruined}, "clouds.yaml: "},
		{"no file", endpoint.Options{Cloud: "x"}, map[string]string{"OS_CLIENT_CONFIG_FILE": dir + "/none"}, "there is no clouds.yaml; looked for " + dir + "/none"},
		{"no file anywhere", endpoint.Options{Cloud: "x"}, map[string]string{"HOME": dir}, dir + "/.config/openstack/clouds.yaml"},
		{"bad endpoint", endpoint.Options{Endpoint: "here"}, nil, `the endpoint "here" is not a URL`},
		{"no CA", endpoint.Options{CACert: dir + "/none"}, nil, dir + "/none"},
		{"a CA that is none", endpoint.Options{CACert: file}, nil, "failed to parse the CA Cert"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t, c.o, c.env)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("gave %v, wanted %q", err, c.want)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"boats":[]}`) }))
	api.Config.ErrorLog = log.New(io.Discard, "", 0)
	api.StartTLS()
	defer api.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})))
	for _, c := range []struct {
		o    endpoint.Options
		env  map[string]string
		want string
	}{
		{endpoint.Options{}, nil, "certificate signed by unknown authority"},
		{endpoint.Options{CACert: ca}, nil, ""},
		{endpoint.Options{}, map[string]string{"OS_CACERT": ca}, ""},
		{endpoint.Options{Insecure: true}, nil, ""},
	} {
		c.o.Endpoint = api.URL
		clients, err := open(t, c.o, c.env)
		if err != nil {
			t.Fatal(err)
		}
		_, err = clients.API.List(t.Context(), rest.Resource{Plural: "boats", Path: "boats"}, nil, 0)
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v gave %v, wanted %q", c.o, err, c.want)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
