package ovsdb

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
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

// localSteps gives what has to be written, by logical switch.
func (c *Client) localSteps(own hwvtep.Locator, want hwvtep.Local) []step {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []step
	for _, name := range slices.Sorted(maps.Keys(c.mirror.byName)) {
		macs, member := want[name]
		out = append(out, c.mirror.localOf(c.mirror.byName[name], own).steps(name, own, macs, member)...)
	}
	return out
}

// localRows are the rows of a logical switch behind one locator.
type localRows struct {
	ucast map[ethernet.MAC]string // UUIDs
	mcast string                  // UUID of the one that is right; ""
	stray []ref                   // what makes no sense, or says what another row says
}

func (m *mirror) localOf(e *logicalEntry, own hwvtep.Locator) *localRows {
	rows := &localRows{ucast: map[ethernet.MAC]string{}}
	for r := range e.local {
		l, ok := m.members[r].(localEntry)
		if !ok || !m.allAt(l.at, own) {
			continue
		}
		mac, err := ethernet.ParseMAC(l.mac)
		switch {
		case r.table == tableMcastLocal && l.mac == hwvtep.UnknownDst && rows.mcast == "":
			rows.mcast = r.uuid
		case r.table == tableUcastLocal && err == nil && rows.ucast[mac] == "":
			rows.ucast[mac] = r.uuid
		default:
			rows.stray = append(rows.stray, r)
		}
	}
	return rows
}

// allAt tells whether all locators of a row are that one.
func (m *mirror) allAt(ids []string, l hwvtep.Locator) bool {
	for _, id := range ids {
		if e := m.locators[id]; e == nil || e.bad != "" || e.value != l {
			return false
		}
	}
	return len(ids) > 0
}

func (rows *localRows) steps(name string, own hwvtep.Locator, macs hwvtep.Set[ethernet.MAC], member bool) []step {
	var out []step
	add := func(build func(b *builder) error) { out = append(out, step{name, 1, build}) }
	drop := func(r ref) { add(func(b *builder) error { b.delete(r); return nil }) }
	for _, r := range rows.stray {
		drop(r)
	}
	switch {
	case member && rows.mcast == "":
		add(func(b *builder) error { return b.addMcastLocal(name, own) })
	case !member && rows.mcast != "":
		drop(ref{tableMcastLocal, rows.mcast})
	}
	for mac, id := range rows.ucast {
		if !macs.Has(mac) {
			drop(ref{tableUcastLocal, id})
		}
	}
	for mac := range macs {
		if rows.ucast[mac] == "" {
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
	b.insert(tableUcastLocal, ovsdb.Row{"MAC": mac.String(), "logical_switch": ovsdb.UUID{GoUUID: e.uuid}, "locator": locator, "ipaddr": ""})
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
	set := ovsdb.UUID{GoUUID: b.insert(tableLocatorSet, ovsdb.Row{"locators": ovsdb.OvsSet{GoSet: []any{locator}}})}
	b.insert(tableMcastLocal, ovsdb.Row{"MAC": hwvtep.UnknownDst, "logical_switch": ovsdb.UUID{GoUUID: e.uuid}, "locator_set": set, "ipaddr": ""})
	return nil
}
