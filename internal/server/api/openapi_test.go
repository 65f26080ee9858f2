package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"landbridge/internal/server/api"
	"landbridge/internal/server/api/apitest"
)

// contract is the OpenAPI document that the API serves, with a finder of the
// operations in it.
type contract struct {
	*openapi3.T
	routers.Router
}

var served = sync.OnceValues(func() (contract, error) {
	w := httptest.NewRecorder()
	api.New(apitest.New(), api.Options{Networks: true, Agents: true}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		return contract{}, err
	}
	router, err := legacy.NewRouter(doc, openapi3.IsOpenAPI31OrLater())
	return contract{doc, router}, err
})

// check compares an answer with the contract; what is made was asked for as the
// contract says.
func (c contract) check(t *testing.T, r *http.Request, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	route, params, err := c.FindRoute(r)
	if err != nil {
		if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s gave %d; the document does not have it: %v", r.Method, r.URL, w.Code, err)
		}
		return
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(strings.NewReader(body))
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	asked := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}, // who asks is no matter of this document
	}
	if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil && w.Code < 300 {
		t.Errorf("%s %s %s gave %d; by the document it may not be asked: %v", r.Method, r.URL, body, w.Code, err)
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: w.Code, Header: w.Result().Header,
		Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), answer); err != nil {
		t.Errorf("%s %s %s gave %d %s; the document says otherwise: %v", r.Method, r.URL, body, w.Code, w.Body, err)
	}
}

func TestOpenAPIDocument(t *testing.T) {
	c, err := served()
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsOpenAPI31OrLater() {
		t.Errorf("the document is of OpenAPI %s", c.OpenAPI)
	}
	if err := c.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	for _, path := range collections {
		list := c.Paths.Value("/v2.0/" + path)
		one := c.Paths.Value("/v2.0/" + path + "/{id}")
		if list == nil || one == nil {
			t.Fatalf("the document lacks %s", path)
		}
		if list.Get == nil || list.Post == nil || one.Get == nil || one.Delete == nil {
			t.Errorf("%s lacks methods", path)
		}
		if updates := path == "l2-gateways" || path == "l2-remote-gateways"; updates != (one.Put != nil) {
			t.Errorf("%s has PUT: %v", path, one.Put != nil)
		}
		for _, name := range []string{"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "id", "tenant_id", "updated_at"} {
			if list.Get.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("lists of %s lack the parameter %s", path, name)
			}
		}
	}
}

// TestTheDocumentIsStrict shows that the checks of this package find what they
// are for.
func TestTheDocumentIsStrict(t *testing.T) {
	c, err := served()
	if err != nil {
		t.Fatal(err)
	}
	good := `{"id":"x","name":"","ipaddr":"192.0.2.1","project_id":"p","tenant_id":"p","description":"",` +
		`"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","revision_number":0}`
	whole := c.Components.Schemas["l2_remote_gateway_whole"].Value
	for change, ok := range map[[2]string]bool{
		{"", ""}:                         true,
		{`"id":"x",`, ``}:                false,
		{`"revision_number":0`, `"x":0`}: false,
		{`"revision_number":0`, `"revision_number":"0"`}: false,
		{`"name":"",`, `"name":null,`}:                   false,
		{`"name":"",`, `"name":"","extra":1,`}:           false,
		{`"ipaddr":"192.0.2.1"`, `"ipaddr":" "`}:         false,
	} {
		var v any
		if err := json.Unmarshal([]byte(strings.Replace(good, change[0], change[1], 1)), &v); err != nil {
			t.Fatal(err)
		}
		if err := whole.VisitJSON(v, openapi3.EnableJSONSchema2020()); (err == nil) != ok {
			t.Errorf("%v: %v, wanted it to pass: %v", change, err, ok)
		}
	}
}

// TestTheDocumentNamesTheAliases: what bodies take is in the document.
func TestTheDocumentNamesTheAliases(t *testing.T) {
	c, err := served()
	if err != nil {
		t.Fatal(err)
	}
	for schema, names := range map[string][]string{
		"l2_remote_gateway_connection_create": {"gateway", "network", "remote_gateway", "seg_id", "tenant_id", "description"},
		"l2_remote_mac_create":                {"ip"},
		"l2_gateway_update":                   {"name", "devices", "description"},
		"l2_remote_gateway_update":            {"name", "ipaddr", "description"},
	} {
		var have []string
		for name := range c.Components.Schemas[schema].Value.Properties {
			have = append(have, name)
		}
		for _, name := range names {
			if !slices.Contains(have, name) {
				t.Errorf("%s lacks %s; it has %v", schema, name, have)
			}
		}
	}
}
