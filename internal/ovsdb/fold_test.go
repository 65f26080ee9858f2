package ovsdb

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-kubernetes/libovsdb/model"
	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
)

// rows is a small database: what libovsdb's cache would have.
type rows map[ref]model.Model

func (r rows) source(x ref) model.Model { return r[x] }

// anyRows draws a database without dangling references.
func anyRows(t *rapid.T) rows {
	out := rows{}
	few := func(label string) int { return rapid.IntRange(0, 3).Draw(t, label) }
	pick := func(table string, label string) string {
		return fmt.Sprint(table, rapid.IntRange(0, few(label)).Draw(t, label))
	}
	locators, logical := 1+few("locators"), 1+few("logical switches")
	for i := range locators {
		id := fmt.Sprint(tableLocator, i)
		key := few("key")
		out[ref{tableLocator, id}] = &locatorKeyRow{
			UUID: id, Encapsulation: "vxlan_over_ipv4",
			DstIP: rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "bad"}).Draw(t, "address"), Key: &key,
		}
	}
	locator := func() string { return fmt.Sprint(tableLocator, rapid.IntRange(0, locators-1).Draw(t, "locator")) }
	switches := func() string {
		return fmt.Sprint(tableLogical, rapid.IntRange(0, logical-1).Draw(t, "logical switch"))
	}
	for i := range logical {
		id := fmt.Sprint(tableLogical, i)
		out[ref{tableLogical, id}] = &logicalRow{UUID: id, Name: fmt.Sprint("ls", (i+few("name"))%4, "-", i)}
	}
	for i := range few("ucast") {
		id := fmt.Sprint(tableUcast, i)
		out[ref{tableUcast, id}] = &ucastRow{
			UUID: id, MAC: rapid.SampledFrom([]string{"02:00:00:00:00:01", "bad"}).Draw(t, "mac"),
			LogicalSwitch: switches(), Locator: locator(),
		}
	}
	for i := range few("mcast") {
		id, set := fmt.Sprint(tableMcast, i), pick(tableLocatorSet, "set")
		out[ref{tableLocatorSet, set}] = &locatorSetRow{UUID: set, Locators: []string{locator()}}
		out[ref{tableMcast, id}] = &mcastRow{UUID: id, MAC: hwvtep.UnknownDst, LogicalSwitch: switches(), LocatorSet: set}
	}
	if rapid.Bool().Draw(t, "a switch") {
		port := tablePort + "0"
		out[ref{tablePort, port}] = &portRow{UUID: port, Name: "p0", Bindings: map[int]string{few("vlan"): switches()}}
		out[ref{tableSwitch, "sw"}] = &switchRow{UUID: "sw", Name: fmt.Sprint("sw", few("switch name")), Ports: []string{port}}
		out[ref{tableGlobal, "g"}] = &globalRow{UUID: "g", Switches: []string{"sw"}}
	}
	return out
}

func newTestFold(m *mirror, r rows, d *Dirty) *fold {
	return &fold{mirror: m, source: r.source, dirty: d, warn: func(ref, string) {}}
}

// shown gives all that a mirror shows.
func shown(m *mirror) map[string]*hwvtep.LogicalSwitch {
	out := map[string]*hwvtep.LogicalSwitch{}
	for name, e := range m.byName {
		out[name] = m.view(e).shown
	}
	return out
}

func refs(of ...rows) map[ref]model.Model {
	out := map[ref]model.Model{}
	for _, r := range of {
		for x := range r {
			out[x] = nil
		}
	}
	return out
}

// Whatever way the hints of a change come in, in parts and in any order, the
// mirror ends as one that is made anew, and names every logical switch that
// looks another.
func TestFoldDependsOnTheContentsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anyRows(t), anyRows(t)
		m, d := newMirror(), &Dirty{}
		newTestFold(m, before, d).run(refs(before))
		was := shown(m)

		*d = Dirty{}
		rest := refs(before, after)
		for len(rest) > 0 {
			part := map[ref]model.Model{}
			for x := range rest {
				if rapid.Bool().Draw(t, "comes now") {
					part[x] = nil
					delete(rest, x)
				}
			}
			f := newTestFold(m, after, d)
			f.run(part)
			for _, x := range f.unresolved {
				rest[x] = nil
			}
		}
		anew := newMirror()
		newTestFold(anew, after, &Dirty{}).run(refs(after))
		if diff := cmp.Diff(shown(anew), shown(m), cmp.Comparer((*hwvtep.LogicalSwitch).Equal)); diff != "" {
			t.Fatalf("the mirror differs from one made anew:\n%s", diff)
		}
		checkDirty(t, was, shown(m), d)
		checkEmpty(t, m)
	})
}

func checkDirty(t *rapid.T, was, now map[string]*hwvtep.LogicalSwitch, d *Dirty) {
	for name, ls := range now {
		if !ls.Equal(was[name]) && !has(d.names, name) {
			t.Fatalf("%s has changed and is not named", name)
		}
	}
	for name := range was {
		if now[name] == nil && !has(d.names, name) {
			t.Fatalf("%s is gone and is not named", name)
		}
	}
}

// checkEmpty takes everything out of a mirror and looks for remains.
func checkEmpty(t *rapid.T, m *mirror) {
	all := map[ref]model.Model{}
	for x := range m.members {
		all[x] = nil
	}
	for _, ids := range []struct {
		table string
		ids   []string
	}{{tableLocator, keysOf(m.locators)}, {tableLogical, keysOf(m.logical)}, {tablePort, keysOf(m.ports)}, {tableSwitch, keysOf(m.physical)}} {
		for _, id := range ids.ids {
			all[ref{ids.table, id}] = nil
		}
	}
	newTestFold(m, rows{}, &Dirty{}).run(all)
	if n := len(m.locators) + len(m.byValue) + len(m.logical) + len(m.byName) + len(m.members) + len(m.ports) + len(m.physical); n > 0 {
		t.Fatalf("%d entries remain in the mirror of an empty database: %+v", n, m)
	}
}

func keysOf[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
