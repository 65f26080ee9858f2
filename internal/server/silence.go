package server

import (
	"cmp"
	"slices"
)

// unheard is why a database cannot be used that nobody reports any more.
const unheard = "no agent has reported it since this server began"

// expire ends the patience with databases that are known from former times
// only, and gives their switches; once.
func (r *reports) expire() (switches []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overdue {
		return nil
	}
	r.overdue = true
	for name, l := range r.switches {
		if !l.database.reported {
			switches = append(switches, name)
		}
	}
	return switches
}

// fault is why a database cannot be used now, "" while it can; silent: that it
// is not known yet.
func (r *reports) fault(d *database) (reason string, silent bool) {
	if d.reported {
		return d.Error, false
	}
	if r.overdue {
		return cmp.Or(d.Error, unheard), false
	}
	return d.Error, true
}

// errors gives why databases cannot be used, "" where they can, by address; also
// those that are known from former times only.
func (r *reports) errors() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]string, len(r.databases))
	for address, d := range r.databases {
		out[address], _ = r.fault(d)
	}
	return out
}

// of gives the switches of some databases.
func (r *reports) of(addresses []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for name, l := range r.switches {
		if slices.Contains(addresses, l.database.Database) {
			out = append(out, name)
		}
	}
	return out
}
