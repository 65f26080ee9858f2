package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// world is contents that a database may have when an agent starts, and a plan.
type world struct {
	ops  []any // transaction that makes the contents
	plan []*hwvtep.LogicalSwitch
	// homes has the switches of the database that a logical switch is planned
	// for, by its name.
	homes map[string][]string
}

// part gives what is planned for one switch.
func (w world) part(sw string) (out []*hwvtep.LogicalSwitch) {
	for _, ls := range w.plan {
		if !slices.Contains(w.homes[ls.Name], sw) {
			continue
		}
		ls = ls.Clone()
		for b := range ls.Bindings {
			if b.Switch != sw {
				delete(ls.Bindings, b)
			}
		}
		out = append(out, ls)
	}
	return out
}

// anyWorld draws logical switches of the owner's and of others, with rows that
// occur twice, make no sense or are missing, out of so few values that contents
// and plan have much in common.
var anyWorld = rapid.Custom(func(t *rapid.T) world {
	w := world{homes: map[string][]string{}}
	locators := map[string]bool{}
	for _, name := range []string{"landbridge/a", "landbridge/b", "landbridge/c", "theirs"} {
		if rapid.Bool().Draw(t, name+" is there") {
			w.ops = append(w.ops, anyContents(t, name, locators)...)
		}
		if name != "theirs" && rapid.Bool().Draw(t, name+" is planned") {
			w.homes[name] = rapid.SampledFrom([][]string{{"sw0"}, {"sw1"}, {"sw0", "sw1"}}).Draw(t, "homes")
			w.plan = append(w.plan, anyPlanned(t, name, w.homes[name]))
		}
	}
	if epoch := rapid.SampledFrom([]string{"", "4", "5", "nonsense"}).Draw(t, "epoch"); epoch != "" {
		w.ops = append(w.ops, update("Global", testenv.Row{"other_config": []any{"map", []any{[]any{hwvtep.Epoch, epoch}}}}))
	}
	return w
})

// us is the agent of the property: it has the database by a higher epoch than
// whoever has left the contents.
var us = Config{Name: "us", Epoch: 6}

var anyNumber = rapid.IntRange(0, 3)

func anyContents(t *rapid.T, name string, locators map[string]bool) []any {
	id := "ls" + strings.Map(func(r rune) rune {
		if r == '/' {
			return '_'
		}
		return r
	}, name)
	ops := []any{insert("Logical_Switch", id, testenv.Row{"name": name, "tunnel_key": rapid.SampledFrom([]int{1, 2, 1 << 30}).Draw(t, "key")})}
	ls := []any{"named-uuid", id}
	locator := func() any {
		addr := rapid.SampledFrom([]string{"10.0.0.0", "10.0.0.1", "10.0.0.2", "nowhere"}).Draw(t, "locator")
		key := anyNumber.Draw(t, "locator key")
		id := strings.ReplaceAll(fmt.Sprintf("l%s_%d", addr, key), ".", "_")
		if !locators[id] {
			locators[id] = true
			row := testenv.Row{"encapsulation_type": "vxlan_over_ipv4", "dst_ip": addr}
			if key > 0 {
				row["tunnel_key"] = key
			}
			ops = append(ops, insert("Physical_Locator", id, row))
		}
		return []any{"named-uuid", id}
	}
	for range rapid.IntRange(0, 8).Draw(t, "MACs") {
		mac := rapid.SampledFrom([]string{"02:00:00:00:00:00", "02:00:00:00:00:01", "0200.0000.0002", "nonsense"}).Draw(t, "mac")
		ip := rapid.SampledFrom([]string{"", "192.168.0.1", "nonsense"}).Draw(t, "ip")
		ops = append(ops, insert("Ucast_Macs_Remote", "", testenv.Row{"MAC": mac, "logical_switch": ls, "locator": locator(), "ipaddr": ip}))
	}
	for i := range anyNumber.Draw(t, "groups") {
		set := fmt.Sprintf("%s_set%d", id, i)
		members := []any{locator()}
		if second := locator(); !cmp.Equal(second, members[0]) {
			members = append(members, second)
		}
		ops = append(ops, insert("Physical_Locator_Set", set, testenv.Row{"locators": []any{"set", members}}))
		ops = append(ops, insert("Mcast_Macs_Remote", "", testenv.Row{
			"MAC":            rapid.SampledFrom([]string{hwvtep.UnknownDst, "01:00:5e:00:00:01"}).Draw(t, "group"),
			"logical_switch": ls, "locator_set": []any{"named-uuid", set},
		}))
	}
	for range rapid.IntRange(0, 1).Draw(t, "learned MACs") {
		ops = append(ops, insert("Ucast_Macs_Local", "", testenv.Row{"MAC": "02:00:00:00:00:99", "logical_switch": ls, "locator": locator()}))
	}
	return ops
}

