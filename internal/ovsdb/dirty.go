package ovsdb

import (
	"maps"
	"slices"
)

// Dirty says what of the contents has changed. It may name too much, never too
// little.
type Dirty struct {
	Resync          bool     // everything: a new connection, or changes were lost
	LogicalSwitches []string // names, those of deleted ones too; sorted
	Local           []string // names of logical switches with other local MACs; sorted
	Physical        bool     // Physical_Switch or Physical_Port
	Global          bool     // Global, thus Wanted

	names, locals map[string]struct{}
}

func (d *Dirty) logical(name string) {
	if d.names == nil {
		d.names = map[string]struct{}{}
	}
	d.names[name] = struct{}{}
}

func (d *Dirty) local(name string) {
	if d.locals == nil {
		d.locals = map[string]struct{}{}
	}
	d.locals[name] = struct{}{}
}

// Take gives what has changed since the last Take.
func (c *Client) Take() Dirty {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.dirty
	c.dirty = Dirty{}
	d.LogicalSwitches, d.Local = slices.Sorted(maps.Keys(d.names)), slices.Sorted(maps.Keys(d.locals))
	d.names, d.locals = nil, nil
	return d
}
