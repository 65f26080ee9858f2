package ovsdb

import (
	"fmt"
	"testing"
	"unsafe"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// The index of MACs is made when somebody looks for a row, and kept up from then
// on.
func TestIndexOfMACsIsMadeForWritersAlone(t *testing.T) {
	m := newMirror()
	m.logical["ls"] = newLogicalEntry("ls")
	m.setLocator("at", hwvtep.Locator{}, "")
	row := func(i int) (ref, *ucastEntry) {
		return ref{tableUcast, fmt.Sprint("row", i)}, &ucastEntry{ls: "ls", locator: "at", mac: ethernet.MAC{2, 0, 0, 0, 0, byte(i / 2)}}
	}
	found := func(want ...string) {
		t.Helper()
		if got := m.findUcast(m.logical["ls"], hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}}); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("found %v, want %v", got, want)
		}
	}
	for i := range 3 {
		m.join(row(i))
	}
	r, _ := row(0)
	m.leave(r)
	if m.logical["ls"].byMAC != nil {
		t.Error("an index that nobody needs")
	}
	found("row2")
	m.join(row(3))
	found("row2", "row3")
	r, _ = row(2)
	m.leave(r)
	found("row3")
	r, _ = row(3)
	m.leave(r)
	found()
	if left := m.logical["ls"].byMAC; len(left) != 1 { // that of row 1
		t.Errorf("left in the index: %v", left)
	}
}

// Rows that libovsdb keeps have one text between them for what they refer to.
func TestRowsShareWhatTheyReferTo(t *testing.T) {
	clone := func() *ucastRow {
		return (&ucastRow{LogicalSwitch: string([]byte("ls")), Locator: string([]byte("at"))}).CloneModel().(*ucastRow)
	}
	a, b := clone(), clone()
	if unsafe.StringData(a.LogicalSwitch) != unsafe.StringData(b.LogicalSwitch) || unsafe.StringData(a.Locator) != unsafe.StringData(b.Locator) {
		t.Error("each row has a text of its own")
	}
}
