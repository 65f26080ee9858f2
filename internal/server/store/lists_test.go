package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/api/apitest"
)

// lister is what lists are asked of.
type lister[T any] interface {
	List(ctx context.Context, q l2gw.Query) ([]T, error)
}

// listed is all objects of a collection.
func listed[T any](t testing.TB, c lister[T]) []T {
	t.Helper()
	all, err := c.List(t.Context(), l2gw.Query{})
	return must(t, all, err)
}

// populated is a world with some objects of each kind that are alike in some
// attributes and not in others.
func (on suite) populated(t *testing.T) world {
	w := on.newWorld(t)
	bare := w.gateway("b", device("sw1"), device("sw2"))
	ports := w.gateway("a", device("sw3", port("eth0")))
	w.gateway("b", device("sw1"))
	w.gateway("", device("sw4", port("eth1", 7)))
	w.gateway("B", device("sw2"))
	name, description := "a", "été"
	mustGateway(t)(w.Gateways().Update(t.Context(), bare.ID, l2gw.GatewayUpdate{Name: &name, Description: &description}))
	near, far := w.remoteGateway("192.0.2.1"), w.remoteGateway("2001:db8::1")
	var conns []l2gw.RemoteConnection
	for i := range uint16(4) {
		id := fmt.Sprint("n", i)
		w.connection(bare, id, nil)
		w.connection(ports, id, vlan(i/2*5+i))
		v := l2gw.RemoteConnection{
			ProjectID: "q", GatewayID: bare.ID, NetworkID: id, RemoteGatewayID: near.ID, TunnelKey: uint32(9 - i), Flood: i%2 == 0,
			Encapsulation: l2gw.Encapsulations()[i%3], Filter: l2gw.NewWANFilter(l2gw.WANFilterWords()[:i]...),
		}
		c, err := w.RemoteConnections().Create(t.Context(), v, network(id, 5))
		conns = append(conns, must(t, c, err))
	}
	w.remoteConnection(bare, "n0", far, 0)
	for i := range 12 {
		v := newMAC(conns[i%3].ID, fmt.Sprintf("02:00:00:00:00:%02x", i/2))
		if i%4 == 0 {
			v.Addr = addr("10.0.0.1")
		}
		m, err := w.RemoteMACs().Create(t.Context(), v)
		must(t, m, err)
	}
	if _, err := w.SetStatus(t.Context(), map[string]l2gw.Status{conns[1].ID: {State: l2gw.Down, Reason: "no route"}}); err != nil {
		t.Fatal(err)
	}
	return w
}

// Whatever is asked: the database gives what a plain search gives.
func (on suite) TestListsAreAsPlainSearchesFindThem(t *testing.T) {
	w := on.populated(t)
	alike(t, w.Gateways(), apitest.GatewayAttributes())
	alike(t, w.Connections(), apitest.ConnectionAttributes())
	alike(t, w.RemoteGateways(), apitest.RemoteGatewayAttributes())
	alike(t, w.RemoteConnections(), apitest.RemoteConnectionAttributes())
	alike(t, w.RemoteMACs(), apitest.RemoteMACAttributes())
}

func alike[T any](t *testing.T, c lister[T], attributes apitest.Attributes[T]) {
	t.Helper()
	all := listed(t, c)
	if len(all) < 2 {
		t.Fatalf("there are %d objects", len(all))
	}
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuery(rt, all, attributes)
		want, err := attributes.List(all, q)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := c.List(t.Context(), q)
		if err != nil {
			rt.Fatalf("%+v: %v", q, err)
		}
		same(rt, fmt.Sprintf("%+v", q), want, got)
	})
}

func drawQuery[T any](rt *rapid.T, all []T, attributes apitest.Attributes[T]) l2gw.Query {
	var names []string
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	drawName := rapid.SampledFrom(names)
	drawObject := rapid.SampledFrom(all)
	q := l2gw.Query{Limit: rapid.IntRange(0, len(all)+1).Draw(rt, "limit"), Reverse: rapid.Bool().Draw(rt, "reverse")}
	for range rapid.IntRange(0, 2).Draw(rt, "filters") {
		f := l2gw.Filter{Attribute: drawName.Draw(rt, "filter")}
		for range rapid.IntRange(0, 3).Draw(rt, "values") {
			f.Values = append(f.Values, filterValue(attributes[f.Attribute](drawObject.Draw(rt, "has"))))
		}
		if rapid.IntRange(0, 3).Draw(rt, "empty") == 0 {
			f.Values = append(f.Values, nil)
		}
		q.Filters = append(q.Filters, f)
	}
	for _, name := range rapid.SliceOfNDistinct(drawName, 0, 3, rapid.ID[string]).Draw(rt, "sort") {
		if name != "devices" && name != "filter" {
			q.Sort = append(q.Sort, l2gw.Sort{Attribute: name, Descending: rapid.Bool().Draw(rt, "descending")})
		}
	}
	if rapid.Bool().Draw(rt, "marked") {
		q.Marker = attributes["id"](drawObject.Draw(rt, "marker")).(string)
	}
	return q
}

// filterValue is a value as the API gives it.
func filterValue(has any) any {
	switch v := has.(type) {
	case []string:
		if len(v) == 0 {
			return nil
		}
		return v[0]
	case int64:
		return uint32(v)
	}
	return has
}

