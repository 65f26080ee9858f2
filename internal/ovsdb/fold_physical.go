package ovsdb

import (
	"fmt"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/model"

	"landbridge/internal/hwvtep"
)

// physical takes in a row of Physical_Switch.
func (f *fold) physical(r ref, m model.Model) {
	f.dirty.Physical = true
	old, e := f.mirror.physical[r.uuid], f.parsePhysical(r, m)
	if e == nil {
		delete(f.mirror.physical, r.uuid)
		e = &physicalEntry{uuid: r.uuid}
	} else {
		f.mirror.physical[r.uuid] = e
	}
	f.own(e.ports, r.uuid)
	if old == nil {
		return
	}
	f.own(slices.DeleteFunc(old.ports, func(id string) bool { return slices.Contains(e.ports, id) }), "")
	if old.sw.Name != e.sw.Name {
		f.touchPorts(e.ports...)
	}
}

func (f *fold) parsePhysical(r ref, m model.Model) *physicalEntry {
	e := &physicalEntry{uuid: r.uuid}
	switch row := m.(type) {
	case *switchRow:
		e.take(*row)
	case *switchConfigRow:
		e.take(switchRow{row.UUID, row.Name, row.Description, row.Ports, row.TunnelIPs, row.Faults})
		e.sw.OtherConfig = row.OtherConfig
	default:
		return nil
	}
	var bad []string
	if e.sw.TunnelIPs, bad = parseAddrs(e.tunnelIPs); len(bad) > 0 {
		f.warn(r, fmt.Sprintf("tunnel_ips %q are not addresses", bad))
	}
	return e
}

func (e *physicalEntry) take(row switchRow) {
	e.sw.Name, e.sw.Description = row.Name, row.Description
	e.sw.Faults = slices.Sorted(slices.Values(row.Faults))
	e.tunnelIPs, e.ports = row.TunnelIPs, row.Ports
}

// own says whose ports are. A binding counts from the moment that its port is a
// switch's.
func (f *fold) own(ports []string, owner string) {
	for _, id := range ports {
		if p := f.mirror.ports[id]; p != nil && p.owner != owner {
			p.owner = owner
			f.touchPorts(id)
		}
	}
}

func (f *fold) touchPorts(ids ...string) {
	for _, id := range ids {
		if p := f.mirror.ports[id]; p != nil {
			for _, ls := range p.bindings {
				f.touch(ls)
			}
		}
	}
}

// port takes in a row of Physical_Port.
func (f *fold) port(r ref, m model.Model) {
	f.dirty.Physical = true
	old := f.mirror.ports[r.uuid]
	row, ok := m.(*portRow)
	if ok && !f.bindingsResolve(row) {
		f.unresolved = append(f.unresolved, r)
		return
	}
	if old != nil {
		f.unbind(old)
	}
	if !ok {
		delete(f.mirror.ports, r.uuid)
		f.touchUnbound(old, &portEntry{})
		return
	}
	e := &portEntry{uuid: r.uuid, bindings: map[uint16]string{}, stats: map[uint16]string{}, owner: f.ownerOf(r.uuid)}
	for vlan, id := range row.Stats {
		e.stats[uint16(vlan)] = id
	}
	e.port = hwvtep.PhysicalPort{Name: row.Name, Description: row.Description, Faults: slices.Sorted(slices.Values(row.Faults))}
	f.mirror.ports[r.uuid] = e
	for vlan, id := range row.Bindings {
		e.bindings[uint16(vlan)] = id
		f.mirror.logical[id].ports[r.uuid] = e
		if old == nil || old.bindings[uint16(vlan)] != id || old.owner != e.owner {
			f.touch(id)
		}
	}
	f.touchUnbound(old, e)
}

func (f *fold) bindingsResolve(row *portRow) bool {
	for _, id := range row.Bindings {
		if !f.resolves(localEntry{ls: id}) {
			return false
		}
	}
	return true
}

func (f *fold) unbind(e *portEntry) {
	for _, id := range e.bindings {
		if ls := f.mirror.logical[id]; ls != nil {
			delete(ls.ports, e.uuid)
		}
	}
}

// touchUnbound marks the logical switches that a port has lost.
func (f *fold) touchUnbound(old, e *portEntry) {
	if old == nil {
		return
	}
	for vlan, id := range old.bindings {
		if e.bindings[vlan] != id {
			f.touch(id)
		}
	}
}

func (f *fold) ownerOf(port string) string {
	for id, e := range f.mirror.physical {
		if slices.Contains(e.ports, port) {
			return id
		}
	}
	return ""
}
