package hwvtep

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"landbridge/internal/ethernet"
)

func TestLearned(t *testing.T) {
	row := func(n uint16, at string) LocalMAC {
		var mac ethernet.MAC
		mac[0] = 2
		binary.BigEndian.PutUint16(mac[4:], n)
		return LocalMAC{MAC: mac, At: netip.MustParseAddr(at)}
	}
	if l := NewLearned(nil); l != (Learned{}) || l.Len() != 0 {
		t.Errorf("of nothing: %+v", l)
	}
	l := NewLearned([]LocalMAC{row(2, "2001:db8::1"), row(2, "10.0.0.1"), row(1, "10.0.0.2"), row(2, "10.0.0.1"), row(1, "10.0.0.1")})
	want := []LocalMAC{row(1, "10.0.0.1"), row(1, "10.0.0.2"), row(2, "10.0.0.1"), row(2, "2001:db8::1")}
	if got := slices.Collect(l.All()); !slices.Equal(got, want) || l.Len() != 4 {
		t.Errorf("%v, want %v", got, want)
	}
	if l != NewLearned(slices.Clone(want)) || l == NewLearned(slices.Clone(want[:2])) {
		t.Error("what is equal")
	}
	var many []LocalMAC
	for n := range uint16(MostLocal + 100) {
		many = append(many, row(n, "10.0.0.1"))
	}
	slices.Reverse(many)
	l = NewLearned(many)
	if l.Len() != MostLocal {
		t.Errorf("%d rows", l.Len())
	}
	for first := range l.All() {
		if first != row(0, "10.0.0.1") {
			t.Errorf("the first is %v", first)
		}
		break
	}
}
