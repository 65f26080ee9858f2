package ovsdb

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// contents is a small database.
type contents map[ref]wire.Columns

// testID is a UUID that says of which table it is.
func testID(table string, i int) wire.UUID {
	return wire.UUID{byte(slices.Index(order[:], table)), 15: byte(i)}
}

// anyContents draws a database without dangling references.
func anyContents(t *rapid.T) contents {
	out := contents{}
	few := func(label string) int { return rapid.IntRange(0, 3).Draw(t, label) }
	put := func(table string, i int, row wire.Columns) { out[ref{table, testID(table, i)}] = row }
	locators, sets, logical := 1+few("locators"), 1+few("sets"), 1+few("logical switches")
	pick := func(table string, n int) wire.UUID { return testID(table, rapid.IntRange(0, n-1).Draw(t, table)) }
	for i := range locators {
		put(tableLocator, i, wire.Columns{
			"encapsulation_type": "vxlan_over_ipv4", "dst_ip": []string{"10.0.0.1", "10.0.0.2", "bad", "2001:db8::1"}[i],
			"tunnel_key": rapid.SampledFrom([]wire.Value{wire.Set{}, 1, 2, 1 << 30}).Draw(t, "key"),
		})
	}
	for i := range sets {
		put(tableLocatorSet, i, wire.Columns{"locators": wire.Set{pick(tableLocator, locators)}})
	}
	for i := range logical {
		put(tableLogical, i, wire.Columns{
			"name": fmt.Sprint("ls", (i+few("name"))%4, "-", i), "tunnel_key": 7,
			"other_config": wire.Texts{hwvtep.FloodRate: fmt.Sprint(few("rate"))}, "replication_mode": wire.Set{"source_node"},
		})
	}
	for i := range few("ucast") {
		put(tableUcast, i, wire.Columns{
			"MAC":    rapid.SampledFrom([]string{"02:00:00:00:00:01", "02:00:00:00:00:02", "bad"}).Draw(t, "mac"),
			"ipaddr": rapid.SampledFrom([]string{"", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%x"}).Draw(t, "ip"), "logical_switch": pick(tableLogical, logical), "locator": pick(tableLocator, locators),
		})
		put(tableUcastLocal, i, wire.Columns{"MAC": "02:00:00:00:00:03", "logical_switch": pick(tableLogical, logical), "locator": pick(tableLocator, locators)})
	}
	for i := range few("mcast") {
		put(tableMcast, i, wire.Columns{"MAC": hwvtep.UnknownDst, "logical_switch": pick(tableLogical, logical), "locator_set": pick(tableLocatorSet, sets)})
		put(tableMcastLocal, i, wire.Columns{"MAC": hwvtep.UnknownDst, "logical_switch": pick(tableLogical, logical), "locator_set": pick(tableLocatorSet, sets)})
	}
	if rapid.Bool().Draw(t, "a switch") {
		ports := wire.Set{}
		for i := range few("ports") {
			bindings := wire.Map{}
			for vlan := range few("VLANs") {
				bindings = append(bindings, wire.Pair{Key: vlan, Value: pick(tableLogical, logical)})
			}
			put(tablePort, i, wire.Columns{"name": fmt.Sprint("p", few("port name")), "vlan_bindings": bindings, "port_fault_status": wire.Set{fmt.Sprint(few("fault"))}})
			ports = append(ports, testID(tablePort, i))
		}
		put(tableSwitch, 0, wire.Columns{
			"name": fmt.Sprint("sw", few("switch name")), "ports": ports, "tunnel_ips": wire.Set{fmt.Sprint("10.0.0.", few("tunnel"))},
			"other_config": wire.Texts{"a": fmt.Sprint(few("config"))},
		})
		put(tableGlobal, 0, wire.Columns{"switches": wire.Set{testID(tableSwitch, 0)}})
	}
	return out
}

// told gives <table-updates2>, or <table-updates>, for a change from one database to
// another.
func told(before, after contents, old bool) string {
	tables := map[string][]string{}
	refs := contents{}
	maps.Copy(refs, before)
	maps.Copy(refs, after)
	for r := range refs {
		update := ""
		was, now := before[r], after[r]
		switch {
		case reflect.DeepEqual(was, now):
			continue
		case now == nil && old:
			update = `"old":` + string(was.Append(nil))
		case now == nil:
			update = `"delete":null`
		case old && was != nil:
			update = fmt.Sprintf(`"old":%s,"new":%s`, was.Append(nil), now.Append(nil))
		case old:
			update = `"new":` + string(now.Append(nil))
		case was == nil:
			update = `"insert":` + string(now.Append(nil))
		default:
			update = `"modify":` + string(difference(was, now).Append(nil))
		}
		tables[r.table] = append(tables[r.table], fmt.Sprintf("%q:{%s}", r.id, update))
	}
	var out []string
	for table, rows := range tables { // in any order, as maps are
		out = append(out, fmt.Sprintf("%q:{%s}", table, strings.Join(rows, ",")))
	}
	return "{" + strings.Join(out, ",") + "}"
}

// difference is what ovsdb-server(7) says of modified rows.
func difference(was, now wire.Columns) wire.Columns {
	out := wire.Columns{}
	for name, value := range now {
		if reflect.DeepEqual(was[name], value) {
			continue
		}
		out[name] = value
		switch name {
		case "switches", "ports", "tunnel_ips", "port_fault_status", "locators":
			out[name] = append(less(was[name].(wire.Set), value.(wire.Set)), less(value.(wire.Set), was[name].(wire.Set))...)
		case "vlan_bindings":
			gone := slices.DeleteFunc(less(was[name].(wire.Map), value.(wire.Map)), func(p wire.Pair) bool {
				return slices.ContainsFunc(value.(wire.Map), func(o wire.Pair) bool { return o.Key == p.Key })
			})
			out[name] = append(gone, less(value.(wire.Map), was[name].(wire.Map))...)
		}
	}
	return out
}

// less gives what only the first has.
func less[S ~[]E, E any](a, b S) S {
	out := S{}
	for _, v := range a {
		if !slices.ContainsFunc(b, func(o E) bool { return reflect.DeepEqual(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

func newTestFold(m *mirror, d *Dirty) *fold {
	return &fold{mirror: m, dirty: d, warn: func(ref, string) {}}
}

type fataler interface{ Fatalf(string, ...any) }

// tell folds what a server tells into a mirror.
func tell(t fataler, f *fold, text string) {
	u, in := &update{}, wire.NewScanner(strings.NewReader(text))
	in.Updates(newDecoder(in, u.add).table)
	if f.run(u); in.Err() != nil || f.err != nil {
		t.Fatalf("%s: %v, %v", text, in.Err(), f.err)
	}
}

// read fills a mirror as a new connection does.
func read(t fataler, c contents) *mirror {
	f := newTestFold(newMirror(), &Dirty{})
	f.fresh = true
	in := wire.NewScanner(strings.NewReader(told(contents{}, c, false)))
	d := newDecoder(in, func(_ int, c change) { c.into(f) })
	d.again = &again{}
	in.Updates(d.table)
	if f.mirror.sweep(); in.Err() != nil || f.err != nil {
		t.Fatalf("%v, %v", in.Err(), f.err)
	}
	return f.mirror
}

// shown gives all that a mirror shows.
func shown(m *mirror) map[string]*hwvtep.LogicalSwitch {
	out := map[string]*hwvtep.LogicalSwitch{}
	for name, e := range m.byName {
		out[name] = m.view(e).shown
	}
	return out
}

// Whatever way a database has come to be what it is, and in whatever words that was
// told, the mirror is as one that is read anew, and names every logical switch that
// looks another.
func TestFoldDependsOnTheContentsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := contents{}
		m, d := newMirror(), &Dirty{}
		old := rapid.Bool().Draw(t, "RFC 7047 alone")
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			next := anyContents(t)
			was := shown(m)
			*d = Dirty{}
			tell(t, newTestFold(m, d), told(now, next, old))
			now = next
			checkDirty(t, was, shown(m), d)
			anew := read(t, now)
			if diff := cmp.Diff(shown(anew), shown(m), cmp.Comparer((*hwvtep.LogicalSwitch).Equal)); diff != "" {
				t.Fatalf("the mirror differs from one made anew:\n%s", diff)
			}
			if a, b := physicalOf(anew), physicalOf(m); a != b {
				t.Fatalf("the switches are %s, those of a mirror made anew %s", b, a)
			}
			checkReferences(t, m)
		}
		tell(t, newTestFold(m, d), told(now, contents{}, old))
		checkEmpty(t, m)
	})
}

// physicalOf is a text of all but logical switches.
func physicalOf(m *mirror) string {
	var out []string
	for _, e := range m.physical {
		out = append(out, fmt.Sprint(e.sw))
	}
	for _, p := range m.ports {
		out = append(out, fmt.Sprint(p.port))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
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

// checkReferences counts who refers to what.
func checkReferences(t *rapid.T, m *mirror) {
	locators, sets := map[*locatorEntry]int{}, map[*setEntry]int{}
	for _, n := range m.ucast {
		locators[m.numbers.of(m.rows.of(n).at)]++
	}
	if len(m.ucast) != int(m.rows.used)-len(m.rows.free) {
		t.Fatalf("%d rows, %d numbers, of which %d are free", len(m.ucast), m.rows.used, len(m.rows.free))
	}
	for _, r := range m.mcast {
		sets[r.set]++
	}
	for _, l := range m.local {
		if l.at != nil {
			locators[l.at]++
		} else {
			sets[l.set]++
		}
	}
	for _, s := range m.sets {
		for _, n := range s.locators {
			locators[m.numbers.of(n)]++
		}
		if s.refs != sets[s] || !s.there {
			t.Fatalf("%d refer to a set, counted are %d", sets[s], s.refs)
		}
	}
	if len(m.numbers.entries) != len(m.locators)+len(m.numbers.free) {
		t.Fatalf("%d numbers, of which %d are free, for %d locators", len(m.numbers.entries), len(m.numbers.free), len(m.locators))
	}
	for _, l := range m.locators {
		if l.refs != locators[l] || !l.there {
			t.Fatalf("%d refer to a locator, counted are %d", locators[l], l.refs)
		}
	}
}

// checkEmpty looks for remains.
func checkEmpty(t *rapid.T, m *mirror) {
	n := len(m.locators) + len(m.byValue) + len(m.sets) + len(m.logical) + len(m.byName) + len(m.ucast) + len(m.mcast) +
		len(m.local) + len(m.ports) + len(m.physical) + len(m.owners) + len(m.idle)
	if n > 0 || len(m.numbers.entries) != len(m.numbers.free) || len(m.switches.entries) != len(m.switches.free) || len(m.rows.chunks) > 0 || m.global != nil {
		t.Fatalf("%d entries remain in the mirror of an empty database: %+v", n, m)
	}
}

func TestAChangeOfAnUnknownRowIsNoneToFollow(t *testing.T) {
	for _, table := range order {
		f := newTestFold(newMirror(), &Dirty{})
		u, in := &update{}, wire.NewScanner(strings.NewReader(fmt.Sprintf(`{%q:{"%s":{"modify":{}}}}`, table, wire.UUID{1})))
		in.Updates(newDecoder(in, u.add).table)
		f.run(u)
		if err := errorIs(f.err, "could not be followed", table); err != nil {
			t.Error(err)
		}
	}
}
