package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// EnsureSwitch makes a Physical_Switch as it is given: the row, Global and the
// ports where they are not there; tunnel_ips; the description and the keys of
// other_config that are given. Other ports and keys stay as they are; faults are
// SetFaults' business. Nothing is written where all is so already.
func (c *Client) EnsureSwitch(ctx context.Context, sw hwvtep.PhysicalSwitch) error {
	return c.change(ctx, func(b *builder) error {
		if len(sw.OtherConfig) > 0 && !b.schema.OtherConfig {
			return fmt.Errorf("switch %q: the database's schema %s has no Physical_Switch.other_config", sw.Name, b.schema.Version)
		}
		if e := b.mirror.findSwitch(sw.Name); e != nil {
			b.changeSwitch(e, sw)
			return nil
		}
		b.makeSwitch(sw)
		return nil
	})
}

func (b *builder) makeSwitch(sw hwvtep.PhysicalSwitch) {
	row := wire.Columns{
		"name": sw.Name, "description": sw.Description, "tunnel_ips": addrSet(sw.TunnelIPs),
		"ports": b.makePorts(sw.Ports),
	}
	if len(sw.OtherConfig) > 0 {
		row["other_config"] = wire.Texts(sw.OtherConfig)
	}
	switches := wire.Set{b.insert(tableSwitch, row)}
	if g := b.mirror.global; g != nil {
		b.mutate(ref{tableGlobal, g.id}, wire.Mutation{Column: "switches", Mutator: wire.Insert, Value: switches})
	} else {
		b.insert(tableGlobal, wire.Columns{"switches": switches})
	}
}

func (b *builder) makePorts(ports []hwvtep.PhysicalPort) wire.Set {
	ids := wire.Set{}
	for _, p := range ports {
		ids = append(ids, b.insert(tablePort, wire.Columns{"name": p.Name, "description": p.Description}))
	}
	return ids
}

func (b *builder) changeSwitch(e *physicalEntry, sw hwvtep.PhysicalSwitch) {
	r := ref{tableSwitch, e.id}
	row := wire.Columns{}
	if !slices.Equal(addrTexts(sw.TunnelIPs), slices.Sorted(slices.Values(e.tunnelIPs))) {
		row["tunnel_ips"] = addrSet(sw.TunnelIPs)
	}
	if sw.Description != "" && sw.Description != e.sw.Description {
		row["description"] = sw.Description
	}
	if len(row) > 0 {
		b.update(r, row)
	}
	missing := slices.DeleteFunc(slices.Clone(sw.Ports), func(p hwvtep.PhysicalPort) bool {
		return b.mirror.findPort(hwvtep.Binding{Switch: sw.Name, Port: p.Name}) != nil
	})
	if len(missing) > 0 {
		b.mutate(r, wire.Mutation{Column: "ports", Mutator: wire.Insert, Value: b.makePorts(missing)})
	}
	b.setConfig(r, e.sw.OtherConfig, sw.OtherConfig)
}

// setConfig sets keys of an other_config where they differ.
func (b *builder) setConfig(r ref, have, want map[string]string) {
	differ := map[string]string{}
	var keys wire.Set
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if v, ok := have[k]; !ok || v != want[k] {
			differ[k] = want[k]
			keys = append(keys, k)
		}
	}
	if len(differ) == 0 {
		return
	}
	// An insertion alone does not replace the value of a key (RFC 7047 section 5.1).
	b.mutate(r,
		wire.Mutation{Column: "other_config", Mutator: wire.Delete, Value: keys},
		wire.Mutation{Column: "other_config", Mutator: wire.Insert, Value: wire.Texts(differ)})
}

// SetDone writes hwvtep.Done of a switch.
func (c *Client) SetDone(ctx context.Context, sw string, n uint64) error {
	return c.changeSwitch(ctx, sw, func(b *builder, e *physicalEntry) error {
		if !b.schema.OtherConfig {
			return fmt.Errorf("switch %q: the database's schema %s has no Physical_Switch.other_config", sw, b.schema.Version)
		}
		b.setConfig(ref{tableSwitch, e.id}, e.sw.OtherConfig, map[string]string{hwvtep.Done: strconv.FormatUint(n, 10)})
		return nil
	})
}

// SetFaults replaces switch_fault_status of a switch.
func (c *Client) SetFaults(ctx context.Context, sw string, faults []string) error {
	want := slices.Compact(slices.Sorted(slices.Values(faults)))
	return c.changeSwitch(ctx, sw, func(b *builder, e *physicalEntry) error {
		if !slices.Equal(want, e.sw.Faults) {
			b.update(ref{tableSwitch, e.id}, wire.Columns{"switch_fault_status": set(want)})
		}
		return nil
	})
}

// SetWanted writes hwvtep.Wanted of Global. It fails if another client has
// changed it since this one last saw it: the number would not say what was
// meant.
func (c *Client) SetWanted(ctx context.Context, n uint64) error {
	return c.change(ctx, func(b *builder) error {
		g := b.mirror.global
		if g == nil {
			return errors.New("the database has no Global row, thus no switch")
		}
		if !b.schema.OtherConfig {
			return fmt.Errorf("the database's schema %s has no Global.other_config", b.schema.Version)
		}
		b.setConfig(ref{tableGlobal, g.id}, g.config, map[string]string{hwvtep.Wanted: strconv.FormatUint(n, 10)})
		b.expect(g.config, hwvtep.Wanted)
		return nil
	})
}

// expect makes the last operation apply only while a key of other_config is as
// the mirror has it.
func (b *builder) expect(have map[string]string, key string) {
	v, ok := have[key]
	if !ok || len(b.ops) == 0 {
		return
	}
	last := &b.ops[len(b.ops)-1]
	last.Where = append(last.Where, wire.Condition{Column: "other_config", Function: wire.Includes, Value: wire.Texts{key: v}})
}

// changeSwitch is change for one Physical_Switch.
func (c *Client) changeSwitch(ctx context.Context, name string, build func(b *builder, e *physicalEntry) error) error {
	return c.change(ctx, func(b *builder) error {
		e := b.mirror.findSwitch(name)
		if e == nil {
			return fmt.Errorf("the database has no switch %q", name)
		}
		return build(b, e)
	})
}

// change writes what build asks for, against the present contents.
func (c *Client) change(ctx context.Context, build func(b *builder) error) error {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	a := &application{client: c, ctx: ctx, errs: map[string]error{}}
	if err := a.transact([]step{{weight: 1, build: build}}); err != nil {
		return err
	}
	return a.errs[""]
}

func (m *mirror) findSwitch(name string) *physicalEntry {
	for _, e := range m.physical {
		if e.sw.Name == name {
			return e
		}
	}
	return nil
}

func addrTexts(addrs []netip.Addr) []string {
	var out []string
	for _, a := range addrs {
		out = append(out, a.String())
	}
	slices.Sort(out)
	return out
}

func addrSet(addrs []netip.Addr) wire.Set { return set(addrTexts(addrs)) }

func set(texts []string) wire.Set {
	values := wire.Set{}
	for _, s := range texts {
		values = append(values, s)
	}
	return values
}
