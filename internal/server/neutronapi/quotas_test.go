package neutronapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// quotas limit boats and buoys: by default to 9 buoys.
func (h *harbour) quotas() *Quotas {
	byDefault := Limits{"boat": -1, "buoy": 9}
	get := func(_ context.Context, project string) (Limits, error) {
		out := maps.Clone(byDefault)
		maps.Copy(out, h.limits[project])
		return out, h.fault
	}
	return &Quotas{
		Resources: []string{"boat", "buoy"},
		Default:   func() Limits { return byDefault },
		Get:       get,
		Usage: func(ctx context.Context, project string) (map[string]Usage, error) {
			limits, err := get(ctx, project)
			out := map[string]Usage{"boat": {Limit: limits["boat"]}, "buoy": {Limit: limits["buoy"]}}
			for _, b := range h.boats {
				if b.owner == project {
					out["boat"] = Usage{Limit: limits["boat"], Used: out["boat"].Used + 1}
				}
			}
			return out, err
		},
		List: func(ctx context.Context) (map[string]Limits, error) {
			out := map[string]Limits{}
			for project := range h.limits {
				out[project], _ = get(ctx, project)
			}
			return out, h.fault
		},
		Update: func(ctx context.Context, project string, some Limits) (Limits, error) {
			all, err := get(ctx, project)
			if err != nil {
				return nil, err
			}
			maps.Copy(all, some)
			h.limits[project] = all
			return all, nil
		},
		Delete: func(_ context.Context, project string) error {
			if h.fault == nil && h.limits[project] == nil {
				return errGone
			}
			delete(h.limits, project)
			return h.fault
		},
	}
}

func newQuotaToy() toy {
	t := newToy(boat{id: "b1", owner: "demo"}, boat{id: "b2", owner: "demo"}, boat{id: "b3", owner: "other"})
	t.limits = map[string]Limits{"other": {"boat": 5}, "demo": {"buoy": 0}}
	return t
}

func TestQuotasAreShown(t *testing.T) {
	for path, want := range map[string]string{
		"":               `{"quotas":[{"boat":-1,"buoy":0,"project_id":"demo","tenant_id":"demo"},{"boat":5,"buoy":9,"project_id":"other","tenant_id":"other"}]}`,
		"?project_id=p":  `"project_id":"demo"`, // as in Neutron, the query does not count
		"/demo":          `{"quota":{"boat":-1,"buoy":0}}`,
		"/other":         `{"quota":{"boat":5,"buoy":9}}`,
		"/nobody":        `{"quota":{"boat":-1,"buoy":9}}`,
		"/demo?fields=x": `{"quota":{"boat":-1,"buoy":0}}`,
		"/other/default": `{"quota":{"boat":-1,"buoy":9}}`,
		"/default":       `{"quota":{"boat":-1,"buoy":9}}`, // a project's name like any other
		"/demo/details":  `{"quota":{"boat":{"limit":-1,"used":2,"reserved":0},"buoy":{"limit":0,"used":0,"reserved":0}}}`,
		"/project":       `{"project":{"project_id":"demo"}}`,
		"/tenant":        `{"tenant":{"tenant_id":"demo"}}`,
	} {
		newQuotaToy().expect(t, http.MethodGet, "/v2.0/quotas"+path, "", 200, want)
	}
	for _, path := range []string{"/demo/other", "/demo/details/x", "/", "/%ff", "/%00/details"} {
		newQuotaToy().expect(t, http.MethodGet, "/v2.0/quotas"+path, "", 404, "HTTPNotFound")
	}
	for path, method := range map[string]string{"": "POST", "/project": "PUT", "/demo/details": "PUT", "/demo/default": "DELETE", "/demo": "POST"} {
		newQuotaToy().expect(t, method, "/v2.0/quotas"+path, "{}", 405, "HTTPMethodNotAllowed")
	}
}

