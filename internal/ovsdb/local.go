package ovsdb

import (
	"context"
	"errors"
	"maps"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// SetLocal makes the tables of local MACs show this, and nothing else, behind a
// locator: the switch's own tunnel address. Rows with other locators are other
// switches'. Logical switches that are not in the database are passed over:
// whoever makes one is told of, and this is called again. It takes several
// transactions where there is much to write.
func (c *Client) SetLocal(ctx context.Context, own hwvtep.Locator, want hwvtep.Local) error {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	a := &application{client: c, ctx: ctx, errs: map[string]error{}}
	for rest := c.localSteps(own, want); len(rest) > 0; {
		n := batch(rest)
		a.write(rest[:n])
		rest = rest[n:]
	}
	return errors.Join(slices.Collect(maps.Values(a.errs))...)
}

// localSteps gives what has to be written, by logical switch. It is asked for after
// each change, and most logical switches have no local MACs and are to have none.
func (c *Client) localSteps(own hwvtep.Locator, want hwvtep.Local) []step {
	c.mu.Lock()
	defer c.mu.Unlock()
	concerned := map[string]struct{}{}
	for _, l := range c.mirror.local {
		if l.ls != nil {
			concerned[l.ls.row.Name] = struct{}{}
		}
	}
	for name := range want {
		concerned[name] = struct{}{}
	}
	var out []step
	for _, name := range slices.Sorted(maps.Keys(concerned)) {
		if e := c.mirror.byName[name]; e != nil {
			macs, member := want[name]
			out = append(out, e.localAt(c.mirror, own).steps(name, own, macs, member)...)
		}
	}
	return out
}

// localRows are the rows of a logical switch behind one locator.
type localRows struct {
	ucast map[ethernet.MAC]ref
	mcast *ref  // the one that is right
	stray []ref // what makes no sense, or says what another row says
}

func (e *logicalEntry) localAt(m *mirror, own hwvtep.Locator) *localRows {
	rows := &localRows{ucast: map[ethernet.MAC]ref{}}
	for _, l := range e.local {
		if !l.allAt(m, own) {
			continue
		}
		mac, err := ethernet.ParseMAC(l.mac)
		switch {
		case l.table == tableMcastLocal && l.mac == hwvtep.UnknownDst && rows.mcast == nil:
			rows.mcast = &l.ref
		case l.table == tableUcastLocal && err == nil && !has(rows.ucast, mac):
			rows.ucast[mac] = l.ref
		default:
			rows.stray = append(rows.stray, l.ref)
		}
	}
	return rows
}

// allAt tells whether all locators of a row are that one.
func (l *localEntry) allAt(m *mirror, own hwvtep.Locator) bool {
	var at []uint32
	if l.set != nil {
		at = l.set.locators
	} else {
		at = []uint32{l.at.n}
	}
	for _, n := range at {
		if e := m.numbers.of(n); !e.there || e.bad != "" || e.value != own {
			return false
		}
	}
	return len(at) > 0
}

func (rows *localRows) steps(name string, own hwvtep.Locator, macs hwvtep.Set[ethernet.MAC], member bool) []step {
	var out []step
	add := func(build func(b *builder) error) { out = append(out, step{name, 1, build}) }
	drop := func(r ref) { add(func(b *builder) error { b.delete(r); return nil }) }
	for _, r := range rows.stray {
		drop(r)
	}
	switch {
	case member && rows.mcast == nil:
		add(func(b *builder) error { return b.addMcastLocal(name, own) })
	case !member && rows.mcast != nil:
		drop(*rows.mcast)
	}
	for mac, r := range rows.ucast {
		if !macs.Has(mac) {
			drop(r)
		}
	}
	for mac := range macs {
		if !has(rows.ucast, mac) {
			add(func(b *builder) error { return b.addUcastLocal(name, mac, own) })
		}
	}
	return out
}

func (b *builder) addUcastLocal(name string, mac ethernet.MAC, own hwvtep.Locator) error {
	e := b.mirror.byName[name]
	if e == nil {
		return nil
	}
	locator, err := b.locatorRef(own)
	if err != nil {
		return err
	}
	b.insert(tableUcastLocal, wire.Columns{"MAC": mac.String(), "logical_switch": e.id, "locator": locator, "ipaddr": ""})
	return nil
}

func (b *builder) addMcastLocal(name string, own hwvtep.Locator) error {
	e := b.mirror.byName[name]
	if e == nil {
		return nil
	}
	locator, err := b.locatorRef(own)
	if err != nil {
		return err
	}
	set := b.insert(tableLocatorSet, wire.Columns{"locators": wire.Set{locator}})
	b.insert(tableMcastLocal, wire.Columns{"MAC": hwvtep.UnknownDst, "logical_switch": e.id, "locator_set": set, "ipaddr": ""})
	return nil
}
