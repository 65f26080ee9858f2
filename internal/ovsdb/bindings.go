package ovsdb

import (
	"fmt"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"landbridge/internal/hwvtep"
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
	holder, bound := p.bindings[binding.VLAN]
	switch {
	case bound && holder == ls.GoUUID:
		return nil
	case bound && !has(b.unbound, slot{p.uuid, binding.VLAN}):
		return fmt.Errorf("VLAN %d of port %q of switch %q is bound to logical switch %q already",
			binding.VLAN, binding.Port, binding.Switch, b.mirror.nameOf(holder))
	}
	b.mutate(ref{tablePort, p.uuid}, ovsdb.Mutation{
		Column: "vlan_bindings", Mutator: ovsdb.MutateOperationInsert,
		Value: ovsdb.OvsMap{GoMap: map[any]any{int(binding.VLAN): ls}},
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
	for _, p := range e.ports {
		if b.mirror.isPort(p, binding) && p.bindings[binding.VLAN] == e.uuid {
			b.release(p, binding.VLAN, e.uuid)
		}
	}
	return nil
}

// release frees a VLAN of a port if the logical switch still has it.
func (b *builder) release(p *portEntry, vlan uint16, ls string) {
	key := slot{p.uuid, vlan}
	if has(b.unbound, key) {
		return
	}
	b.unbound[key] = struct{}{}
	b.mutate(ref{tablePort, p.uuid}, ovsdb.Mutation{
		Column: "vlan_bindings", Mutator: ovsdb.MutateOperationDelete,
		Value: ovsdb.OvsMap{GoMap: map[any]any{int(vlan): ovsdb.UUID{GoUUID: ls}}},
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
	sw := m.physical[p.owner]
	return sw != nil && sw.sw.Name == b.Switch && p.port.Name == b.Port
}

func (m *mirror) nameOf(logical string) string {
	if e := m.logical[logical]; e != nil {
		return e.row.Name
	}
	return logical
}
