package ovsdb

import (
	"context"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// tableStats is written and never followed: the counters are of nobody's concern
// here but the port's that refers to them.
const tableStats = "Logical_Binding_Stats"

// SetPortFaults replaces port_fault_status of ports of a switch, by their names.
// Ports that are not in the database are passed over.
func (c *Client) SetPortFaults(ctx context.Context, sw string, faults map[string][]string) error {
	return c.changeSwitch(ctx, sw, func(b *builder, _ *physicalEntry) error {
		for name, texts := range faults {
			want := slices.Compact(slices.Sorted(slices.Values(texts)))
			p := b.mirror.findPort(hwvtep.Binding{Switch: sw, Port: name})
			if p != nil && !slices.Equal(want, p.port.Faults) {
				b.update(ref{tablePort, p.id}, wire.Columns{"port_fault_status": set(want)})
			}
		}
		return nil
	})
}

// SetBindingStats writes the counters of bindings of a switch into vlan_stats of
// its ports, and takes out those of other VLANs. Ports that are not in the
// database are passed over.
func (c *Client) SetBindingStats(ctx context.Context, sw string, stats map[hwvtep.Binding]hwvtep.BindingStats) error {
	return c.changeSwitch(ctx, sw, func(b *builder, e *physicalEntry) error {
		for _, id := range e.ports {
			if p := b.mirror.ports[id]; p != nil {
				b.setStats(sw, p, stats)
			}
		}
		return nil
	})
}

func (b *builder) setStats(sw string, p *portEntry, stats map[hwvtep.Binding]hwvtep.BindingStats) {
	var fresh wire.Map
	var gone wire.Set
	for vlan := range p.stats {
		if _, ok := stats[hwvtep.Binding{Switch: sw, Port: p.port.Name, VLAN: vlan}]; !ok {
			gone = append(gone, int(vlan))
		}
	}
	for binding, s := range stats {
		if binding.Switch != sw || binding.Port != p.port.Name {
			continue
		}
		row := wire.Columns{
			"packets_from_local": int(s.PacketsFromLocal), "bytes_from_local": int(s.BytesFromLocal),
			"packets_to_local": int(s.PacketsToLocal), "bytes_to_local": int(s.BytesToLocal),
		}
		if id, ok := p.stats[binding.VLAN]; ok {
			b.update(ref{tableStats, id}, row)
		} else {
			fresh = append(fresh, wire.Pair{Key: int(binding.VLAN), Value: b.insert(tableStats, row)})
		}
	}
	if len(gone) > 0 {
		b.mutate(ref{tablePort, p.id}, wire.Mutation{Column: "vlan_stats", Mutator: wire.Delete, Value: gone})
	}
	if len(fresh) > 0 {
		b.mutate(ref{tablePort, p.id}, wire.Mutation{Column: "vlan_stats", Mutator: wire.Insert, Value: fresh})
	}
}
