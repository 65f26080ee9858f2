package neutronapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// guardedToy has a boat of demo, b1, and one of somebody else, b2.
func guardedToy(reach map[string]Access) toy {
	t := newToy(boat{id: "b1", owner: "demo", name: "one"}, boat{id: "b2", owner: "other", name: "two"})
	t.guard.reach = reach
	return t
}

var (
	own   = Access{Project: "demo", Own: true}
	every = Access{Project: "demo", All: true}
)

func TestWhoReachesNothingIsForbidden(t *testing.T) {
	for name, reach := range map[string]Access{
		"nothing": {Project: "demo"}, "own objects, of no project": {Own: true},
	} {
		toy := guardedToy(map[string]Access{"create_boat": reach, "get_boat": reach, "update_boat": reach, "delete_boat": reach})
		for _, c := range []struct{ method, path, action string }{
			{"GET", "boats", "get"},
			{"GET", "boats/b1", "get"},
			{"GET", "boats/none", "get"},
			{"GET", "boats?bad=1", "get"},
			{"POST", "boats", "create"},
			{"PUT", "boats/b1", "update"},
			{"DELETE", "boats/b1", "delete"},
		} {
			want := `{"NeutronError":{"type":"PolicyNotAuthorized","message":"rule:` + c.action + `_boat is disallowed by policy","detail":""}}`
			if res, text := toy.ask(c.method, "/v2.0/"+c.path, ""); res.StatusCode != 403 || text != want {
				t.Errorf("%s: %s %s gave %d %s, wanted %s", name, c.method, c.path, res.StatusCode, text, want)
			}
		}
	}
}

func TestWhoReachesTheOwnProject(t *testing.T) {
	const change = `{"boat":{"name":"x"}}`
	toy := guardedToy(map[string]Access{"create_boat": own, "get_boat": own, "update_boat": own, "delete_boat": own})
	toy.expect(t, "GET", "/v2.0/boats/b1", "", 200, `"name":"one"`)
	toy.expect(t, "GET", "/v2.0/boats/b2", "", 404, "BoatNotFound")
	toy.expect(t, "PUT", "/v2.0/boats/b1", change, 200, `"name":"x"`)
	toy.expect(t, "PUT", "/v2.0/boats/b2", change, 404, "BoatNotFound")
	toy.expect(t, "PUT", "/v2.0/boats/none", change, 404, "BoatNotFound")
	toy.expect(t, "PUT", "/v2.0/boats/b2", "{}", 400, "")
	toy.expect(t, "DELETE", "/v2.0/boats/b1", "", 204, "")
	toy.expect(t, "DELETE", "/v2.0/boats/b2", "", 404, "BoatNotFound")
	for path, want := range map[string]string{
		"boats": "b1", "boats?project_id=other": "", "boats?tenant_id=demo&name=one": "b1", "boats?name=two": "",
	} {
		_, text := toy.ask("GET", "/v2.0/"+path, "")
		if has := strings.Contains(text, `"id":"b1"`); strings.Contains(text, "b2") || has != (want != "") {
			t.Errorf("%s shows %s, wanted %q", path, text, want)
		}
	}
}

// TestWhoSeesMoreThanItChanges: what is seen is forbidden, not missing.
func TestWhoSeesMoreThanItChanges(t *testing.T) {
	toy := guardedToy(map[string]Access{"get_boat": every, "update_boat": own, "delete_boat": own})
	toy.expect(t, "PUT", "/v2.0/boats/b2", `{"boat":{"name":"x"}}`, 403, "rule:update_boat is disallowed")
	toy.expect(t, "DELETE", "/v2.0/boats/b2", "", 403, "rule:delete_boat is disallowed")
	toy.expect(t, "DELETE", "/v2.0/boats/b1", "", 204, "")
	toy.expect(t, "POST", "/v2.0/boats", `{}`, 403, "rule:create_boat is disallowed")
}

