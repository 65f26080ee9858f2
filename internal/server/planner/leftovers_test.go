package planner

import (
	"testing"

	"landbridge/internal/hwvtep"
)

// What is left over is counted for each part; what another switch of the same
// database wants is not left over there.
func TestLeftovers(t *testing.T) {
	node := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr(nodeA)}
	far := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr(remote), Key: hwvtep.NewKey(456)}
	row := func(n int, l hwvtep.Locator) hwvtep.Ucast { return hwvtep.Ucast{MAC: mac(n), Locator: l} }
	want := hwvtep.NewLogicalSwitch("landbridge/n", hwvtep.NewKey(1))
	want.Ucast.Add(row(1, node))
	want.AddMcast(hwvtep.UnknownDst, far)
	other := want.Clone()
	other.Ucast.Add(row(2, node))
	other.Bindings.Add(hwvtep.Binding{Switch: "other", Port: "p", VLAN: 1})
	stray := func(ls *hwvtep.LogicalSwitch) {
		ls.Ucast.Add(row(3, node))
		ls.Ucast.Add(row(3, far))
		ls.Ucast.Add(row(4, far))
		ls.AddMcast("01:00:5e:00:00:09", node)
		ls.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "p", VLAN: 1})
	}
	for name, c := range map[string]struct {
		shared      bool // other is of the same database
		has         *hwvtep.LogicalSwitch
		change      func(*hwvtep.LogicalSwitch)
		fabric, wan int
	}{
		"as wanted":                       {false, want, func(*hwvtep.LogicalSwitch) {}, 0, 0},
		"more":                            {false, want, stray, 3, 2},
		"what another database's has":     {false, other, func(*hwvtep.LogicalSwitch) {}, 1, 0},
		"what another switch has":         {true, other, func(*hwvtep.LogicalSwitch) {}, 0, 0},
		"more than what either is to be":  {true, other, stray, 3, 2},
		"what the other one is to be yet": {true, want, func(*hwvtep.LogicalSwitch) {}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			actual := c.has.Clone()
			c.change(actual)
			elsewhere := "tcp:192.0.2.9:6640"
			if c.shared {
				elsewhere = database
			}
			out := Output{Switches: map[string]*hwvtep.LogicalSwitch{"sw": want, "other": other}}
			seen := Seen{Switches: map[string]SwitchState{
				"sw": {Database: Database{Address: database}, Actual: actual}, "other": {Database: Database{Address: elsewhere}},
			}}
			fabric, wan := leftovers("sw", Part{}, out, seen), leftovers("sw", Part{WAN: true, Locator: far}, out, seen)
			if fabric != c.fabric || wan != c.wan {
				t.Errorf("left over are %d and %d, want %d and %d", fabric, wan, c.fabric, c.wan)
			}
		})
	}
}
