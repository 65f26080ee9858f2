package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

// look looks at who lives, again and again, and has it that each database is
// served.
func (t *term) look(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	fault := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-t.wake:
		}
		err := t.settle(ctx)
		if err != nil && ctx.Err() == nil && fault != err.Error() {
			t.log.Warn("what is decided of the agents cannot be written down; trying again", "error", err)
		}
		if fault = ""; err != nil {
			fault = err.Error()
		}
	}
}

// settle decides and writes down. Agents hear of it after that.
func (t *term) settle(ctx context.Context) error {
	now := time.Now()
	t.mu.Lock()
	t.judge(now)
	moves := t.moved(now)
	t.mu.Unlock()
	if len(moves) > 0 {
		if err := t.cfg.Store.SaveAssignments(ctx, moves, t.lease); err != nil {
			return err
		}
		t.move(ctx, moves)
	}
	t.mu.Lock()
	t.tellAbsent(ctx)
	news := t.news(now)
	t.mu.Unlock()
	if len(news) == 0 {
		return nil
	}
	if err := t.cfg.Store.SaveAgents(ctx, news, t.lease); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range news {
		t.members[a.Host].saved = now
	}
	return nil
}

// judge finds out who lives.
func (t *term) judge(now time.Time) {
	for host, m := range t.members {
		alive := t.isAlive(m, now)
		if alive == m.Alive {
			continue
		}
		m.Alive, m.saved = alive, time.Time{}
		if alive {
			m.since = now
			t.log.Info("an agent is there", "host", host, "version", m.Version, "databases", len(m.Databases))
		} else {
			t.log.Warn("an agent has not been heard of", "host", host, "since", when(m.Heartbeat))
		}
	}
}

// moved gives the assignments that have to be others.
func (t *term) moved(now time.Time) (moves []l2gw.Assignment) {
	agents := t.candidates(now)
	for _, a := range agents {
		for db := range a.offers {
			if t.offered[db].IsZero() {
				t.offered[db] = now
			}
		}
	}
	to := choose(agents, t.assigned, func(db string) bool { return now.Sub(t.offered[db]) < gather })
	for db, a := range to {
		if was := t.assigned[db]; was.Host != a.host || was.Run != a.run {
			moves = append(moves, l2gw.Assignment{Database: db, Host: a.host, Run: a.run, Epoch: t.next(was, now)})
		}
	}
	for db, was := range t.assigned {
		m := t.members[was.Host]
		if _, served := to[db]; !served && m != nil && m.Alive {
			moves = append(moves, l2gw.Assignment{Database: db, Epoch: t.next(was, now)}) // it offers it no more
		}
	}
	slices.SortFunc(moves, func(a, b l2gw.Assignment) int { return cmp.Compare(a.Database, b.Database) })
	return moves
}

// next gives the epoch after one. It is a time where that is larger, so that a
// database of switches remembers none that is higher, also if ours was lost.
func (t *term) next(was l2gw.Assignment, now time.Time) uint64 {
	return max(was.Epoch+1, uint64(now.UnixMilli()))
}

// move makes assignments count, and tells the agents.
func (t *term) move(ctx context.Context, moves []l2gw.Assignment) {
	hosts := map[string]bool{}
	t.mu.Lock()
	for _, a := range moves {
		was := t.assigned[a.Database]
		t.log.Info("a database gets another agent", "database", a.Database, "agent", a.Host, "epoch", a.Epoch, "was", was.Host)
		t.assigned[a.Database] = a
		for _, host := range []string{was.Host, a.Host} {
			if m := t.members[host]; m != nil {
				m.saved = time.Time{}
				hosts[host] = hosts[host] || m.Alive
			}
		}
	}
	t.mu.Unlock()
	t.moves.Add(uint64(len(moves)))
	for host, alive := range hosts {
		if alive {
			t.cast(ctx, func(ctx context.Context) error { return t.cfg.Bus.Assign(ctx, host) })
		}
	}
}

// tellAbsent tells the server of the databases that no agent looks after, in
// place of the report of one; t.mu is held.
func (t *term) tellAbsent(ctx context.Context) {
	for db, a := range t.assigned {
		m := t.members[a.Host]
		if m != nil && m.Alive {
			continue
		}
		why := "no agent that is there has it among its switches"
		if m != nil {
			why = fmt.Sprintf("agent %s has not been heard of since %s, and no other has it among its switches",
				a.Host, when(m.Heartbeat))
		}
		if t.absent[db] == why {
			continue
		}
		if err := t.core.Report(ctx, rpc.Report{Database: db, Error: why}); err == nil {
			t.absent[db] = why
		}
	}
}

// news gives the agents of which the database does not know the latest.
func (t *term) news(now time.Time) (all []l2gw.Agent) {
	for host, m := range t.members {
		stale := now.Sub(m.saved) >= saveEvery
		if m.saved.IsZero() || m.Alive && stale {
			a := m.Agent
			a.Serves = nil
			for db, s := range t.assigned {
				if s.Host == host {
					a.Serves = append(a.Serves, db)
				}
			}
			slices.Sort(a.Serves)
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b l2gw.Agent) int { return cmp.Compare(a.Host, b.Host) })
	return all
}

// when is a time in words.
func when(i l2gw.Instant) string { return time.UnixMicro(int64(i)).UTC().Format(time.RFC3339) }
