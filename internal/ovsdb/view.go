package ovsdb

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// LogicalSwitchNames gives the names of all logical switches, sorted.
func (c *Client) LogicalSwitchNames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.mirror.byName))
}

// LogicalSwitch gives what the database holds of a logical switch, nil where it
// is not there. It costs the size of that switch, not of the database; the
// result is the caller's.
func (c *Client) LogicalSwitch(name string) *hwvtep.LogicalSwitch {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.mirror.byName[name]
	if e == nil {
		return nil
	}
	return c.mirror.view(e).shown
}

// Strays counts the rows of a logical switch, and the entries of its
// other_config that are ours, that LogicalSwitch does not show: those with values
// that make no sense, and those that say what another row says already. Apply
// removes them.
func (c *Client) Strays(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.mirror.byName[name]
	if e == nil {
		return 0
	}
	v := c.mirror.view(e)
	return len(v.strayUcast) + len(v.strayMcast) + len(e.stray)
}

// PhysicalSwitches gives the switches of the database, sorted by name.
func (c *Client) PhysicalSwitches() []hwvtep.PhysicalSwitch {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []hwvtep.PhysicalSwitch
	for _, e := range c.mirror.physical {
		if g := c.mirror.global; g == nil || !slices.Contains(g.switches, e.id) {
			continue
		}
		sw := e.sw
		sw.TunnelIPs, sw.Faults, sw.OtherConfig = slices.Clone(sw.TunnelIPs), slices.Clone(sw.Faults), maps.Clone(sw.OtherConfig)
		for _, id := range e.ports {
			if p := c.mirror.ports[id]; p != nil {
				sw.Ports = append(sw.Ports, p.port)
			}
		}
		slices.SortFunc(sw.Ports, func(a, b hwvtep.PhysicalPort) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, sw)
	}
	slices.SortFunc(out, func(a, b hwvtep.PhysicalSwitch) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Schema tells what the server's schema offers; the zero Schema before the
// first connection.
func (c *Client) Schema() hwvtep.Schema {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.schema
}

// Wanted gives hwvtep.Wanted of Global; not ok where it is not set, or no
// number.
func (c *Client) Wanted() (n uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mirror.global == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(c.mirror.global.config[hwvtep.Wanted], 10, 64)
	return n, err == nil
}

// view is a logical switch in hwvtep's terms, with what these cannot express.
type view struct {
	shown      *hwvtep.LogicalSwitch
	strayUcast []wire.UUID
	strayMcast map[string]struct{} // MACs whose rows are not one that shows all
	mcast      map[string]struct{} // MACs seen
}

func newView() *view {
	return &view{
		shown:      hwvtep.NewLogicalSwitch("", hwvtep.Key{}),
		strayMcast: map[string]struct{}{}, mcast: map[string]struct{}{},
	}
}

func (m *mirror) view(e *logicalEntry) *view {
	v := newView()
	v.shown.Name, v.shown.Key = e.row.Name, e.row.Key
	v.shown.Description, v.shown.Replication = e.row.Description, e.row.Replication
	v.shown.Filters, v.shown.Gateways = maps.Clone(e.row.Filters), maps.Clone(e.row.Gateways)
	v.shown.Overrides = e.row.Overrides
	for _, n := range e.ucast {
		v.addUcast(m, m.rows.of(n))
	}
	for _, row := range e.mcast {
		v.addMcast(m, row)
	}
	for s := range e.bound {
		if sw := m.owners[s.port.id]; sw != nil {
			v.shown.Bindings.Add(hwvtep.Binding{Switch: sw.sw.Name, Port: s.port.port.Name, VLAN: s.vlan})
		}
	}
	return v
}

func (v *view) addUcast(m *mirror, u *ucastEntry) {
	value, ok := m.shown(u)
	if !ok || v.shown.Ucast.Has(value) {
		v.strayUcast = append(v.strayUcast, u.id)
	}
	if ok {
		v.shown.Ucast.Add(value)
	}
}

func (v *view) addMcast(m *mirror, row *mcastEntry) {
	if has(v.mcast, row.mac) {
		v.strayMcast[row.mac] = struct{}{}
	}
	v.mcast[row.mac] = struct{}{}
	for _, n := range row.set.locators {
		l := m.numbers.of(n)
		if l.bad == "" {
			v.shown.AddMcast(row.mac, l.value)
		} else {
			v.strayMcast[row.mac] = struct{}{}
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}
