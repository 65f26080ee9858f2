package ovsdb

import (
	"fmt"
	"maps"
	"slices"

	"landbridge/internal/ovsdb/wire"
)

func (c *globalRow) into(f *fold) {
	old := f.mirror.global
	if c.what == wire.Gone && (old == nil || old.id != c.id) {
		return
	}
	if !f.follows(tableGlobal, c.row, old != nil) {
		return
	}
	e := &globalEntry{id: c.id}
	if c.what == wire.Diff {
		*e = *old
	}
	e.switches, e.config = newSet(e.switches, c.row, c.switches), newMap(e.config, c.row, c.config)
	f.dirty.Global = true
	f.dirty.Physical = f.dirty.Physical || old == nil || c.what != wire.Diff || c.switches.told
	if f.mirror.global = e; c.what == wire.Gone {
		f.mirror.global = nil
	}
}

// into takes in a row of Physical_Switch.
func (c *switchRow) into(f *fold) {
	f.dirty.Physical = true
	m := f.mirror
	e := &physicalEntry{id: c.id}
	old := m.physical[c.id]
	if !f.follows(tableSwitch, c.row, old != nil) {
		return
	}
	if old == nil {
		old = &physicalEntry{id: c.id}
	}
	if c.what == wire.Diff {
		*e = *old
	}
	if c.what == wire.Gone {
		delete(m.physical, c.id)
	} else {
		m.physical[c.id] = e
		c.columns(f, e)
	}
	f.own(old, e)
	if old.sw.Name != e.sw.Name {
		f.touchPorts(e.ports)
	}
}

func (c *switchRow) columns(f *fold, e *physicalEntry) {
	e.sw.Name, e.sw.Description = newValue(e.sw.Name, c.name), newValue(e.sw.Description, c.description)
	e.sw.Faults = slices.Sorted(slices.Values(newSet(e.sw.Faults, c.row, c.faults)))
	e.sw.OtherConfig = newMap(e.sw.OtherConfig, c.row, c.config)
	e.tunnelIPs, e.ports = newSet(e.tunnelIPs, c.row, c.tunnelIPs), newSet(e.ports, c.row, c.ports)
	var bad []string
	if e.sw.TunnelIPs, bad = parseAddrs(e.tunnelIPs); len(bad) > 0 {
		f.warn(ref{tableSwitch, c.id}, fmt.Sprintf("tunnel_ips %q are not addresses", bad))
	}
}

// own says whose ports are. A binding counts from the moment that its port is a
// switch's.
func (f *fold) own(old, e *physicalEntry) {
	owners := f.mirror.owners
	now := make(map[wire.UUID]struct{}, len(e.ports))
	for _, id := range e.ports {
		now[id] = struct{}{}
		if was := owners[id]; was == nil || was.id != e.id {
			f.touchPorts([]wire.UUID{id})
		}
		owners[id] = e
	}
	for _, id := range old.ports {
		if !has(now, id) && owners[id] == old {
			delete(owners, id)
			f.touchPorts([]wire.UUID{id})
		}
	}
}

func (f *fold) touchPorts(ids []wire.UUID) {
	for _, id := range ids {
		if p := f.mirror.ports[id]; p != nil {
			for _, ls := range p.bindings {
				f.touch(ls)
			}
		}
	}
}

// into takes in a row of Physical_Port.
func (c *portRow) into(f *fold) {
	f.dirty.Physical = true
	p := f.mirror.ports[c.id]
	if !f.follows(tablePort, c.row, p != nil) {
		return
	}
	if p == nil {
		p = &portEntry{id: c.id, bindings: map[uint16]*logicalEntry{}}
	}
	f.mirror.ports[c.id] = p
	switch c.what {
	case wire.Gone:
		delete(f.mirror.ports, c.id)
	case wire.Whole:
		p.port.Description, p.port.Faults, p.stats = "", nil, nil
	}
	if name := newValue(p.port.Name, c.name); name != p.port.Name {
		p.port.Name = name
		f.touchPorts([]wire.UUID{c.id})
	}
	p.port.Description = newValue(p.port.Description, c.description)
	p.port.Faults = slices.Sorted(slices.Values(newSet(p.port.Faults, c.row, c.faults)))
	p.stats = newMap(p.stats, c.row, c.stats)
	f.rebind(p, c)
}

// rebind takes in which VLANs of a port are bound to what. It costs what changes.
func (f *fold) rebind(p *portEntry, c *portRow) {
	if c.what != wire.Diff {
		for vlan, ls := range maps.Clone(p.bindings) {
			if id, ok := c.bindings.value[vlan]; !ok || id != ls.id {
				f.unbind(slot{p, vlan})
			}
		}
	}
	for vlan, id := range c.bindings.value {
		was := p.bindings[vlan]
		if was != nil && was.id == id {
			if c.what == wire.Diff {
				f.unbind(slot{p, vlan})
			}
			continue
		}
		f.unbind(slot{p, vlan})
		f.bind(slot{p, vlan}, f.mirror.switchOf(id))
	}
}

func (f *fold) bind(s slot, ls *logicalEntry) {
	s.port.bindings[s.vlan] = ls
	if ls.bound == nil {
		ls.bound = map[slot]struct{}{}
	}
	ls.bound[s] = struct{}{}
	f.touch(ls)
}

func (f *fold) unbind(s slot) {
	if ls := s.port.bindings[s.vlan]; ls != nil {
		delete(s.port.bindings, s.vlan)
		delete(ls.bound, s)
		ls.release(f.mirror)
		f.touch(ls)
	}
}
