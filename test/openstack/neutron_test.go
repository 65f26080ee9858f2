//go:build openstack

package openstack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
)

// testAsNeutron asks Neutron and Landbridge the same, each of an object of its
// own: clients have to see one API.
func testAsNeutron(t *testing.T, w *world) {
	w.serveKeystone(t)
	admin := w.Keystone.Token(t, w.admin)
	ours := w.create(t, admin, "l2_remote_gateway", object{"name": "as", "ipaddr": "198.51.100.7"})
	pairs := pair{
		theirs: kind{openstack.NeutronURL + "/v2.0/networks", "network", "Network", w.network(t, w.admin, "as")},
		ours:   kind{serverURL + "/v2.0/l2-remote-gateways", "l2_remote_gateway", "L2RemoteGateway", ours.id()},
	}
	for _, token := range []string{"", "garbage"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			theirs, ours := w.call(t, token, method, pairs.theirs.path, nil), w.call(t, token, method, pairs.ours.path, nil)
			if theirs.Status != ours.Status || theirs.Challenge != ours.Challenge || theirs.Body != indented(ours.Body) {
				t.Errorf("%s with the token %q: Neutron %+v, we %+v", method, token, theirs, ours)
			}
		}
	}
	for _, c := range []struct {
		method, path string
		body         object
	}{
		{http.MethodGet, "/nothing", nil},
		{http.MethodDelete, "/nothing", nil},
		{http.MethodPut, "/nothing", object{"name": "x"}},
		{http.MethodPost, "", object{"id": "x"}},
		{http.MethodPost, "", object{"colour": "blue"}},
		{http.MethodPost, "", object{"name": 7}},
		{http.MethodPut, "/ID", object{"project_id": w.tenant}},
		{http.MethodPut, "/ID", object{"revision_number": 7}},
		{http.MethodPatch, "", nil},
		{http.MethodGet, "?limit=x", nil},
		{http.MethodGet, "?sort_key=colour&sort_dir=asc", nil},
		{http.MethodGet, "?marker=nothing&limit=1", nil},
		{http.MethodGet, "?colour=blue", nil},
	} {
		w.alike(t, pairs, admin, c.method, c.path, c.body)
	}
	theirs, we := w.call(t, "", http.MethodGet, openstack.NeutronURL+"/", nil), w.call(t, "", http.MethodGet, "/", nil)
	if strings.ReplaceAll(theirs.Body, openstack.NeutronURL, serverURL) != indented(we.Body) {
		t.Errorf("versions: Neutron %s, we %s", theirs.Body, we.Body)
	}
	w.expect(t, http.StatusNoContent, "", admin, http.MethodDelete, pathOf("l2_remote_gateway")+"/"+ours.id(), nil)
}

// indented writes JSON with spaces, as Python does.
func indented(text string) string {
	return strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(text)
}

type kind struct{ path, singular, camel, id string }

type pair struct{ theirs, ours kind }

// alike wants the same status, and the same type of error.
func (w *world) alike(t *testing.T, p pair, token, method, path string, attributes object) {
	t.Helper()
	ask := func(k kind) (status int, typ, text string) {
		var body any
		if attributes != nil {
			body = map[string]object{k.singular: attributes}
		}
		a := w.call(t, token, method, k.path+strings.ReplaceAll(path, "ID", k.id), body)
		var e struct {
			NeutronError struct{ Type, Message string }
		}
		_ = json.Unmarshal([]byte(a.Body), &e) // what is no error has no type
		// What is missing is named by its kind.
		return a.Status, strings.ReplaceAll(e.NeutronError.Type, k.camel, "Resource"), a.Body
	}
	status, typ, text := ask(p.theirs)
	ourStatus, ourType, ourText := ask(p.ours)
	if status != ourStatus || typ != ourType {
		t.Errorf("%s %s %v: Neutron %d %s\nwe %d %s", method, path, attributes, status, text, ourStatus, ourText)
	}
}
