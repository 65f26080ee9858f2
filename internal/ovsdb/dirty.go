package ovsdb

import "slices"

// Dirty says what of the contents has changed. It may name too much, never too
// little.
type Dirty struct {
	Resync          bool     // everything: a new connection, or changes were lost
	LogicalSwitches []string // names, those of deleted ones too; sorted
	Physical        bool     // Physical_Switch or Physical_Port
	Global          bool     // Global, thus Wanted

	names map[string]struct{}
}

func (d *Dirty) logical(name string) {
	if d.names == nil {
		d.names = map[string]struct{}{}
	}
	d.names[name] = struct{}{}
}

// Take gives what has changed since the last Take.
func (c *Client) Take() Dirty {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.dirty
	c.dirty = Dirty{}
	for name := range d.names {
		d.LogicalSwitches = append(d.LogicalSwitches, name)
	}
	slices.Sort(d.LogicalSwitches)
	d.names = nil
	return d
}
