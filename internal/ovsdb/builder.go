package ovsdb

import (
	"fmt"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// builder collects the operations of one transaction.
type builder struct {
	mirror *mirror
	schema hwvtep.Schema
	ops    []wire.Operation
	claim  bool // the fence alone is to be written
	// What the transaction itself makes or removes, which the mirror does not
	// know yet: UUID names of rows, and keys that are free again.
	locators map[hwvtep.Locator]wire.Named
	logical  map[string]wire.Named
	deleted  map[ref]struct{}
	unbound  map[slot]struct{}
	names    int
}

func newBuilder(m *mirror, s hwvtep.Schema) *builder {
	return &builder{
		mirror: m, schema: s, locators: map[hwvtep.Locator]wire.Named{}, logical: map[string]wire.Named{},
		deleted: map[ref]struct{}{}, unbound: map[slot]struct{}{},
	}
}

// insert adds a row and gives the name that the same transaction knows it by.
func (b *builder) insert(table string, row wire.Columns) wire.Named {
	b.names++
	name := wire.Named(fmt.Sprintf("row%d", b.names))
	b.ops = append(b.ops, wire.Operation{Op: wire.Insert, Table: table, Row: row, UUIDName: name})
	return name
}

func (b *builder) update(r ref, row wire.Columns) {
	b.ops = append(b.ops, wire.Operation{Op: wire.Update, Table: r.table, Where: where(r.id), Row: row})
}

func (b *builder) mutate(r ref, mutations ...wire.Mutation) {
	b.ops = append(b.ops, wire.Operation{Op: wire.Mutate, Table: r.table, Where: where(r.id), Mutations: mutations})
}

func (b *builder) delete(r ref) {
	if has(b.deleted, r) {
		return
	}
	b.deleted[r] = struct{}{}
	b.ops = append(b.ops, wire.Operation{Op: wire.Delete, Table: r.table, Where: where(r.id)})
}

func where(id wire.UUID) []wire.Condition {
	return []wire.Condition{{Column: "_uuid", Function: wire.Equal, Value: id}}
}

// row makes or changes the Logical_Switch.
func (b *builder) row(d hwvtep.Delta) error {
	row := wire.Columns{"description": d.Row.Description, "tunnel_key": optionalKey(d.Row.Key)}
	if b.schema.Replication {
		row["replication_mode"] = optionalText(string(d.Row.Replication))
	} else if d.Row.Replication != "" {
		return fmt.Errorf("replication mode %q: the database's schema %s has no Logical_Switch.replication_mode", d.Row.Replication, b.schema.Version)
	}
	if e := b.mirror.byName[d.Name]; e != nil {
		b.update(ref{tableLogical, e.id}, row)
		return nil
	}
	row["name"] = d.Name
	if config := d.Config(); len(config) > 0 {
		if !b.schema.LogicalConfig {
			return b.noLogicalConfig()
		}
		row["other_config"] = wire.Texts(config)
	}
	b.logical[d.Name] = b.insert(tableLogical, row)
	return nil
}

// logicalRef gives the UUID of a logical switch, or its name in the transaction.
func (b *builder) logicalRef(name string) (wire.Value, error) {
	if id, ok := b.logical[name]; ok {
		return id, nil
	}
	if e := b.mirror.byName[name]; e != nil {
		return e.id, nil
	}
	return nil, fmt.Errorf("logical switch %q is not in the database", name)
}

// locatorRef gives the UUID of a locator, or its name in the transaction, which
// makes it where it is not there.
func (b *builder) locatorRef(l hwvtep.Locator) (wire.Value, error) {
	if e := b.mirror.byValue[l]; e != nil {
		return e.id, nil
	}
	if name, ok := b.locators[l]; ok {
		return name, nil
	}
	if err := validLocator(l); err != nil {
		return nil, err
	}
	if !b.schema.Offers(l.Encapsulation) {
		return nil, fmt.Errorf("locator %s: the database's schema %s offers %s alone", l, b.schema.Version, encapsulationList(b.schema))
	}
	row := wire.Columns{"encapsulation_type": string(l.Encapsulation), "dst_ip": l.Addr.String()}
	if _, keyed := l.Key.Get(); keyed {
		if !b.schema.LocatorKeys {
			return nil, fmt.Errorf("locator %s: the database's schema %s has no Physical_Locator.tunnel_key", l, b.schema.Version)
		}
		row["tunnel_key"] = optionalKey(l.Key)
	}
	b.locators[l] = b.insert(tableLocator, row)
	return b.locators[l], nil
}

// ucast makes a unicast row, or removes all that say the same.
func (b *builder) ucast(name string, change ucastChange) error {
	var rows []wire.UUID
	if e := b.mirror.byName[name]; e != nil {
		rows = b.mirror.findUcast(e, change.ucast)
	}
	if change.remove {
		for _, id := range rows {
			b.delete(ref{tableUcast, id})
		}
		return nil
	}
	if len(rows) > 0 {
		return nil
	}
	return b.addUcast(name, change.ucast)
}

func (b *builder) addUcast(name string, u hwvtep.Ucast) error {
	if err := valid(u); err != nil {
		return err
	}
	ls, err := b.logicalRef(name)
	if err != nil {
		return err
	}
	locator, err := b.locatorRef(u.Locator)
	if err != nil {
		return err
	}
	addr := ""
	if u.Addr.IsValid() {
		addr = u.Addr.String()
	}
	b.insert(tableUcast, wire.Columns{"MAC": u.MAC.String(), "logical_switch": ls, "locator": locator, "ipaddr": addr})
	return nil
}

// setMcast leaves one row with that MAC, with that locator set.
func (b *builder) setMcast(name, mac string, set hwvtep.Set[hwvtep.Locator]) error {
	if len(set) == 0 { // the schema has no empty sets
		b.delMcast(name, mac)
		return nil
	}
	ls, err := b.logicalRef(name)
	if err != nil {
		return err
	}
	var ids wire.Set
	for _, l := range set.Sorted(hwvtep.Locator.Compare) {
		id, err := b.locatorRef(l)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	setRef := b.insert(tableLocatorSet, wire.Columns{"locators": ids})
	var rows []wire.UUID
	if e := b.mirror.byName[name]; e != nil {
		rows = e.findMcast(mac)
	}
	if len(rows) == 0 {
		b.insert(tableMcast, wire.Columns{"MAC": mac, "logical_switch": ls, "locator_set": setRef, "ipaddr": ""})
		return nil
	}
	b.update(ref{tableMcast, rows[0]}, wire.Columns{"locator_set": setRef})
	for _, id := range rows[1:] {
		b.delete(ref{tableMcast, id})
	}
	return nil
}

func (b *builder) delMcast(name, mac string) {
	if e := b.mirror.byName[name]; e != nil {
		for _, id := range e.findMcast(mac) {
			b.delete(ref{tableMcast, id})
		}
	}
}

// deleteLogical removes a logical switch and every row that refers to it, also
// those that no delta knows of: the database would not let it go otherwise.
func (b *builder) deleteLogical(name string) {
	e := b.mirror.byName[name]
	if e == nil {
		return
	}
	for _, n := range e.ucast {
		b.delete(ref{tableUcast, b.mirror.rows.of(n).id})
	}
	for _, r := range e.mcast {
		b.delete(ref{tableMcast, r.id})
	}
	for _, l := range e.local {
		b.delete(l.ref)
	}
	for s := range e.bound {
		b.release(s, e.id)
	}
	b.delete(ref{tableLogical, e.id})
}

func optionalKey(k hwvtep.Key) wire.Set {
	if n, ok := k.Get(); ok {
		return wire.Set{int(n)}
	}
	return wire.Set{}
}

func optionalText(s string) wire.Set {
	if s == "" {
		return wire.Set{}
	}
	return wire.Set{s}
}
