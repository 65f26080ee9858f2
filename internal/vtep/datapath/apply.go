package datapath

import (
	"errors"
	"maps"
	"slices"

	"landbridge/internal/vtep/forwarding"
)

// Apply makes networks, by name, as they are given; nil removes one. Networks
// that are not named stay as they are. Only differences are written.
//
// What goes is taken out first, and waited for, before what comes is put in: so
// no frame reaches another network when a tunnel moves from one to another.
// Tunnels that stay lose nothing. Removing a tunnel removes what was learned
// from it.
//
// The errors are by network. A network that cannot be as asked for (an
// unsupported encapsulation, a tunnel that another network has) stays as it
// was. One that fails on the way, where a table is full, may be carried out in
// part: Networks tells, and the next Apply goes on from there.
func (d *Datapath) Apply(changes map[string]*forwarding.Network) map[string]error {
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := map[string]error{}
	d.crammed = false
	changes = maps.Clone(changes)
	for name, n := range changes {
		if n == nil {
			continue
		}
		if err := check(name, n); err != nil {
			errs[name] = err
			delete(changes, name)
		}
	}
	d.settle(changes, errs)
	names := slices.Sorted(maps.Keys(changes))
	fail := func(name string, err error) {
		if err != nil {
			errs[name] = errors.Join(errs[name], err)
		}
	}
	d.takeAllDown(names, changes, fail)
	d.outdateNamed(names, fail)
	d.prepareSegmenter(changes)
	d.bringAllUp(names, changes, fail)
	d.outdateNamed(names, fail)
	return errs
}