func TestOwnerOfWhatIsMade(t *testing.T) {
	const foreign = "other than the authenticated project"
	for _, c := range []struct {
		name   string
		reach  Access
		given  string
		status int
		part   string
	}{
		{"own by itself", own, ``, 201, `"project_id":"demo","tenant_id":"demo"`},
		{"own by name", own, `,"tenant_id":"demo"`, 201, `"project_id":"demo"`},
		{"null is none", own, `,"project_id":null`, 201, `"project_id":"demo"`},
		{"a foreign one", own, `,"project_id":"other"`, 400, foreign},
		{"a foreign one for who reaches all", every, `,"project_id":"other"`, 201, `"project_id":"other"`},
		{"own for who reaches all", every, ``, 201, `"project_id":"demo"`},
		{"none, of no project", Access{All: true}, ``, 400, `Required attribute \"project_id\" not specified`},
		{"one, of no project", Access{All: true}, `,"project_id":"p"`, 201, `"project_id":"p"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := guardedToy(map[string]Access{"create_boat": c.reach})
			one := `{"rig":"sloop"` + c.given + `}`
			toy.expect(t, "POST", "/v2.0/boats", `{"boat":`+one+`}`, c.status, c.part)
			toy.expect(t, "POST", "/v2.0/boats", `{"boats":[`+one+`,`+one+`]}`, c.status, c.part)
		})
	}
}

func TestWhatIsReferredTo(t *testing.T) {
	for _, c := range []struct {
		name   string
		reach  Access
		berth  string
		status int
	}{
		{"own", own, "demo-1", 201},
		{"hidden", own, "other-1", 404},
		{"missing", own, "none", 404},
		{"of others", every, "other-1", 201},
		{"nothing reached", Access{}, "demo-1", 404},
	} {
		toy := guardedToy(map[string]Access{"create_boat": own, "use_berth": c.reach})
		one := `{"rig":"sloop","berth":"` + c.berth + `"}`
		for body, at := range map[string]string{`{"boat":` + one + `}`: "", `{"boats":[{"rig":"sloop"},` + one + `,` + one + `]}`: "bulk"} {
			if res, text := toy.ask("POST", "/v2.0/boats", body); res.StatusCode != c.status {
				t.Errorf("%s %s: %d %s, wanted %d", c.name, at, res.StatusCode, text, c.status)
			}
		}
		toy.expect(t, "POST", "/v2.0/boats", `{"boats":[`+one+`,{"rig":7}]}`, 400, "rig")
	}
}

func TestAdmission(t *testing.T) {
	toy := newToy(boat{id: "b1"})
	toy.guard.stands = &Error{Status: http.StatusUnauthorized, Message: "Who are you?", Challenge: `Keystone uri="http://k"`}
	want := `{"error":{"code":401,"title":"Unauthorized","message":"Who are you?"}}`
	for _, path := range []string{"boats", "boats/b1", "boats/none", "extensions", "", "nothing", "openapi.json"} {
		res, text := toy.ask(http.MethodGet, "/v2.0/"+path, "")
		if res.StatusCode != 401 || text != want || res.Header.Get("WWW-Authenticate") != `Keystone uri="http://k"` {
			t.Errorf("%s: %d %v %s", path, res.StatusCode, res.Header, text)
		}
		if res.Header.Get("X-Openstack-Request-Id") == "" {
			t.Error("no request id")
		}
	}
	for path, status := range map[string]int{"/": 200, "/openapi.json": 200, "/v3": 404, "//v2.0/boats": 404, "/./v2.0/boats": 404} {
		if res, text := toy.ask(http.MethodGet, path, ""); res.StatusCode != status {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
	}
	toy.expect(t, "OPTIONS", "/v2.0/boats", "", 200, "")
	if !strings.Contains(toy.log.String(), "status=401") {
		t.Errorf("the access log lacks it: %s", toy.log)
	}
	toy.guard.stands = errors.New("a secret of ours")
	toy.expect(t, "GET", "/v2.0/boats", "", 500, "internal server error")
	toy.guard.stands = nil
	toy.expect(t, "GET", "/v2.0/boats/b1", "", 200, "b1")
}
