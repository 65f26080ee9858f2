package agent

import (
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

// report hands over what is known now.
func (k *keeper) report() {
	if err := k.client.Err(); err != nil {
		k.reports.put(rpc.Report{Database: k.address, Error: err.Error(), Switches: k.switches})
		return
	}
	r := rpc.Report{
		Database: k.address, Schema: k.client.Schema(), Switches: k.switches,
		Logical: make(map[string]rpc.LogicalReport, len(k.logical)),
	}
	for name, l := range k.logical {
		k.refresh(name, l)
		if l.actual == (hwvtep.Packed{}) && !l.dirty && !l.unraised && !k.planned(name) {
			delete(k.logical, name)
			continue
		}
		r.Logical[name] = rpc.LogicalReport{Actual: l.actual, Local: l.local, Confirmed: k.confirmed(name, l), Error: l.err}
	}
	k.reports.put(r)
}

// planned tells whether a switch of the database needs a logical switch.
func (k *keeper) planned(name string) bool {
	return slices.ContainsFunc(k.switches, func(sw hwvtep.PhysicalSwitch) bool { return k.plan.needs(sw.Name, name) })
}

// refresh looks at what the database holds of a logical switch.
func (k *keeper) refresh(name string, l *logical) {
	if !l.stale {
		return
	}
	l.stale = false
	l.actual = hwvtep.Pack(k.client.LogicalSwitch(name))
	l.local = k.client.Learned(name)
}
