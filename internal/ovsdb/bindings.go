package ovsdb

import (
	"fmt"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// bind binds a VLAN of a port to a logical switch.
func (b *builder) bind(name string, binding hwvtep.Binding) error {
	ls, err := b.logicalRef(name)
	if err != nil {
		return err
	}
	p := b.mirror.findPort(binding)
	if p == nil {
		return fmt.Errorf("switch %q has no port %q", binding.Switch, binding.Port)
	}
	holder := p.bindings[binding.VLAN]
	switch {
	case holder != nil && ls == holder.id:
		return nil
	case holder != nil && !has(b.unbound, slot{p, binding.VLAN}):
		return fmt.Errorf("VLAN %d of port %q of switch %q is bound to logical switch %q already",
			binding.VLAN, binding.Port, binding.Switch, holder.row.Name)
	}
	b.mutate(ref{tablePort, p.id}, wire.Mutation{
		Column: "vlan_bindings", Mutator: wire.Insert,
		Value: wire.Map{{Key: int(binding.VLAN), Value: ls}},
	})
	return nil
}

// unbind takes a VLAN of a port from a logical switch, on every port of that
// name.
func (b *builder) unbind(name string, binding hwvtep.Binding) error {
	e := b.mirror.byName[name]
	if e == nil {
		return nil
	}
	for s := range e.bound {
		if s.vlan == binding.VLAN && b.mirror.isPort(s.port, binding) {
			b.release(s, e.id)
		}
	}
	return nil
}

// release frees a VLAN of a port if the logical switch still has it.
func (b *builder) release(s slot, ls wire.UUID) {
	if has(b.unbound, s) {
		return
	}
	b.unbound[s] = struct{}{}
	b.mutate(ref{tablePort, s.port.id}, wire.Mutation{
		Column: "vlan_bindings", Mutator: wire.Delete, Value: wire.Map{{Key: int(s.vlan), Value: ls}},
	})
}

func (m *mirror) findPort(b hwvtep.Binding) *portEntry {
	for _, sw := range m.physical {
		if sw.sw.Name != b.Switch {
			continue
		}
		for _, id := range sw.ports {
			if p := m.ports[id]; p != nil && p.port.Name == b.Port {
				return p
			}
		}
	}
	return nil
}

func (m *mirror) isPort(p *portEntry, b hwvtep.Binding) bool {
	sw := m.owners[p.id]
	return sw != nil && sw.sw.Name == b.Switch && p.port.Name == b.Port
}
