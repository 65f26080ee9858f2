//go:build openstack

package openstack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
)

// answer is what a server has said.
type answer struct {
	Status    int
	Challenge string // WWW-Authenticate
	Body      string
}

// call does one request with a token, at Landbridge unless the path is a whole
// URL.
func (w *world) call(t *testing.T, token, method, path string, body any) answer {
	t.Helper()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		must(t, err)
		sent = bytes.NewReader(text)
	}
	if strings.HasPrefix(path, "/") {
		path = serverURL + path
	}
	request, err := http.NewRequestWithContext(t.Context(), method, path, sent)
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	response, err := w.HTTP().Do(request)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return answer{response.StatusCode, response.Header.Get("WWW-Authenticate"), string(text)}
}

// expect does a request that has to be answered with a status and a text.
func (w *world) expect(t *testing.T, status int, part, token, method, path string, body any) answer {
	t.Helper()
	a := w.call(t, token, method, path, body)
	if a.Status != status || !strings.Contains(a.Body, part) {
		t.Errorf("%s %s %v: %d %s\nwanted %d with %q", method, path, body, a.Status, a.Body, status, part)
	}
	return a
}

// object is the attributes of a resource.
type object map[string]any

func (o object) id() string {
	id, _ := o["id"].(string)
	return id
}

// create makes an object, which must work.
func (w *world) create(t *testing.T, token, kind string, attributes object) object {
	t.Helper()
	a := w.expect(t, http.StatusCreated, "", token, http.MethodPost, pathOf(kind), map[string]object{kind: attributes})
	var made map[string]object
	must(t, json.Unmarshal([]byte(a.Body), &made))
	return made[kind]
}

// pathOf is the path of the collection of a kind: "l2_gateway".
func pathOf(kind string) string { return "/v2.0/" + strings.ReplaceAll(kind, "_", "-") + "s" }

// network makes a network of Neutron and gives its id.
func (w *world) network(t *testing.T, u openstack.User, name string) string {
	t.Helper()
	a := w.expect(t, http.StatusCreated, "", w.Keystone.Token(t, u), http.MethodPost, openstack.NeutronURL+"/v2.0/networks",
		map[string]object{"network": {"name": name}})
	var made map[string]object
	must(t, json.Unmarshal([]byte(a.Body), &made))
	return made["network"].id()
}

// gateway makes a gateway that has a name of the test's.
func (w *world) gateway(t *testing.T, token, name string) object {
	t.Helper()
	return w.create(t, token, "l2_gateway", object{"name": name, "devices": []object{{"device_name": "border"}}})
}