func TestQuotasAreChanged(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name, project, body string
		status              int
		part                string
	}{
		{"one limit", "demo", `{"quota":{"boat":7}}`, 200, `{"quota":{"boat":7,"buoy":0}}`},
		{"all, as text too", "demo", `{"quota":{"boat":"0","buoy":"-1"}}`, 200, `{"quota":{"boat":0,"buoy":-1}}`},
		{"the largest", "demo", `{"quota":{"boat":2147483647}}`, 200, `"boat":2147483647`},
		{"nothing", "demo", `{"quota":{}}`, 200, `{"quota":{"boat":-1,"buoy":0}}`},
		{"of one that nobody knows", "nobody", `{"quota":{"boat":1}}`, 200, `{"quota":{"boat":1,"buoy":9}}`},
		{"below the use", "demo", `{"quota":{"boat":1}}`, 200, `"boat":1`},
		{"by force", "demo", `{"quota":{"boat":1,"force":true}}`, 200, `"boat":1`},
		{"unchecked", "demo", `{"quota":{"boat":1,"check_limit":"False","force":null}}`, 200, `"boat":1`},
		{"checked", "demo", `{"quota":{"boat":1,"check_limit":true}}`, 400, `"message":"Quota limit 1 for boat must be greater than or equal to already used 2"`},
		{"checked and enough", "demo", `{"quota":{"boat":2,"buoy":-1,"check_limit":true}}`, 200, `"boat":2`},
		{"too small", "demo", `{"quota":{"boat":-2}}`, 400, `Invalid input for boat. Reason: -2 is not a limit (an integer, 0–2147483647, or -1 for any number).`},
		{"too large", "demo", `{"quota":{"boat":2147483648}}`, 400, `2147483648 is not a limit`},
		{"no number", "demo", `{"quota":{"boat":"x"}}`, 400, `\"x\" is not a limit`},
		{"a fraction", "demo", `{"quota":{"boat":1.5}}`, 400, `1.5 is not a limit`},
		{"a truth", "demo", `{"quota":{"boat":true}}`, 400, `true is not a limit`},
		{"null", "demo", `{"quota":{"boat":null}}`, 400, `cannot be unset`},
		{"a check of what", "demo", `{"quota":{"check_limit":"maybe"}}`, 400, `Invalid input for check_limit`},
		{"an unknown resource", "demo", `{"quota":{"boat":1,"whale":1}}`, 400, `Unrecognized attribute(s) \"whale\"`},
		{"another project", "demo", `{"quota":{"project_id":"other"}}`, 400, `Unrecognized attribute(s)`},
		{"many", "demo", `{"quotas":[{"boat":1}]}`, 400, `A PUT changes one quota`},
		{"no envelope", "demo", `{"boat":1}`, 400, `Unable to find \"quota\" in the body`},
		{"a list", "demo", `{"quota":[]}`, 400, `has to be an object`},
		{"no JSON", "demo", `{`, 400, `not JSON`},
		{"no body", "demo", ``, 400, `Resource body required`},
		{"a long project", long, `{"quota":{"boat":1}}`, 400, `Invalid input for project_id`},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := newQuotaToy()
			toy.expect(t, http.MethodPut, "/v2.0/quotas/"+c.project, c.body, c.status, c.part)
			want := `{"boat":-1,"buoy":0}`
			if c.status == 200 && c.project == "demo" {
				_, text := toy.ask(http.MethodPut, "/v2.0/quotas/demo", `{"quota":{}}`)
				want = strings.TrimSuffix(strings.TrimPrefix(text, `{"quota":`), "}")
			}
			toy.expect(t, http.MethodGet, "/v2.0/quotas/demo", "", 200, want)
			toy.expect(t, http.MethodGet, "/v2.0/quotas/other", "", 200, `{"boat":5,"buoy":9}`)
		})
	}
}

func TestQuotasAreDeleted(t *testing.T) {
	toy := newQuotaToy()
	toy.expect(t, http.MethodDelete, "/v2.0/quotas/demo", "{}", 400, "A body is not allowed")
	toy.expect(t, http.MethodDelete, "/v2.0/quotas/demo", "", 204, "")
	toy.expect(t, http.MethodGet, "/v2.0/quotas/demo", "", 200, `{"quota":{"boat":-1,"buoy":9}}`)
	toy.expect(t, http.MethodDelete, "/v2.0/quotas/demo", "", 404, "BoatNotFound")
}

