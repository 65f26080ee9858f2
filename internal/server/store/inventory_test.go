package store_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
)

func sampleInventory(database string) hwvtep.Inventory {
	return hwvtep.Inventory{
		Database: database,
		Schema: hwvtep.Schema{
			Version: "1.7.0", LocatorKeys: true, Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4}, OtherConfig: true, LogicalConfig: true,
		},
		Switches: []hwvtep.PhysicalSwitch{
			{
				Name: "sw1", Description: "d", TunnelIPs: []netip.Addr{addr("192.0.2.1"), addr("198.51.100.1")},
				Ports:  []hwvtep.PhysicalPort{{Name: "eth0"}, {Name: "eth1", Faults: []string{"down"}}},
				Faults: []string{"a | b | c"}, OtherConfig: map[string]string{hwvtep.Done: "7"},
			},
			{Name: "sw2"},
		},
		Logical: []hwvtep.LogicalRow{
			{Name: "landbridge/n1", Key: hwvtep.NewKey(0), Confirmed: true}, {Name: "landbridge/n2", Error: "refused"},
		},
		Locators: []hwvtep.Locator{
			{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr("192.0.2.9")},
			{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr("192.0.2.9"), Key: hwvtep.NewKey(456)},
		},
	}
}

func (on suite) TestInventoryIsKept(t *testing.T) {
	w := on.newWorld(t)
	a, b := sampleInventory("tcp:a"), sampleInventory("tcp:b")
	b.Error, b.Logical, b.Locators = "connection refused", nil, nil
	for _, inv := range []hwvtep.Inventory{b, a, a} {
		if err := w.SaveInventory(t.Context(), inv); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.Inventories(t.Context())
	same(t, "inventories", []hwvtep.Inventory{a, b}, must(t, got, err))
}

func (on suite) TestInventoryOfManyRows(t *testing.T) {
	w := on.newWorld(t)
	inv := hwvtep.Inventory{Database: "tcp:a"}
	for i := range 2345 {
		inv.Logical = append(inv.Logical, hwvtep.LogicalRow{Name: fmt.Sprintf("landbridge/%05d", i)})
	}
	for _, rows := range [][]hwvtep.LogicalRow{inv.Logical, inv.Logical[1:], inv.Logical[:3], nil} {
		inv.Logical = rows
		if err := w.SaveInventory(t.Context(), inv); err != nil {
			t.Fatal(err)
		}
		got, err := w.Inventories(t.Context())
		same(t, "inventories", []hwvtep.Inventory{inv}, must(t, got, err))
	}
}

// Whatever has been saved before, the last inventory of each database is read
// back.
func (on suite) TestInventoryRoundTrip(t *testing.T) {
	empty := on.emptied(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := empty(rt)
		last := map[string]hwvtep.Inventory{}
		for _, inv := range rapid.SliceOfN(inventories(), 1, 5).Draw(rt, "inventories") {
			last[inv.Database] = inv
			if err := s.SaveInventory(t.Context(), inv); err != nil {
				rt.Fatal(err)
			}
		}
		var want []hwvtep.Inventory
		for _, database := range slices.Sorted(maps.Keys(last)) {
			want = append(want, last[database])
		}
		got, err := s.Inventories(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "inventories", want, got)
	})
}

func inventories() *rapid.Generator[hwvtep.Inventory] {
	text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab'"\?;|{}ü `)), 0, 6, -1)
	few := rapid.SliceOfN(text, 0, 2)
	addrs := rapid.SampledFrom([]netip.Addr{{}, addr("192.0.2.1"), addr("2001:db8::1"), addr("::ffff:192.0.2.1"), addr("fe80::1%eth0")})
	keys := rapid.SampledFrom([]hwvtep.Key{{}, hwvtep.NewKey(0), hwvtep.NewKey(456), hwvtep.NewKey(1<<32 - 1)})
	ports := rapid.Custom(func(t *rapid.T) hwvtep.PhysicalPort {
		return hwvtep.PhysicalPort{Name: text.Draw(t, "port"), Description: text.Draw(t, "text"), Faults: few.Draw(t, "faults")}
	})
	switches := rapid.Custom(func(t *rapid.T) hwvtep.PhysicalSwitch {
		return hwvtep.PhysicalSwitch{
			Name: text.Draw(t, "switch"), Description: text.Draw(t, "text"),
			TunnelIPs: rapid.SliceOfN(addrs, 0, 2).Draw(t, "tunnel_ips"), Ports: rapid.SliceOfN(ports, 0, 3).Draw(t, "ports"),
			Faults: few.Draw(t, "faults"), OtherConfig: rapid.MapOfN(text, text, 0, 2).Draw(t, "other_config"),
		}
	})
	logical := rapid.Custom(func(t *rapid.T) hwvtep.LogicalRow {
		return hwvtep.LogicalRow{
			Name: text.Draw(t, "logical"), Key: keys.Draw(t, "key"), Confirmed: rapid.Bool().Draw(t, "ok"), Error: text.Draw(t, "error"),
		}
	})
	locators := rapid.Custom(func(t *rapid.T) hwvtep.Locator {
		return hwvtep.Locator{
			Encapsulation: hwvtep.Encapsulation(text.Draw(t, "encapsulation")), Addr: addrs.Draw(t, "dst_ip"), Key: keys.Draw(t, "key"),
		}
	})
	return rapid.Custom(func(t *rapid.T) hwvtep.Inventory {
		return hwvtep.Inventory{
			Database: rapid.SampledFrom([]string{"tcp:a", "tcp:b"}).Draw(t, "database"), Error: text.Draw(t, "error"),
			Schema: hwvtep.Schema{
				Version: text.Draw(t, "version"), LocatorKeys: rapid.Bool().Draw(t, "keys"),
				Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4}, Replication: rapid.Bool().Draw(t, "replication"),
				LogicalConfig: rapid.Bool().Draw(t, "logical config"),
			},
			Switches: rapid.SliceOfN(switches, 0, 3).Draw(t, "switches"),
			Logical:  rapid.SliceOfN(logical, 0, 5).Draw(t, "logical"),
			Locators: rapid.SliceOfN(locators, 0, 5).Draw(t, "locators"),
		}
	})
}
