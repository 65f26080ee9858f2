package neutron

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

// Memory keeps what compute nodes were told, beyond the life of the server:
// nobody else knows it, and what is not taken back stays with them.
type Memory interface {
	// Told gives all of it, the hosts sorted.
	Told(ctx context.Context) ([]l2gw.Told, error)
	// Remember adds hosts, before they are told.
	Remember(ctx context.Context, t l2gw.Told) error
	// Forget removes hosts, after they were taken back.
	Forget(ctx context.Context, t l2gw.Told) error
}

// announcer tells compute nodes who lives behind gateways, as l2population does
// for the hosts of Neutron.
type announcer struct {
	bus    bus
	memory Memory
	told   map[place]l2gw.Told // nil: not read yet
	// parting has what was taken back of late, which memory still has.
	parting map[place]*parting
	now     func() time.Time
	// local tells whether a MAC is a port's of the network. What compute nodes
	// know of such a one is Neutron's to say.
	local func(network string, mac l2gw.MAC) bool
}

func newAnnouncer(b bus, m Memory, local func(string, l2gw.MAC) bool) *announcer {
	return &announcer{bus: b, memory: m, local: local, parting: map[place]*parting{}, now: time.Now}
}

// recall reads what was told before this server has begun.
func (a *announcer) recall(ctx context.Context) error {
	if a.told != nil {
		return nil
	}
	all, err := a.memory.Told(ctx)
	if err != nil {
		return err
	}
	a.told = map[place]l2gw.Told{}
	for _, t := range all {
		a.told[place{t.Gateway, t.NetworkID}] = t
	}
	return nil
}

// pass tells what has changed, or everything where again is set. Who lives nowhere
// else comes first: of who has moved, compute nodes would forget the new place.
func (a *announcer) pass(
	ctx context.Context, served map[place][]l2gw.Host, again bool, network func(context.Context, string) (l2gw.Network, error),
) error {
	all := []error{a.leave(ctx, served)}
	for at, hosts := range served {
		t := a.told[at]
		err := a.takeBack(ctx, with(t, minus(t.Hosts, hosts)))
		if err == nil && len(t.Hosts) > 0 {
			a.told[at] = with(t, minus(t.Hosts, minus(t.Hosts, hosts)))
		}
		all = append(all, err)
	}
	for at, hosts := range served {
		if len(hosts) > 0 {
			all = append(all, a.add(ctx, at, hosts, again, network))
		}
	}
	return errors.Join(append(all, a.repeat(ctx))...)
}

// leave takes back what was told of places that are not there any more.
func (a *announcer) leave(ctx context.Context, places map[place][]l2gw.Host) error {
	if err := a.recall(ctx); err != nil {
		return err
	}
	var all []error
	for at, t := range a.told {
		if _, still := places[at]; still {
			continue
		}
		err := a.takeBack(ctx, t)
		if err == nil {
			delete(a.told, at)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// add tells who lives at a place, or, unless again is set, who is new there.
func (a *announcer) add(
	ctx context.Context, at place, hosts []l2gw.Host, again bool, network func(context.Context, string) (l2gw.Network, error),
) error {
	t, known := a.told[at]
	if !known {
		n, err := network(ctx, at.network)
		if err != nil {
			return err
		}
		if len(n.Segments) != 1 {
			return nil // the planner has told so
		}
		t = l2gw.Told{NetworkID: n.ID, Segment: n.Segments[0], Gateway: at.gateway}
	}
	news := with(t, minus(hosts, t.Hosts))
	if len(news.Hosts) > 0 {
		if err := a.memory.Remember(ctx, news); err != nil {
			return err
		}
	}
	a.isBack(at, hosts)
	if again {
		news.Hosts = hosts
	}
	if err := a.send(ctx, "add_fdb_entries", news); err != nil {
		return err
	}
	a.told[at] = with(t, hosts)
	return nil
}

// send leaves out the hosts that have come to be ports of the network: what
// is said of their MACs would count for the ports.
func (a *announcer) send(ctx context.Context, method string, t l2gw.Told) error {
	foreign := slices.DeleteFunc(slices.Clone(t.Hosts), func(h l2gw.Host) bool { return a.local(t.NetworkID, h.MAC) })
	for _, args := range fdbArgs(with(t, foreign)) {
		err := a.bus.Fanout(ctx, oslomsg.Message{
			Topic: topicL2Population, Version: "1.0", Method: method, Args: args, Context: oslomsg.AdminContext(),
		})
		if err != nil {
			return fmt.Errorf("tell compute nodes who is behind gateway %s in network %s: %w", t.Gateway, t.NetworkID, err)
		}
	}
	return nil
}

func with(t l2gw.Told, hosts []l2gw.Host) l2gw.Told {
	t.Hosts = hosts
	return t
}
