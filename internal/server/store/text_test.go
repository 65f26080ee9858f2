package store_test

import (
	"slices"
	"testing"

	"landbridge/internal/l2gw"
)

// oddNames are names that some database, left to its defaults, takes for one,
// sorts elsewhere, or cannot keep; in the order of their bytes.
var oddNames = []string{
	"", " ", `'; DROP TABLE l2gateways; --`, "A", "a", "a ", "a  ", "a\t", "a\n", `a\`, `a\'`, "a%", "a_", "aa", "b", "ss",
	"ä", "a\u0308", "ß", "Ⅷ", "ﬁ", "\uFFFD", "𝒂", "😀", "😀😀", "👩‍💻",
}

// Names are kept, found, told apart and sorted by their bytes.
func (on suite) TestNames(t *testing.T) {
	s := on.newWorld(t)
	var devices []l2gw.Device
	for _, name := range oddNames {
		s.gateway(name, device("x"))
		devices = append(devices, device("sw"+name, port(name)))
	}
	same(t, "devices", devices, withoutIDs(s.gateway("all", devices...).Devices))
	for _, name := range oddNames {
		found, err := s.Gateways().List(t.Context(), l2gw.Query{Filters: []l2gw.Filter{{Attribute: "name", Values: []any{name}}}})
		if len(must(t, found, err)) != 1 || found[0].Name != name {
			t.Errorf("%q: found %v", name, found)
		}
	}
	sorted, err := s.Gateways().List(t.Context(), l2gw.Query{Sort: []l2gw.Sort{{Attribute: "name"}}})
	var names []string
	for _, g := range must(t, sorted, err) {
		names = append(names, g.Name)
	}
	want := append(slices.Clone(oddNames), "all")
	slices.Sort(want)
	same(t, "sorted by name", want, names)
}

func withoutIDs(devices []l2gw.Device) []l2gw.Device {
	out := slices.Clone(devices)
	for i := range out {
		out[i].ID = ""
	}
	return out
}

// A reference that no database can keep, or that is not text, is to nothing.
func (on suite) TestOddReferences(t *testing.T) {
	s := on.newGround(t)
	ctx := t.Context()
	for _, id := range []string{"\x00", s.g.ID + "\x00", "\x00" + s.g.ID, s.g.ID[:9] + "\x00" + s.g.ID[9:], "\xff\xfe", s.g.ID + "\xff", s.g.ID + " "} {
		_, err := s.Gateways().Get(ctx, id)
		checkError(t, err, l2gw.NotFound, "L2GatewayNotFound")
		_, err = s.connect(id, "n9", nil)
		checkError(t, err, l2gw.NotFound, "L2GatewayNotFound")
		checkError(t, s.RemoteMACs().Delete(ctx, id), l2gw.NotFound, "L2RemoteMacNotFound")
		found, err := s.Gateways().List(ctx, l2gw.Query{Filters: []l2gw.Filter{{Attribute: "id", Values: []any{id}}}})
		if len(must(t, found, err)) > 0 {
			t.Errorf("%q: found %v", id, found)
		}
		if networks, err := s.NetworksOf(ctx, id); err != nil || len(networks) > 0 {
			t.Errorf("%q: networks %v, %v", id, networks, err)
		}
	}
}

// What switches say is kept, however long and whatever it is.
func (on suite) TestLongInventory(t *testing.T) {
	s := on.newWorld(t)
	long := slices.Repeat([]string{"a fault of 😀 many words; "}, 20_000)
	inv := sampleInventory("tcp:a")
	inv.Switches[0].Faults = long
	inv.Switches[0].Name = longText(300)
	inv.Error = longText(70_000)
	if err := s.SaveInventory(t.Context(), inv); err != nil {
		t.Fatal(err)
	}
	got, err := s.Inventories(t.Context())
	if g := must(t, got, err); len(g) != 1 || g[0].Error != inv.Error || g[0].Switches[0].Name != inv.Switches[0].Name ||
		!slices.Equal(g[0].Switches[0].Faults, long) {
		t.Error("it was not kept whole")
	}
	inv.Error = "with \x00 and \xff"
	if err := s.SaveInventory(t.Context(), inv); err != nil {
		t.Fatal(err)
	}
}

func longText(n int) string { return string(slices.Repeat([]byte("x"), n)) }
