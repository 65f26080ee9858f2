package ovsdb

import (
	"fmt"
	"testing"
	"unsafe"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// The index of MACs is made when somebody looks for a row, and kept up from then
// on.
func TestIndexOfMACsIsMadeForWritersAlone(t *testing.T) {
	m := newMirror()
	ls, at := m.switchOf(wire.UUID{1}), m.locator(wire.UUID{2})
	at.give(m, hwvtep.Locator{}, "")
	var rows []*ucastEntry
	join := func(i int) {
		rows = append(rows, m.rows.add(wire.UUID{byte(i)}))
		rows[i].ls, rows[i].at, rows[i].mac = ls.n, at.n, ethernet.MAC{2, 0, 0, 0, 0, byte(i / 3)}
		m.join(rows[i])
	}
	found := func(want ...int) {
		t.Helper()
		var ids []wire.UUID
		for _, i := range want {
			ids = append(ids, wire.UUID{byte(i)})
		}
		if got := sortedIDs(m.findUcast(ls, hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}})); fmt.Sprint(got) != fmt.Sprint(ids) {
			t.Errorf("found %v, want %v", got, ids)
		}
	}
	for i := range 5 {
		join(i)
	}
	m.leave(rows[0])
	if ls.byMAC != nil {
		t.Error("an index that nobody needs")
	}
	found(3, 4)
	join(5)
	found(3, 4, 5)
	m.leave(rows[4])
	found(3, 5)
	m.leave(rows[5])
	m.leave(rows[3])
	found()
	if len(ls.byMAC) != 1 || len(ls.ucast) != 2 || at.refs != 2 { // rows 1 and 2
		t.Errorf("left: %v in the index, %v rows, %d references", ls.byMAC, ls.ucast, at.refs)
	}
}

// 100,000 MACs are to cost little: they are kept side by side.
func TestARowOfAMACIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(ucastEntry{}); size > 64 {
		t.Errorf("%d bytes", size)
	}
}

func TestABagGivesRoomBack(t *testing.T) {
	var b bag[*mcastEntry]
	var all []*mcastEntry
	for i := range 1000 {
		all = append(all, &mcastEntry{id: wire.UUID{byte(i), byte(i >> 8)}})
		b.put(all[i])
	}
	for i, r := range all {
		b.take(r)
		for at, other := range b {
			if other.pos != place(at) || other == r {
				t.Fatalf("after %d: %v at %d", i, other, at)
			}
		}
		if cap(b) > 4*len(b)+1100-i*1000 && cap(b) > 8*(len(b)+1) {
			t.Fatalf("room for %d where %d are", cap(b), len(b))
		}
	}
	if b != nil {
		t.Error("an empty bag has room")
	}
}
