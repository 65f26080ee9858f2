package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc"
	"landbridge/internal/vtep/database"
)

// rich gives the logical switch of a network that needs vtepd's schema, and what
// of it the standard schema has a place for.
func rich() (all, plain *hwvtep.LogicalSwitch) {
	plain = network("n1", 5)
	plain.SetFilter(remote, hwvtep.FilterDHCP)
	plain.Gateways = hwvtep.SetOf(netip.MustParseAddr("192.168.0.1"))
	all = plain.Clone()
	for i, e := range hwvtep.Encapsulations()[1:] {
		l := hwvtep.Locator{Encapsulation: e, Addr: netip.MustParseAddr(fmt.Sprint("2001:db8::", i)), Key: hwvtep.NewKey(7)}
		all.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 1, byte(i)}, Locator: l})
		all.AddMcast(hwvtep.UnknownDst, l)
	}
	return all, plain
}

// TestSchemasOfBothKindsAtOnce: one agent serves a switch with the standard
// schema and one with vtepd's; then the first is upgraded while all run.
func TestSchemasOfBothKindsAtOnce(t *testing.T) {
	standard := newBench(t, testenv.WithSchema(testenv.VTEPSchema))
	ours := newBench(t)
	ours.server, standard.beside = standard.server, []ovsdb.Config{{Address: ours.db.Unix}}
	all, plain := rich()
	standard.server.set("sw0", all)
	standard.start()
	ours.holds(all)
	standard.holds(plain)
	standard.offers(hwvtep.VXLANOverIPv4)

	standard.db.Transact(t, testenv.Row{"op": "mutate", "table": "Logical_Switch", "where": []any{}, "mutations": []any{
		[]any{"other_config", "insert", []any{"map", []any{[]any{"somebody", "else's"}}}},
	}})
	before := ours.db.Tables(t)
	done, err := database.Upgrade(t.Context(), standard.db.Unix, testenv.VTEPSchema, database.TLS{})
	if err != nil || done.From == done.To {
		t.Fatalf("%+v, %v", done, err)
	}
	standard.holds(all)
	standard.offers(hwvtep.Encapsulations()...)
	config := fmt.Sprint(standard.db.Rows(t, "Logical_Switch")[0]["other_config"])
	for _, entry := range []string{"[somebody else's]", "[landbridge-gateways 192.168.0.1]", "[landbridge-filter/vxlan_over_ipv4/203.0.113.2/456 dhcp]"} {
		if !strings.Contains(config, entry) {
			t.Errorf("other_config is %s, want %s in it", config, entry)
		}
	}
	if after := ours.db.Tables(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("the other database was written meanwhile")
	}
}

// offers waits until the database is reported to offer these.
func (b *bench) offers(want ...hwvtep.Encapsulation) {
	b.t.Helper()
	b.reported("what the schema offers", func(r rpc.Report) error {
		if got := r.Schema.Encapsulations; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			return fmt.Errorf("%s, want %s", got, want)
		}
		return nil
	})
}

// TestAFilterWithoutAPlaceKeepsItsTunnelAway: a tunnel that lets through what was
// to be kept from it must not be.
func TestAFilterWithoutAPlaceKeepsItsTunnelAway(t *testing.T) {
	b := newBench(t, testenv.WithSchema(testenv.SchemaWithout(t, "Logical_Switch.other_config")))
	_, want := rich()
	b.server.set("sw0", want)
	b.start()
	without := want.Clone()
	without.Filters, without.Gateways = nil, nil
	without.Ucast.Remove(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 2}, Locator: remote})
	delete(without.Mcast[hwvtep.UnknownDst], remote)
	b.holds(without)
}