func TestWhoMaySeeAndChangeQuotas(t *testing.T) {
	const change = `{"quota":{"boat":1}}`
	forbidden := func(action string) string {
		return `{"NeutronError":{"type":"PolicyNotAuthorized","message":"rule:` + action + ` is disallowed by policy","detail":""}}`
	}
	for _, c := range []struct {
		name         string
		reach        Access
		method, path string
		status       int
		part         string
	}{
		{"own", own, "GET", "/demo", 200, `"boat":-1`},
		{"own default", own, "GET", "/demo/default", 200, `"buoy":9`},
		{"own details", own, "GET", "/demo/details", 200, `"used":2`},
		{"another's", own, "GET", "/other", 403, forbidden("get_quota")},
		{"another's default", own, "GET", "/other/default", 403, forbidden("get_quota")},
		{"another's details", own, "GET", "/other/details", 403, `"type":"AdminRequired","message":"User does not have admin privileges: Only admin`},
		{"all of them", own, "GET", "", 403, forbidden("get_quota")},
		{"whose token it is", own, "GET", "/project", 200, `"demo"`},
		{"also where nothing is shown", Access{Project: "demo"}, "GET", "/tenant", 200, `"demo"`},
		{"of no project", Access{All: true}, "GET", "/project", 400, `"type":"QuotaMissingTenant"`},
		{"nothing", Access{Project: "demo"}, "GET", "/demo", 403, forbidden("get_quota")},
		{"all for who reaches all", every, "GET", "", 200, `"other"`},
		{"own changed", own, "PUT", "/demo", 200, `"boat":1`},
		{"another's changed", own, "PUT", "/other", 403, forbidden("update_quota")},
		{"nothing changed", Access{Project: "demo"}, "PUT", "/demo", 403, forbidden("update_quota")},
		{"another's changed by who reaches all", every, "PUT", "/other", 200, `"boat":1`},
		{"another's deleted", own, "DELETE", "/other", 403, forbidden("delete_quota")},
		{"own deleted", own, "DELETE", "/demo", 204, ""},
		{"another's deleted by who reaches all", every, "DELETE", "/other", 204, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := newQuotaToy()
			toy.guard.reach = map[string]Access{"get_quota": c.reach, "update_quota": c.reach, "delete_quota": c.reach}
			body := map[string]string{"PUT": change}[c.method]
			toy.expect(t, c.method, "/v2.0/quotas"+c.path, body, c.status, c.part)
		})
	}
}

// TestRehearsal: what is rehearsed is judged as ever, but not done.
func TestRehearsal(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/demo", `{"quota":{"boat":7}}`, 200},
		{"PUT", "/demo", `{"quota":{"boat":-7}}`, 400},
		{"PUT", "/demo", `{"quota":{"boat":1,"check_limit":true}}`, 400},
		{"PUT", "/other", `{"quota":{"boat":7}}`, 403},
		{"DELETE", "/demo", ``, 204},
		{"DELETE", "/other", ``, 403},
	} {
		toy := newQuotaToy()
		toy.guard.reach = map[string]Access{"get_quota": every, "update_quota": own, "delete_quota": own}
		r := httptest.NewRequest(c.method, "/v2.0/quotas"+c.path, strings.NewReader(c.body))
		w := httptest.NewRecorder()
		toy.ServeHTTP(w, r.WithContext(Rehearse(r.Context())))
		if w.Code != c.status || toy.log.Len() > 0 {
			t.Errorf("%s %s %s gave %d %s, wanted %d; log %s", c.method, c.path, c.body, w.Code, w.Body, c.status, toy.log)
		}
		toy.expect(t, "GET", "/v2.0/quotas/demo", "", 200, `{"boat":-1,"buoy":0}`)
	}
}

func TestFaultsOfQuotas(t *testing.T) {
	toy := newQuotaToy()
	toy.fault = errors.New("disk on fire")
	for _, c := range [][2]string{
		{"GET", ""}, {"GET", "/demo"}, {"GET", "/demo/details"}, {"PUT", "/demo"}, {"DELETE", "/demo"},
	} {
		body := map[string]string{"PUT": `{"quota":{"boat":1}}`}[c[0]]
		toy.expect(t, c[0], "/v2.0/quotas"+c[1], body, 500, "HTTPInternalServerError")
	}
	toy.expect(t, "PUT", "/v2.0/quotas/demo", `{"quota":{"boat":1,"check_limit":true}}`, 500, "HTTPInternalServerError")
}
