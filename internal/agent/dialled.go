package agent

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
)

// mostDialled bounds the databases that dial in, which without TLS may be
// anybody's.
const mostDialled = 4096

// answer answers the switches that dial in, until the context ends. The group
// runs the keepers of those that are new.
func (a *Agent) answer(ctx context.Context, l *ovsdb.Listener, group *errgroup.Group) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case caller := <-l.Callers():
			k, known, err := a.keeperOf(caller)
			if err != nil {
				a.cfg.Logger.Error("a switch that has dialled in is refused", "from", caller, "switches", caller.Switches, "error", err)
				caller.Refuse()
				continue
			}
			a.cfg.Logger.Info("a switch has dialled in", "from", caller, "switches", caller.Switches, "database", k.address)
			k.client.Answer(caller)
			if !known {
				group.Go(func() error { return k.run(ctx) })
			}
		}
	}
}

// keeperOf gives the keeper of the switches that a caller has: that of the
// connection before, if any of them was there already.
func (a *Agent) keeperOf(caller *ovsdb.Caller) (k *keeper, known bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range caller.Switches {
		if k = a.dialled[name]; k != nil {
			break
		}
	}
	if err := a.conflict(caller, k); err != nil {
		return nil, false, err
	}
	known = k != nil
	if !known {
		if len(a.dialled) >= mostDialled {
			return nil, false, fmt.Errorf("%d switches have dialled in already", mostDialled)
		}
		db := a.cfg.client(ovsdb.Config{Address: ovsdb.DialledAddress(caller.Switches[0])})
		k = keep(a.cfg, db, ovsdb.NewDialled(db))
		a.keepers = append(a.keepers, k)
	}
	for _, name := range caller.Switches {
		a.dialled[name] = k
	}
	return k, known, nil
}

// conflict finds a switch of the caller's in another database than its keeper's.
func (a *Agent) conflict(caller *ovsdb.Caller, own *keeper) error {
	for _, k := range a.keepers {
		if k == own || k.client.Err() != nil {
			continue
		}
		for _, name := range caller.Switches {
			if slices.ContainsFunc(k.client.PhysicalSwitches(), func(sw hwvtep.PhysicalSwitch) bool { return sw.Name == name }) {
				return fmt.Errorf("switch %q is in the database %s already", name, k.address)
			}
		}
	}
	return nil
}
