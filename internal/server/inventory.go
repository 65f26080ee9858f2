package server

import (
	"maps"
	"slices"

	"landbridge/internal/hwvtep"
)

// unsaved gives the inventories that differ from what the store has.
func (r *reports) unsaved() []hwvtep.Inventory {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []hwvtep.Inventory
	for _, address := range keys(r.databases) {
		d := r.databases[address]
		if !d.unsaved {
			continue
		}
		inv := d.inventory()
		if d.saved != nil && sameInventory(*d.saved, inv) {
			d.unsaved = false
			continue
		}
		out = append(out, inv)
	}
	return out
}

// saved says that the store has it. What has been reported meanwhile is
// compared anew.
func (r *reports) saved(inv hwvtep.Inventory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := r.databases[inv.Database]; d != nil {
		d.saved = &inv
	}
}

func (d *database) inventory() hwvtep.Inventory {
	inv := hwvtep.Inventory{Database: d.Database, Error: d.Error, Schema: d.Schema}
	for _, s := range d.Switches {
		// The number of the last change is of no use later, and changes each time.
		s.OtherConfig = maps.Clone(s.OtherConfig)
		delete(s.OtherConfig, hwvtep.Done)
		inv.Switches = append(inv.Switches, s)
	}
	locators := hwvtep.Set[hwvtep.Locator]{}
	for _, name := range keys(d.Logical) {
		report := d.Logical[name]
		row := hwvtep.LogicalRow{Name: name, Confirmed: report.Confirmed, Error: report.Error}
		row.Key = report.Actual.Row().Key
		for _, l := range report.Actual.Locators() {
			locators.Add(l)
		}
		inv.Logical = append(inv.Logical, row)
	}
	inv.Locators = locators.Sorted(hwvtep.Locator.Compare)
	if d.Error != "" && d.Logical == nil && d.saved != nil {
		inv.Logical, inv.Locators = d.saved.Logical, d.saved.Locators // what was seen last
	}
	return inv
}

func sameInventory(a, b hwvtep.Inventory) bool {
	return a.Error == b.Error && a.Schema.Equal(b.Schema) &&
		slices.EqualFunc(a.Switches, b.Switches, func(x, y hwvtep.PhysicalSwitch) bool { return x.Equal(&y) }) &&
		slices.Equal(a.Logical, b.Logical) && slices.Equal(a.Locators, b.Locators)
}
