package ovsdb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"landbridge/internal/hwvtep"
)

// builder collects the operations of one transaction.
type builder struct {
	mirror *mirror
	schema hwvtep.Schema
	ops    []ovsdb.Operation
	claim  bool // the fence alone is to be written
	// What the transaction itself makes or removes, which the mirror does not
	// know yet: UUID names of rows, and keys that are free again.
	locators map[hwvtep.Locator]string
	logical  map[string]string
	deleted  map[ref]struct{}
	unbound  map[slot]struct{}
	names    int
}

// slot is a VLAN of a port.
type slot struct {
	port string // UUID
	vlan uint16
}

func newBuilder(m *mirror, s hwvtep.Schema) *builder {
	return &builder{
		mirror: m, schema: s, locators: map[hwvtep.Locator]string{}, logical: map[string]string{},
		deleted: map[ref]struct{}{}, unbound: map[slot]struct{}{},
	}
}

// insert adds a row and gives the name that the same transaction knows it by.
func (b *builder) insert(table string, row ovsdb.Row) string {
	b.names++
	name := fmt.Sprintf("row%d", b.names)
	b.ops = append(b.ops, ovsdb.Operation{Op: ovsdb.OperationInsert, Table: table, Row: row, UUIDName: name})
	return name
}

func (b *builder) update(r ref, row ovsdb.Row) {
	b.ops = append(b.ops, ovsdb.Operation{Op: ovsdb.OperationUpdate, Table: r.table, Where: where(r.uuid), Row: row})
}

func (b *builder) mutate(r ref, mutations ...ovsdb.Mutation) {
	b.ops = append(b.ops, ovsdb.Operation{Op: ovsdb.OperationMutate, Table: r.table, Where: where(r.uuid), Mutations: mutations})
}

func (b *builder) delete(r ref) {
	if has(b.deleted, r) {
		return
	}
	b.deleted[r] = struct{}{}
	b.ops = append(b.ops, ovsdb.Operation{Op: ovsdb.OperationDelete, Table: r.table, Where: where(r.uuid)})
}

func where(uuid string) []ovsdb.Condition {
	return []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: uuid})}
}

// row makes or changes the Logical_Switch.
func (b *builder) row(d hwvtep.Delta) error {
	row := ovsdb.Row{"description": d.Row.Description, "tunnel_key": optionalKey(d.Row.Key)}
	if b.schema.Replication {
		row["replication_mode"] = optional(string(d.Row.Replication))
	} else if d.Row.Replication != "" {
		return fmt.Errorf("replication mode %q: the database's schema %s has no Logical_Switch.replication_mode", d.Row.Replication, b.schema.Version)
	}
	if e := b.mirror.byName[d.Name]; e != nil {
		b.update(ref{tableLogical, e.uuid}, row)
		return nil
	}
	row["name"] = d.Name
	if config := d.Config(); len(config) > 0 {
		if !b.schema.LogicalConfig {
			return b.noLogicalConfig()
		}
		row["other_config"] = stringMap(config)
	}
	b.logical[d.Name] = b.insert(tableLogical, row)
	return nil
}

// logicalRef gives the UUID of a logical switch, or its name in the transaction.
func (b *builder) logicalRef(name string) (ovsdb.UUID, error) {
	if id, ok := b.logical[name]; ok {
		return ovsdb.UUID{GoUUID: id}, nil
	}
	if e := b.mirror.byName[name]; e != nil {
		return ovsdb.UUID{GoUUID: e.uuid}, nil
	}
	return ovsdb.UUID{}, fmt.Errorf("logical switch %q is not in the database", name)
}

// locatorRef gives the UUID of a locator, or its name in the transaction, which
// makes it where it is not there.
func (b *builder) locatorRef(l hwvtep.Locator) (ovsdb.UUID, error) {
	if id, ok := b.mirror.byValue[l]; ok {
		return ovsdb.UUID{GoUUID: id}, nil
	}
	if name, ok := b.locators[l]; ok {
		return ovsdb.UUID{GoUUID: name}, nil
	}
	if err := validLocator(l); err != nil {
		return ovsdb.UUID{}, err
	}
	if !b.schema.Offers(l.Encapsulation) {
		return ovsdb.UUID{}, fmt.Errorf("locator %s: the database's schema %s offers %s alone", l, b.schema.Version, encapsulationList(b.schema))
	}
	row := ovsdb.Row{"encapsulation_type": string(l.Encapsulation), "dst_ip": l.Addr.String()}
	if _, keyed := l.Key.Get(); keyed {
		if !b.schema.LocatorKeys {
			return ovsdb.UUID{}, fmt.Errorf("locator %s: the database's schema %s has no Physical_Locator.tunnel_key", l, b.schema.Version)
		}
		row["tunnel_key"] = optionalKey(l.Key)
	}
	b.locators[l] = b.insert(tableLocator, row)
	return ovsdb.UUID{GoUUID: b.locators[l]}, nil
}

// ucast makes a unicast row, or removes all that say the same.
func (b *builder) ucast(name string, change ucastChange) error {
	var rows []string
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
	b.insert(tableUcast, ovsdb.Row{"MAC": u.MAC.String(), "logical_switch": ls, "locator": locator, "ipaddr": addr})
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
	var ids []any
	for _, l := range set.Sorted(hwvtep.Locator.Compare) {
		id, err := b.locatorRef(l)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	setRef := ovsdb.UUID{GoUUID: b.insert(tableLocatorSet, ovsdb.Row{"locators": ovsdb.OvsSet{GoSet: ids}})}
	var rows []string
	if e := b.mirror.byName[name]; e != nil {
		rows = e.findMcast(mac)
	}
	if len(rows) == 0 {
		b.insert(tableMcast, ovsdb.Row{"MAC": mac, "logical_switch": ls, "locator_set": setRef, "ipaddr": ""})
		return nil
	}
	b.update(ref{tableMcast, rows[0]}, ovsdb.Row{"locator_set": setRef})
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
	for _, id := range slices.Sorted(maps.Keys(e.ucast)) {
		b.delete(ref{tableUcast, id})
	}
	for _, id := range slices.Sorted(maps.Keys(e.mcast)) {
		b.delete(ref{tableMcast, id})
	}
	for r := range e.local {
		b.delete(r)
	}
	for _, p := range e.ports {
		for vlan, id := range p.bindings {
			if id == e.uuid {
				b.release(p, vlan, e.uuid)
			}
		}
	}
	b.delete(ref{tableLogical, e.uuid})
}

func optionalKey(k hwvtep.Key) ovsdb.OvsSet {
	if n, ok := k.Get(); ok {
		return ovsdb.OvsSet{GoSet: []any{int(n)}}
	}
	return ovsdb.OvsSet{GoSet: []any{}}
}

func optional(s string) ovsdb.OvsSet {
	if s == "" {
		return ovsdb.OvsSet{GoSet: []any{}}
	}
	return ovsdb.OvsSet{GoSet: []any{s}}
}
