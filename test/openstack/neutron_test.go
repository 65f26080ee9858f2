//go:build openstack

package openstack

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
)

// kind is a kind of objects in one of the two APIs, with one of its objects.
type kind struct {
	path            string // of the collection, with the server
	singular, camel string // as bodies and errors write it
	required        object // on create
	one             object
}

// pair is what is asked alike of Neutron and of Landbridge.
type pair struct{ theirs, ours kind }

// testAsNeutron asks Neutron and Landbridge the same, each of an object of its
// own: clients have to see one API.
func testAsNeutron(t *testing.T, w *world) {
	w.serveKeystone(t)
	admin := w.Keystone.Token(t, w.admin)
	p := pair{
		kind{openstack.NeutronURL + "/v2.0/networks", "network", "Network", nil, object{"id": w.network(t, w.admin, "as")}},
		kind{
			serverURL + "/v2.0/l2-remote-gateways", "l2_remote_gateway", "L2RemoteGateway",
			object{"ipaddr": "198.51.100.8"},
			w.create(t, admin, "l2_remote_gateway", object{"ipaddr": "198.51.100.7"}),
		},
	}
	w.refusedAlike(t, p)
	w.faultsAlike(t, p, admin)
	w.quotasAlike(t, p, admin)
	theirs, ours := w.call(t, "", http.MethodGet, openstack.NeutronURL+"/", nil), w.call(t, "", http.MethodGet, "/", nil)
	if strings.ReplaceAll(theirs.Body, openstack.NeutronURL, serverURL) != indented(ours.Body) {
		t.Errorf("versions: Neutron %s, we %s", theirs.Body, ours.Body)
	}
}

// refusedAlike: who has no good token gets the same answers, to the letter.
func (w *world) refusedAlike(t *testing.T, p pair) {
	t.Helper()
	for _, token := range []string{"", "garbage"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodOptions} {
			theirs, ours := w.call(t, token, method, p.theirs.path, nil), w.call(t, token, method, p.ours.path, nil)
			ours.Body = indented(ours.Body)
			if theirs != ours {
				t.Errorf("%s with the token %q: Neutron %+v, we %+v", method, token, theirs, ours)
			}
		}
	}
}

func (w *world) faultsAlike(t *testing.T, p pair, token string) {
	t.Helper()
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
		{http.MethodPost, "", object{"project_id": w.tenant, "tenant_id": w.others}},
		{http.MethodPut, "/ID", object{"project_id": w.tenant}},
		{http.MethodPut, "/ID", object{"revision_number": 7}},
		{http.MethodPatch, "", nil},
		{http.MethodGet, "?limit=x", nil},
		{http.MethodGet, "?sort_key=colour&sort_dir=asc", nil},
		{http.MethodGet, "?marker=nothing&limit=1", nil},
		{http.MethodGet, "?colour=blue", nil},
	} {
		if status := w.alike(t, p, token, c.method, c.path, c.body); status < 400 {
			t.Errorf("%s %s %v: %d", c.method, c.path, c.body, status)
		}
	}
}

// quotasAlike: one document has the limits of both, and both refuse alike what
// is beyond them.
func (w *world) quotasAlike(t *testing.T, p pair, token string) {
	t.Helper()
	path := fmt.Sprint("/v2.0/quotas/", p.ours.one["project_id"])
	w.expect(t, http.StatusOK, "", token, http.MethodPut, path, map[string]object{"quota": {p.theirs.singular: 0, p.ours.singular: 0}})
	if status := w.alike(t, p, token, http.MethodPost, "", object{"name": "one too many"}); status != http.StatusConflict {
		t.Errorf("beyond the limit: %d", status)
	}
	w.expect(t, http.StatusNoContent, "", token, http.MethodDelete, path, nil)
}

// alike wants the same status, which it gives, and the same type of error.
func (w *world) alike(t *testing.T, p pair, token, method, path string, attributes object) int {
	t.Helper()
	theirs, theirType := w.ask(t, p.theirs, token, method, path, attributes)
	ours, ourType := w.ask(t, p.ours, token, method, path, attributes)
	if theirs.Status != ours.Status || theirType != ourType {
		t.Errorf("%s %s %v: Neutron %d %s\nwe %d %s", method, path, attributes, theirs.Status, theirs.Body, ours.Status, ours.Body)
	}
	return ours.Status
}

// ask also gives the type of an error; what is missing is named by its kind
// there.
func (w *world) ask(t *testing.T, k kind, token, method, path string, attributes object) (a answer, typ string) {
	t.Helper()
	var body any
	if attributes != nil {
		sent := maps.Clone(attributes)
		if method == http.MethodPost {
			maps.Copy(sent, k.required)
		}
		body = map[string]object{k.singular: sent}
	}
	a = w.call(t, token, method, k.path+strings.ReplaceAll(path, "ID", k.one.id()), body)
	var e struct{ NeutronError struct{ Type string } }
	_ = json.Unmarshal([]byte(a.Body), &e) // what is no error has no type
	return a, strings.ReplaceAll(e.NeutronError.Type, k.camel, "Resource")
}

// indented writes JSON with spaces, as Python does.
func indented(text string) string {
	return strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(text)
}
