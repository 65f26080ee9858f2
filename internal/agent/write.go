package agent

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
)

// chunkRows bounds the rows that are written before the next report goes out
// and before what has become due in the meantime has its turn.
const chunkRows = 5000

// mostAtOnce bounds the rows of the changes that are worked out together: all of
// them, for a switch that has nothing yet, may be more than there is memory.
const mostAtOnce = 8 * chunkRows

// write makes what is dirty equal to the plan, the small changes first. Of a
// very large one, or very many, it writes a part; the next step goes on with what
// is left, since the client tells of its own writes too.
func (k *keeper) write(ctx context.Context) {
	deltas, more := k.deltas(time.Now())
	if more { // also where none of these can be written
		wake(k.turned)
	}
	slices.SortStableFunc(deltas, func(a, b hwvtep.Delta) int { return cmp.Compare(a.Size(), b.Size()) })
	for len(deltas) > 0 && ctx.Err() == nil {
		n := chunk(deltas)
		part, rest := deltas[0].Head(chunkRows)
		if rest {
			k.apply(ctx, []hwvtep.Delta{part}, rest)
		} else {
			k.apply(ctx, deltas[:n], rest)
		}
		k.raise(ctx)
		k.look()
		k.report()
		deltas = deltas[n:]
		if rest || !k.canWrite() {
			return
		}
	}
	k.raise(ctx)
}

// chunk gives the number of deltas that make about chunkRows.
func chunk(deltas []hwvtep.Delta) int {
	rows := 0
	for i, d := range deltas {
		if rows += d.Size() + 1; rows > chunkRows && i > 0 {
			return i
		}
	}
	return len(deltas)
}

// deltas compares what is dirty and due with the plan, until there is enough to
// write; more: there is more to compare.
func (k *keeper) deltas(now time.Time) (out []hwvtep.Delta, more bool) {
	rows := 0
	for _, name := range k.due(now) {
		if more = rows > k.most; more {
			break
		}
		l := k.logical[name]
		d := hwvtep.Diff(k.client.LogicalSwitch(name), k.desired(name, l))
		if d.Empty() && k.client.Strays(name) == 0 {
			l.dirty, l.err, l.retry.failures = false, "", 0
			continue
		}
		d.Name = name
		rows += d.Size() + 1
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b hwvtep.Delta) int { return cmp.Compare(a.Name, b.Name) })
	return out, more
}

// due gives what is to be compared, what has changed last first: what is asked for
// now does not wait for all that a new switch lacks.
func (k *keeper) due(now time.Time) (names []string) {
	for name, l := range k.logical {
		if l.dirty && l.retry.due(now) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(k.logical[b].since, k.logical[a].since) })
	return names
}

// desired gives what the database must hold of a logical switch, as far as its
// schema can.
func (k *keeper) desired(name string, l *logical) *hwvtep.LogicalSwitch {
	ls := k.plan.desired(name)
	if ls == nil {
		return nil
	}
	left := prune(ls, k.client.Schema())
	if left > 0 && !l.pruned {
		k.log.Warn("the database's schema cannot hold all that is planned; the rest is written",
			"logical switch", name, "left out", left)
	}
	l.pruned = left > 0
	return ls
}

// prune takes out of a logical switch what a schema has no place for, and gives
// the number of rows and set members that it was.
func prune(ls *hwvtep.LogicalSwitch, schema hwvtep.Schema) (left int) {
	if !schema.Replication {
		ls.Replication = ""
	}
	fits := func(l hwvtep.Locator) bool {
		return (schema.LocatorKeys || !l.WAN()) && schema.Offers(l.Encapsulation) &&
			(schema.LogicalConfig || ls.Filters[l] == 0) // without its filter a tunnel must not be
	}
	for u := range ls.Ucast.All() {
		if !fits(u.Locator) {
			ls.Ucast.Remove(u)
			left++
		}
	}
	for mac, set := range ls.Mcast {
		for l := range set {
			if !fits(l) {
				delete(set, l)
				left++
			}
		}
		if len(set) == 0 { // the schema has no empty sets
			delete(ls.Mcast, mac)
		}
	}
	if !schema.LogicalConfig {
		ls.Filters, ls.Gateways = nil, nil
	}
	return left
}

// apply writes deltas, which may have a rest, and notes how it went.
func (k *keeper) apply(ctx context.Context, deltas []hwvtep.Delta, rest bool) {
	errs := k.client.Apply(ctx, deltas)
	now := time.Now()
	for _, d := range deltas {
		l := k.logical[d.Name]
		l.unraised = true
		switch err := errs[d.Name]; {
		case err == nil:
			// It stays dirty by the client's own account of the write, and is
			// compared once more.
			l.dirty, l.err = rest, ""
			if !rest {
				l.retry.wrote(now)
			}
		case ctx.Err() != nil, errors.Is(err, ovsdb.ErrNotConnected), errors.Is(err, ovsdb.ErrFenced):
			l.retry.until = now.Add(retryFirst) // nothing is wrong with the logical switch
		default:
			if l.err != err.Error() {
				k.log.Error("a logical switch could not be written", "logical switch", d.Name, "error", err)
			}
			l.err = err.Error()
			l.retry.failed(now)
		}
	}
}