// Whoever goes through all pages, forward or back, whatever their sizes and
// while others come and go, sees each object that was there from beginning to
// end exactly once, in order.
func (on suite) TestPagesUnderConcurrentInserts(t *testing.T) {
	w := on.newWorld(t)
	var there []string
	for i := range 40 {
		there = append(there, w.gateway(fmt.Sprint("g", i%7), device("sw")).ID)
	}
	for _, sort := range [][]l2gw.Sort{
		nil,
		{{Attribute: "id"}},
		{{Attribute: "name"}},
		{{Attribute: "name", Descending: true}},
		{{Attribute: "description"}, {Attribute: "name", Descending: true}},
		{{Attribute: "created_at", Descending: true}},
	} {
		for _, reverse := range []bool{false, true} {
			q := l2gw.Query{Sort: sort, Reverse: reverse}
			want := idsOf(w.page(q), there)
			var got []string
			for {
				q.Limit = 1 + rand.IntN(9)
				page := w.page(q)
				if len(page) == 0 {
					break
				}
				if q.Marker = page[len(page)-1].ID; reverse {
					q.Marker = page[0].ID
					slices.Reverse(page)
				}
				got = append(got, idsOf(page, there)...)
				for range rand.IntN(3) {
					w.gateway(fmt.Sprint("g", rand.IntN(9)), device("sw"))
				}
				if gone := listed(t, w.Gateways()); len(gone) > 60 {
					w.deleteNewest(gone, q.Marker, there)
				}
			}
			if reverse {
				slices.Reverse(got)
			}
			same(t, fmt.Sprintf("all pages by %v, reverse %v", sort, reverse), want, got)
		}
	}
}

// deleteNewest keeps the walk from never ending: half of those that came are
// gone again, but not the one that it stands on.
func (w world) deleteNewest(all []l2gw.Gateway, marker string, keep []string) {
	w.t.Helper()
	for _, g := range all[len(all)-15:] {
		if g.ID == marker || slices.Contains(keep, g.ID) {
			continue
		}
		if err := w.Gateways().Delete(w.t.Context(), g.ID); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w world) page(q l2gw.Query) []l2gw.Gateway {
	w.t.Helper()
	page, err := w.Gateways().List(w.t.Context(), q)
	return must(w.t, page, err)
}

// idsOf gives the IDs of those gateways that are in a list.
func idsOf(all []l2gw.Gateway, in []string) []string {
	var out []string
	for _, g := range all {
		if slices.Contains(in, g.ID) {
			out = append(out, g.ID)
		}
	}
	return out
}

func (on suite) TestOddQueries(t *testing.T) {
	w := on.populated(t)
	all := len(listed(t, w.Gateways()))
	_, err := w.Gateways().List(t.Context(), l2gw.Query{Marker: unknownID})
	checkError(t, err, l2gw.NotFound, "L2GatewayNotFound", unknownID)
	_, err = w.RemoteMACs().List(t.Context(), l2gw.Query{Marker: `x' OR '1'='1`, Limit: 1})
	checkError(t, err, l2gw.NotFound, "L2RemoteMacNotFound")
	for _, text := range []string{
		`x' OR '1'='1`, `'; DROP TABLE l2gateways; --`, `\' OR 1=1 #`, `" OR ""="`, `?`, `%`, "\\", "a\x00", "\xff", "$1", "{}", "b ", "ß",
	} {
		for name, get := range apitest.GatewayAttributes() {
			has, isText := get(l2gw.Gateway{}).(string)
			if _, isNames := get(l2gw.Gateway{}).([]string); !isText && !isNames {
				continue
			}
			found, err := w.Gateways().List(t.Context(), l2gw.Query{Filters: []l2gw.Filter{{Attribute: name, Values: []any{text}}}})
			if err != nil || len(found) > 0 {
				t.Errorf("%s=%q gave %d objects, %v (%q)", name, text, len(found), err, has)
			}
		}
	}
	for what, q := range map[string]l2gw.Query{
		"an unknown filter":   {Filters: []l2gw.Filter{{Attribute: "id; DROP TABLE l2gateways", Values: []any{"x"}}}},
		"a value of a column": {Filters: []l2gw.Filter{{Attribute: "name", Values: []any{true}}}},
		"an unknown key":      {Sort: []l2gw.Sort{{Attribute: "1 --"}}},
		"a key of devices":    {Sort: []l2gw.Sort{{Attribute: "devices"}}},
	} {
		if _, err := w.Gateways().List(t.Context(), q); err == nil || l2gw.CodeOf(err) != l2gw.Internal {
			t.Errorf("%s: %v, want a fault: the API knows the columns", what, err)
		}
	}
	if left := len(listed(t, w.Gateways())); left != all {
		t.Errorf("%d gateways are left of %d", left, all)
	}
}

// A filter may have as many values as the longest query.
func (on suite) TestManyValues(t *testing.T) {
	w := on.populated(t)
	var names, times []any
	for i := range 20_000 {
		names = append(names, fmt.Sprint("x", i))
		times = append(times, l2gw.Instant(i)*1_000_000)
	}
	names = append(names, "b")
	q := l2gw.Query{Filters: []l2gw.Filter{{Attribute: "name", Values: names}}}
	if got := w.page(q); len(got) != 1 {
		t.Errorf("got %d gateways, want 1", len(got))
	}
	q.Filters = []l2gw.Filter{{Attribute: "created_at", Values: times}}
	if got := w.page(q); len(got) != 0 {
		t.Errorf("got %d gateways of another time", len(got))
	}
}
