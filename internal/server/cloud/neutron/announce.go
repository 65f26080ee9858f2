package neutron

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

// announcer tells compute nodes who lives behind gateways, as l2population does
// for the hosts of Neutron.
type announcer struct {
	bus  bus
	told map[place]told
	// local tells whether a MAC is a port's of the network. What compute nodes
	// know of such a one is Neutron's to say.
	local func(network string, mac l2gw.MAC) bool
}

// told is what the compute nodes of a network know.
type told struct {
	network l2gw.Network
	hosts   []l2gw.Host // sorted
}

func newAnnouncer(b bus, local func(string, l2gw.MAC) bool) *announcer {
	return &announcer{bus: b, told: map[place]told{}, local: local}
}

// pass tells what has changed, or everything where again is set.
func (a *announcer) pass(
	ctx context.Context, served map[place][]l2gw.Host, again bool, network func(context.Context, string) (l2gw.Network, error),
) error {
	all := []error{a.leave(ctx, served)}
	for at, hosts := range served {
		if len(hosts) > 0 || len(a.told[at].hosts) > 0 {
			all = append(all, a.one(ctx, at, hosts, again, network))
		}
	}
	return errors.Join(all...)
}

// leave takes back what was told of places that are not there any more.
func (a *announcer) leave(ctx context.Context, places map[place][]l2gw.Host) error {
	var all []error
	for at := range a.told {
		if _, still := places[at]; !still {
			all = append(all, a.withdraw(ctx, at))
		}
	}
	return errors.Join(all...)
}

func (a *announcer) withdraw(ctx context.Context, at place) error {
	was := a.told[at]
	err := a.send(ctx, "remove_fdb_entries", was.network, at, a.foreign(at, was.hosts))
	if err == nil {
		delete(a.told, at)
	}
	return err
}

// foreign leaves out the hosts that have come to be ports of the network: what
// is said of their MACs would count for the ports.
func (a *announcer) foreign(at place, hosts []l2gw.Host) []l2gw.Host {
	return slices.DeleteFunc(slices.Clone(hosts), func(h l2gw.Host) bool { return a.local(at.network, h.MAC) })
}

func (a *announcer) one(
	ctx context.Context, at place, hosts []l2gw.Host, again bool, network func(context.Context, string) (l2gw.Network, error),
) error {
	was, known := a.told[at]
	if !known {
		n, err := network(ctx, at.network)
		if err != nil {
			return err
		}
		if len(n.Segments) != 1 {
			return nil // the planner has told so
		}
		was.network = n
	}
	news := minus(hosts, was.hosts)
	if again {
		news = hosts
	}
	if err := a.send(ctx, "remove_fdb_entries", was.network, at, a.foreign(at, minus(was.hosts, hosts))); err != nil {
		return err
	}
	if err := a.send(ctx, "add_fdb_entries", was.network, at, a.foreign(at, news)); err != nil {
		return err
	}
	was.hosts = hosts
	a.told[at] = was
	return nil
}

func (a *announcer) send(ctx context.Context, method string, n l2gw.Network, at place, hosts []l2gw.Host) error {
	for _, args := range fdbArgs(n, at.gateway, hosts) {
		err := a.bus.Fanout(ctx, oslomsg.Message{
			Topic: topicL2Population, Version: "1.0", Method: method, Args: args, Context: oslomsg.AdminContext(),
		})
		if err != nil {
			return fmt.Errorf("tell compute nodes who is behind gateway %s in network %s: %w", at.gateway, at.network, err)
		}
	}
	return nil
}
