package store

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// pagesOf are the lists whose pages cost their own length.
func pagesOf(connectionID, marker, mac string) map[string]l2gw.Query {
	filter := func(name string, values ...any) []l2gw.Filter {
		return []l2gw.Filter{{Attribute: name, Values: values}}
	}
	by := func(name string) []l2gw.Sort { return []l2gw.Sort{{Attribute: name}} }
	return map[string]l2gw.Query{
		"the first":                    {},
		"one in the middle":            {Marker: marker},
		"one before":                   {Marker: marker, Reverse: true},
		"the last":                     {Reverse: true},
		"by id":                        {Sort: by("id"), Marker: marker},
		"by mac":                       {Sort: by("mac"), Marker: marker},
		"by mac, backwards":            {Sort: []l2gw.Sort{{Attribute: "mac", Descending: true}}, Marker: marker},
		"by address, all alike":        {Sort: by("ipaddr"), Marker: marker},
		"by address, before":           {Sort: by("ipaddr"), Marker: marker, Reverse: true},
		"by address, backwards":        {Sort: []l2gw.Sort{{Attribute: "ipaddr", Descending: true}}, Marker: marker},
		"by project":                   {Sort: by("project_id"), Marker: marker},
		"by creation":                  {Sort: by("created_at"), Marker: marker},
		"of a connection":              {Filters: filter("rgw_connection", connectionID), Marker: marker},
		"of a project":                 {Filters: filter("project_id", "p"), Marker: marker},
		"of a connection, the last":    {Filters: filter("rgw_connection", connectionID), Reverse: true},
		"of a MAC":                     {Filters: filter("mac", mac)},
		"of an ID":                     {Filters: filter("id", marker)},
		"of an address that is unset":  {Filters: filter("ipaddr", nil), Marker: marker},
		"of an address that none has":  {Filters: filter("ipaddr", "10.9.9.9")},
		"of a connection that none is": {Filters: filter("rgw_connection", "x"), Sort: by("mac")},
	}
}

// TestAPageCostsItsLength looks at how SQLite carries out each statement of a
// page, with few objects and with many: it goes into an index, in its order,
// and so reads as many rows as it gives.
func TestAPageCostsItsLength(t *testing.T) {
	s, _ := openFile(t)
	connectionID := stretched(t, s)
	plans := map[int]map[string][]string{}
	for _, n := range []int{1_000, 100_000} {
		made := addMACs(t, s, connectionID, n)
		plans[n] = map[string][]string{}
		for name, q := range pagesOf(connectionID, made[len(made)/2].ID, made[7].MAC.String()) {
			q.Limit = 100
			plans[n][name] = plansOf(t, s, q)
			if got, err := s.RemoteMACs().List(t.Context(), q); err != nil || len(got) > q.Limit {
				t.Errorf("%s: %d objects, %v", name, len(got), err)
			}
		}
	}
	// One step for each selection, into an index and never through the table,
	// and no sorting.
	direct := regexp.MustCompile(`^(SEARCH remote_mac_row USING INDEX \w+ \(.*\)|SCAN remote_mac_row USING INDEX \w+)$`)
	for name, many := range plans[100_000] {
		if few := plans[1_000][name]; !slices.Equal(few, many) {
			t.Errorf("%s: few objects are found by %q, many by %q", name, few, many)
		}
		for _, step := range many {
			if !direct.MatchString(step) {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

// plansOf explains the statements of a list, step by step.
func plansOf(t *testing.T, s *Store, q l2gw.Query) []string {
	t.Helper()
	var out []string
	err := s.view(t.Context(), "explain", func(ctx context.Context, db bun.IDB) error {
		selections, err := s.remoteMACs().selections(ctx, db, q)
		if err != nil {
			return err
		}
		for _, part := range selections {
			part.limit = int64(q.Limit)
			var rows []remoteMACRow
			text := part.apply(db.NewSelect().Model(&rows)).String()
			var steps []struct {
				ID, Parent, Notused int
				Detail              string
			}
			if err := db.NewRaw("EXPLAIN QUERY PLAN "+text).Scan(ctx, &steps); err != nil {
				return err
			}
			for _, step := range steps {
				out = append(out, strings.ReplaceAll(step.Detail, `"`, ""))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stretched makes what remote MACs stand on.
func stretched(t *testing.T, s *Store) (connectionID string) {
	t.Helper()
	network := l2gw.Network{ID: "n", Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: 5}}}
	gw, err := s.Gateways().Create(t.Context(), l2gw.Gateway{Devices: []l2gw.Device{{Name: "sw"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Connections().Create(t.Context(), l2gw.Connection{GatewayID: gw.ID, NetworkID: "n"}, network); err != nil {
		t.Fatal(err)
	}
	to, err := s.RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: netip.MustParseAddr("192.0.2.1")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.RemoteConnections().Create(t.Context(), l2gw.RemoteConnection{GatewayID: gw.ID, NetworkID: "n", RemoteGatewayID: to.ID}, network)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// addMACs adds so many remote MACs to a connection; those before have other
// first bytes.
func addMACs(t *testing.T, s *Store, connectionID string, n int) []l2gw.RemoteMAC {
	t.Helper()
	list := make([]l2gw.RemoteMAC, n)
	for i := range list {
		list[i] = l2gw.RemoteMAC{
			ProjectID: "p", MAC: l2gw.MAC{2, byte(n >> 16), byte(n >> 8), byte(i >> 16), byte(i >> 8), byte(i)}, RemoteConnectionID: connectionID,
		}
	}
	made, err := s.RemoteMACs().CreateAll(t.Context(), list)
	if err != nil {
		t.Fatal(fmt.Errorf("add %d MACs: %w", n, err))
	}
	return made
}
