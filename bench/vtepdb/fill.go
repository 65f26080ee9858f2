package vtepdb

import (
	"encoding/json"
	"fmt"
	"iter"

	"landbridge/internal/hwvtep"
)

const (
	// batch is how many rows one transaction writes: ovsdb-server is fastest near
	// it.
	batch = 100
	// ahead is how many transactions are sent before the answer to the first, so
	// that the server never waits.
	ahead = 4
)

// Fill writes logical switches with their rows, as fast as the server takes them.
// The database has nothing of them yet.
func Fill(address string, all iter.Seq[*hwvtep.LogicalSwitch]) error {
	c, err := dial(address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	f := &filler{conn: c, locators: map[hwvtep.Locator]any{}}
	for ls := range all {
		if err := f.write(ls); err != nil {
			return fmt.Errorf("fill %s: %s: %w", address, ls.Name, err)
		}
	}
	return f.settle(0)
}

type filler struct {
	*conn
	locators map[hwvtep.Locator]any // UUIDs, as rows refer to them
	waiting  int                    // transactions without an answer yet
}

type row = map[string]any

// insert makes a row; name, where it is not "", is what the same transaction
// knows it by.
func insert(name, table string, values row) row {
	op := row{"op": "insert", "table": table, "row": values}
	if name != "" {
		op["uuid-name"] = name
	}
	return op
}

// write writes a logical switch with its flood lists, which all of its locators
// have to be in, and then its unicast rows.
func (f *filler) write(ls *hwvtep.LogicalSwitch) error {
	if err := f.settle(0); err != nil {
		return err
	}
	id, err := f.writeHead(ls)
	if err != nil {
		return err
	}
	var ops []any
	for u := range ls.Ucast.All() {
		addr := ""
		if u.Addr.IsValid() {
			addr = u.Addr.String()
		}
		ops = append(ops, insert("", unicast, row{"MAC": u.MAC.String(), "logical_switch": id, "locator": f.locators[u.Locator], "ipaddr": addr}))
		if len(ops) == batch {
			if err := f.put(ops); err != nil {
				return err
			}
			ops = nil
		}
	}
	return f.put(ops)
}

// writeHead gives the UUID of the logical switch.
func (f *filler) writeHead(ls *hwvtep.LogicalSwitch) (id any, err error) {
	values := row{"name": ls.Name, "description": ls.Description}
	if key, ok := ls.Key.Get(); ok {
		values["tunnel_key"] = key
	}
	var fresh []hwvtep.Locator
	var ops []any
	for l := range ls.Locators() {
		if f.locators[l] == nil {
			name := fmt.Sprint("l", len(fresh))
			ops, fresh = append(ops, insert(name, "Physical_Locator", locator(l))), append(fresh, l)
			f.locators[l] = named(name)
		}
	}
	ops = append(ops, insert("ls", logical, values))
	for mac, set := range ls.Mcast {
		var ids []any
		for l := range set {
			ids = append(ids, f.locators[l])
		}
		name := fmt.Sprint("set", len(ops))
		ops = append(ops, insert(name, "Physical_Locator_Set", row{"locators": []any{"set", ids}}),
			insert("", flood, row{"MAC": mac, "logical_switch": named("ls"), "locator_set": named(name), "ipaddr": ""}))
	}
	if err := f.put(ops); err != nil {
		return nil, err
	}
	ids, err := f.results()
	if err != nil {
		return nil, err
	}
	f.waiting--
	for i, l := range fresh {
		f.locators[l] = ids[i]
	}
	return ids[len(fresh)], nil
}

func locator(l hwvtep.Locator) row {
	values := row{"encapsulation_type": string(l.Encapsulation), "dst_ip": l.Addr.String()}
	if key, ok := l.Key.Get(); ok {
		values["tunnel_key"] = key
	}
	return values
}

func named(name string) any { return []any{"named-uuid", name} }

// put sends a transaction of which the answer is looked at later.
func (f *filler) put(ops []any) error {
	if len(ops) == 0 {
		return nil
	}
	f.waiting++
	if err := f.send("transact", append([]any{database}, ops...)...); err != nil {
		return err
	}
	return f.settle(ahead)
}

// settle takes answers until no more than so many are missing.
func (f *filler) settle(most int) error {
	for ; f.waiting > most; f.waiting-- {
		if _, err := f.results(); err != nil {
			return err
		}
	}
	return nil
}

// results gives the UUIDs of what the oldest transaction has inserted.
func (f *filler) results() (ids []any, err error) {
	text, err := f.answer()
	if err != nil {
		return nil, err
	}
	var results []struct {
		UUID           any
		Error, Details string
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Error != "" {
			return nil, fmt.Errorf("%s: %s", r.Error, r.Details)
		}
		ids = append(ids, r.UUID)
	}
	return ids, nil
}