func insert(table, id string, row testenv.Row) testenv.Row {
	op := testenv.Row{"op": "insert", "table": table, "row": row}
	if id != "" {
		op["uuid-name"] = id
	}
	return op
}

func anyPlanned(t *rapid.T, name string, homes []string) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(name, hwvtep.NewKey(uint32(anyNumber.Draw(t, "planned key"))))
	locator := func() hwvtep.Locator {
		key := hwvtep.Key{}
		if n := anyNumber.Draw(t, "planned locator key"); n > 0 {
			key = hwvtep.NewKey(uint32(n))
		}
		return locator(fmt.Sprintf("10.0.0.%d", anyNumber.Draw(t, "planned locator")), key)
	}
	for range anyNumber.Draw(t, "planned MACs") {
		ls.Ucast.Add(hwvtep.Ucast{
			MAC:     ethernet.MAC{2, 0, 0, 0, 0, byte(anyNumber.Draw(t, "planned mac"))},
			Addr:    rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("192.168.0.1")}).Draw(t, "planned ip"),
			Locator: locator(),
		})
	}
	for range anyNumber.Draw(t, "planned flood list") {
		ls.AddMcast(hwvtep.UnknownDst, locator())
	}
	for _, sw := range homes {
		if rapid.Bool().Draw(t, "bound") {
			ls.Bindings.Add(hwvtep.Binding{Switch: sw, Port: "p0", VLAN: uint16(name[len(name)-1])})
		}
	}
	return ls
}

func TestAgentReachesThePlanFromAnyContents(t *testing.T) {
	for seed := range 16 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := anyWorld.Example(seed)
			b := newBench(t)
			b.db.VTEPCtl(t, "add-ps", "sw1", "--", "add-port", "sw1", "p0")
			if len(w.ops) > 0 {
				b.db.Transact(t, w.ops...)
			}
			theirs := b.theirs()
			b.server.set("sw0", w.part("sw0")...)
			b.server.set("sw1", w.part("sw1")...)
			b.startAs(us)
			b.holds(w.plan...)
			b.hasRows(w.plan)
			b.stop()
			if diff := cmp.Diff(theirs, b.theirs()); diff != "" {
				t.Errorf("others' rows have changed:\n%s", diff)
			}
			b.findsNothing(us, w)
		})
	}
}

// theirs gives the rows that refer to the logical switch of others, with it.
func (b *bench) theirs() testenv.Tables {
	out := testenv.Tables{}
	tables := b.db.Tables(b.t)
	id := ""
	for uuid, row := range tables["Logical_Switch"] {
		if row["name"] == "theirs" {
			id = uuid
			out["Logical_Switch"] = map[string]testenv.Row{uuid: row}
		}
	}
	for table, rows := range tables {
		for uuid, row := range rows {
			if ls, ok := row["logical_switch"]; ok && id != "" && testenv.UUID(ls) == id {
				if out[table] == nil {
					out[table] = map[string]testenv.Row{}
				}
				out[table][uuid] = row
			}
		}
	}
	return out
}

// hasRows waits until the database has as many rows of the owner's logical
// switches as are planned: reports do not show rows that are there twice.
func (b *bench) hasRows(plan []*hwvtep.LogicalSwitch) {
	b.t.Helper()
	testenv.Eventually(b.t, soon, "the rows are those of the plan", func() error {
		want, got := map[string]int{}, map[string]int{}
		for _, ls := range plan {
			want["Ucast_Macs_Remote"] += ls.Ucast.Len()
			want["Mcast_Macs_Remote"] += len(ls.Mcast)
		}
		tables, theirs := b.db.Tables(b.t), b.theirs()
		for _, table := range []string{"Ucast_Macs_Remote", "Mcast_Macs_Remote"} {
			got[table] = len(tables[table]) - len(theirs[table])
			want[table] += 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("the owner's rows:\n%s", diff)
		}
		return nil
	})
}

// findsNothing has another agent make a pass over a database that is as planned.
// That it has compared everything is seen by one logical switch more, which is
// all that it writes.
func (b *bench) findsNothing(cfg Config, w world) {
	b.t.Helper()
	before := len(b.db.Journal(b.t))
	more := hwvtep.NewLogicalSwitch("landbridge/more", hwvtep.NewKey(9))
	b.server.restart()
	b.server.set("sw0", append(w.part("sw0"), more)...)
	b.startAs(cfg)
	b.holds(append(slices.Clone(w.plan), more)...)
	b.stop()
	seen := 0
	for _, transaction := range b.db.Journal(b.t)[before:] {
		for _, table := range []string{"Logical_Switch", "Ucast_Macs_Remote", "Mcast_Macs_Remote", "Physical_Locator", "Physical_Port"} {
			for _, row := range transaction.Rows[table] {
				if seen++; row["name"] != more.Name || seen > 1 {
					b.t.Errorf("a second pass writes to %s: %v", table, row)
				}
			}
		}
	}
}
