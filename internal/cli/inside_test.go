package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/cli/macfile"
	"landbridge/internal/cli/rest"
)

// TestAwait checks how statuses are waited through, on a clock of its own.
func TestAwait(t *testing.T) {
	for _, c := range []struct {
		name     string
		statuses []string // look by look; the last stays
		err      error    // of the looks
		want     string
		told     string
		took     time.Duration
	}{
		{"at once", []string{"ACTIVE"}, nil, "", "x: ACTIVE", 0},
		{"in time", []string{"PENDING", "DOWN", "PENDING", "ACTIVE"}, nil, "", "x: PENDING x: DOWN x: PENDING x: ACTIVE", 1400 * time.Millisecond},
		{"an error", []string{"PENDING", "ERROR"}, nil, "x has been created, but is in ERROR", "x: PENDING", 200 * time.Millisecond},
		{"too late", []string{"DOWN"}, nil, "x has been created, but after 10s is still DOWN", "", 10 * time.Second},
		{"a server that fails", []string{"PENDING"}, errors.New("it is gone"), "x has been created, but cannot be looked at: it is gone", "x: PENDING", 200 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []string
				look := func() rest.Object {
					o := rest.Object{"status": c.statuses[0]}
					if len(c.statuses) > 1 {
						c.statuses = c.statuses[1:]
					}
					return o
				}
				start := time.Now()
				o, err := await(t.Context(), look(), 10*time.Second, "x", func(s string) { told = append(told, s) },
					func(context.Context) (rest.Object, error) { return look(), c.err })
				if c.want == "" && (err != nil || o.Text("status") != "ACTIVE") || c.want != "" && (err == nil || err.Error() != c.want) {
					t.Errorf("gave %v, %v; wanted %q", o, err, c.want)
				}
				if got := strings.Join(told, " "); c.told != "" && got != c.told {
					t.Errorf("told %q, wanted %q", got, c.told)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("took %v, wanted %v", took, c.took)
				}
			})
		})
	}
}

// bulkServer takes remote MACs, and remembers how.
type bulkServer struct {
	*httptest.Server
	bulk   bool
	refuse string // the MAC that is refused
	sizes  []int
	macs   []string
}

func newBulkServer(t *testing.T, bulk bool, refuse string) *bulkServer {
	t.Helper()
	s := &bulkServer{bulk: bulk, refuse: refuse}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *bulkServer) serve(w http.ResponseWriter, r *http.Request) {
	var body struct {
		All []map[string]string `json:"l2_remote_macs"`
		One map[string]string   `json:"l2_remote_mac"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if body.All != nil && !s.bulk {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"NeutronError":{"type":"HTTPBadRequest","message":"Bulk operation not supported","detail":""}}`)
		return
	}
	if body.One != nil {
		body.All = append(body.All, body.One)
	}
	for _, m := range body.All {
		if m["mac"] == s.refuse {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"NeutronError":{"type":"X","message":"It exists.","detail":""}}`)
			return
		}
	}
	s.sizes = append(s.sizes, len(body.All))
	for _, m := range body.All {
		s.macs = append(s.macs, m["mac"]+" "+m["ipaddr"]+" "+m["rgw_connection"])
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"l2_remote_mac":{},"l2_remote_macs":[]}`)
}

// sendTo loads five MACs, on lines 2 to 6, in requests of two.
func sendTo(t *testing.T, s *bulkServer) error {
	t.Helper()
	text := "#\n"
	for i := range 5 {
		text += fmt.Sprintf("fa:16:3e:00:00:0%d;10.0.0.%d\n", i, i)
	}
	entries, err := macfile.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.New(s.URL, s.Client(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := load{
		client: client, kind: remoteMACs(), entries: entries, size: 2,
		common: map[string]any{"rgw_connection": "c1"}, line: newProgress(Streams{Err: io.Discard}),
	}
	return l.run(t.Context())
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		name   string
		bulk   bool
		refuse string
		sizes  string
		want   string
	}{
		{"in bulk", true, "", "[2 2 1]", ""},
		{"one by one", false, "", "[1 1 1 1 1]", ""},
		{"in bulk, refused", true, "fa:16:3e:00:00:03", "[2]", "2 of 5 were created, nothing from line 4 on; lines 4–5: It exists. (409)"},
		{"one by one, refused", false, "fa:16:3e:00:00:03", "[1 1 1]", "3 of 5 were created, nothing from line 5 on; line 5: It exists. (409)"},
	} {
		s := newBulkServer(t, c.bulk, c.refuse)
		err := sendTo(t, s)
		if got := fmt.Sprint(s.sizes); got != c.sizes || (c.want == "") != (err == nil) || (err != nil && err.Error() != c.want) {
			t.Errorf("%s: requests of %s, %v; wanted %s, %q", c.name, got, err, c.sizes, c.want)
		}
		if len(s.macs) > 0 && s.macs[0] != "fa:16:3e:00:00:00 10.0.0.0 c1" {
			t.Errorf("%s: sent %q", c.name, s.macs[0])
		}
	}
	gone := newBulkServer(t, true, "")
	gone.Close()
	if err := sendTo(t, gone); err == nil || !strings.HasPrefix(err.Error(), "0 of 5 were created; whether lines 2–3 were is not known: ") {
		t.Errorf("nobody there gave %v", err)
	}
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var live, plain strings.Builder
		for _, p := range []*progress{newProgress(Streams{Err: &live, Live: true}), newProgress(Streams{Err: &plain})} {
			p.status("x: PENDING")
			p.status("x: PENDING")
			p.count(0, 4000, "boats")
			time.Sleep(time.Second)
			p.count(1000, 4000, "boats")
			p.count(1001, 4000, "boats") // too soon after the last
			p.count(4000, 4000, "boats")
			p.end()
		}
		wantLive := "\r\x1b[Kx: PENDING (0s)\r\x1b[Kx: PENDING (0s)\r\x1b[K[..............................] 0 of 4000 boats, 0/s" +
			"\r\x1b[K[#######.......................] 1000 of 4000 boats, 1000/s\r\x1b[K[##############################] 4000 of 4000 boats, 4000/s\n"
		if live.String() != wantLive {
			t.Errorf("on a terminal %q, wanted %q", live.String(), wantLive)
		}
		if plain.String() != "x: PENDING\n" {
			t.Errorf("elsewhere %q", plain.String())
		}
	})
}
