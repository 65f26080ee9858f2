package objects_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"landbridge/bench/load"
	"landbridge/bench/objects"
)

func kinds() []objects.Kind {
	return []objects.Kind{
		objects.Gateways("sw"), objects.Connections("g"), objects.RemoteGateways(), objects.RemoteConnections("g", "r"),
		objects.RemoteMACs("c"), objects.Networks(),
	}
}

func TestRequestsHaveTheirEnvelopes(t *testing.T) {
	for _, k := range kinds() {
		var one map[string]map[string]any
		if r := k.Post(7, nil); json.Unmarshal(r.Body, &one) != nil || len(one[k.Name]) == 0 || r.Method != http.MethodPost || r.Path != k.Path {
			t.Errorf("%s: %+v, %s", k.Name, r, r.Body)
		}
		var many map[string][]map[string]any
		if r := k.Bulk(7, 3, nil); json.Unmarshal(r.Body, &many) != nil || len(many[k.Plural]) != 3 {
			t.Errorf("%s: %s", k.Plural, r.Body)
		}
		if string(k.Post(1, nil).Body) == string(k.Post(2, nil).Body) {
			t.Errorf("two %s are the same", k.Plural)
		}
		if r := k.At(http.MethodDelete, "id"); r.Path != k.Path+"/id" {
			t.Errorf("%+v", r)
		}
	}
}

func TestNumbersGiveDifferentMACs(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 255, 256, 65535, 65536, 1<<24 - 1} {
		seen[objects.RemoteMAC(n)] = true
	}
	if len(seen) != 7 || !seen["02:00:00:01:00:00"] {
		t.Errorf("%v", seen)
	}
}

func TestAnswersAreRead(t *testing.T) {
	k := objects.Networks()
	for body, want := range map[string]string{
		`{"network":{"id":"a"}}`: "a", `{"network":{}}`: "", `{}`: "", `[`: "",
	} {
		if got, err := k.ID([]byte(body)); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
	for body, want := range map[string]string{
		`{"networks":[{"id":"a"},{"id":"b"}]}`: "a b", `{"networks":[]}`: "", `[`: "",
	} {
		if got, err := k.IDs([]byte(body)); strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
}

func TestMake(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		_, _ = w.Write([]byte(`{"network":{"id":"a"}}`))
	}))
	defer server.Close()
	c := load.NewClient(load.Server{URL: server.URL})
	defer c.Close()
	id, err := objects.Networks().Make(t.Context(), c, 1)
	if err != nil || id != "a" || !slices.Equal(asked, []string{"POST /v2.0/networks"}) {
		t.Errorf("%q, %v, %v", id, err, asked)
	}
}
