package neutron

import (
	"context"
	"errors"
	"slices"
	"time"

	"landbridge/internal/l2gw"
)

// partingAfter is when what was taken back is taken back once more. Compute nodes
// hear nothing while they have no connection to RabbitMQ, whose restart each gets
// over by itself, after 30 s at most (oslo.messaging's interval_max). Who lives
// somewhere they are told again with every comparison; who does not live there any
// more only so.
var partingAfter = []time.Duration{2 * time.Second, 8 * time.Second, 20 * time.Second, 45 * time.Second, 90 * time.Second}

// parting is what compute nodes were told to forget of late at one place.
type parting struct {
	told  l2gw.Told
	since time.Time
	said  int // times beside the first
}

// takeBack has compute nodes forget hosts. They are in memory until that has been
// said often enough.
func (a *announcer) takeBack(ctx context.Context, t l2gw.Told) error {
	if len(t.Hosts) == 0 {
		return nil
	}
	if err := a.send(ctx, "remove_fdb_entries", t); err != nil {
		return err
	}
	at := place{t.Gateway, t.NetworkID}
	if p := a.parting[at]; p != nil {
		t.Hosts = append(minus(p.told.Hosts, t.Hosts), t.Hosts...)
		slices.SortFunc(t.Hosts, l2gw.Host.Compare)
	}
	a.parting[at] = &parting{told: t, since: a.now()}
	return nil
}

// repeat takes back once more what it is time for.
func (a *announcer) repeat(ctx context.Context) error {
	var all []error
	for at, p := range a.parting {
		if a.now().Before(p.due()) {
			continue
		}
		if err := a.send(ctx, "remove_fdb_entries", with(p.told, a.gone(p.told))); err != nil {
			all = append(all, err)
			continue
		}
		if p.said++; p.said < len(partingAfter) {
			continue
		}
		if err := a.memory.Forget(ctx, p.told); err != nil {
			p.said--
			all = append(all, err)
			continue
		}
		delete(a.parting, at)
	}
	return errors.Join(all...)
}

func (p *parting) due() time.Time { return p.since.Add(partingAfter[p.said]) }

// gone leaves out who lives elsewhere in the network by now: compute nodes look at
// the MAC and the address alone.
func (a *announcer) gone(t l2gw.Told) []l2gw.Host {
	return slices.DeleteFunc(slices.Clone(t.Hosts), func(h l2gw.Host) bool {
		for at, now := range a.told {
			if at.network == t.NetworkID && slices.ContainsFunc(now.Hosts, func(n l2gw.Host) bool {
				return n.MAC == h.MAC || h.Addr.IsValid() && n.Addr == h.Addr
			}) {
				return true
			}
		}
		return false
	})
}

// isBack forgets that hosts were taken back, since they are told of again.
func (a *announcer) isBack(at place, hosts []l2gw.Host) {
	p := a.parting[at]
	if p == nil {
		return
	}
	if p.told.Hosts = minus(p.told.Hosts, hosts); len(p.told.Hosts) == 0 {
		delete(a.parting, at)
	}
}

// next tells when there is something to repeat; nil: there is nothing.
func (a *announcer) next() <-chan time.Time {
	if len(a.parting) == 0 {
		return nil
	}
	first := a.now().Add(time.Hour)
	for _, p := range a.parting {
		if due := p.due(); due.Before(first) {
			first = due
		}
	}
	return time.After(first.Sub(a.now()))
}
