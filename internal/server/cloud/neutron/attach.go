package neutron

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
)

// attach keeps the ports of gateways in Neutron, one for each network that a
// gateway serves, and tells compute nodes who lives behind them.
type attach struct {
	rest     rest
	presence *presence
	naming   naming
	network  func(ctx context.Context, id string) (l2gw.Network, error)
	log      *slog.Logger
	changed  func(networks []string) // what is noted of them
	wake     chan struct{}

	mu       sync.Mutex
	wanted   map[place][]l2gw.Host // nil: nobody has said yet
	partial  map[place]bool        // of wanted: others may live there of whom nothing is known yet
	faults   map[place]string      // why a place is not served yet; "" where it is
	again    bool                  // compute nodes may have forgotten what they were told
	announce *announcer            // used by the loop alone
}

func newAttach(m *mirror, p *presence, memory Memory, n naming, log *slog.Logger, changed func([]string)) *attach {
	return &attach{
		rest: m.rest, presence: p, naming: n, log: log, network: m.rest.network, changed: changed, wake: make(chan struct{}, 1),
		faults: map[place]string{}, announce: newAnnouncer(p.bus, memory, m.local),
	}
}

// want replaces what is served.
func (a *attach) want(services []l2gw.Service) {
	wanted, gateways, partial := map[place][]l2gw.Host{}, map[netip.Addr]bool{}, map[place]bool{}
	for _, s := range services {
		wanted[place{s.Addr, s.NetworkID}] = s.Hosts
		gateways[s.Addr] = true
		if s.Partial {
			partial[place{s.Addr, s.NetworkID}] = true
		}
	}
	a.mu.Lock()
	a.wanted, a.partial = wanted, partial
	for at := range wanted {
		if _, known := a.faults[at]; !known {
			a.faults[at] = "it is about to be told"
		}
	}
	maps.DeleteFunc(a.faults, func(at place, _ string) bool { _, ok := wanted[at]; return !ok })
	a.mu.Unlock()
	a.presence.want(gateways)
	a.hurry()
}

func (a *attach) hurry() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// renew has everything told again.
func (a *attach) renew() {
	a.mu.Lock()
	a.again = true
	a.mu.Unlock()
	a.hurry()
}

// notes is what a network's connections have to tell.
func (a *attach) notes(network string) []l2gw.Note {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []l2gw.Note
	for _, at := range slices.SortedFunc(maps.Keys(a.faults), place.compare) {
		if why := a.faults[at]; why != "" && at.network == network {
			out = append(out, l2gw.Note{Pending: true, Reason: fmt.Sprintf(
				"Neutron does not have its compute nodes tunnel to the gateway at %s yet: %s.", at.gateway, why)})
		}
	}
	return out
}

// The pauses before a pass that follows one with something left to do.
const (
	pauseFirst = 200 * time.Millisecond
	pauseMost  = 30 * time.Second
)

// run works until the context ends. resync is the time between two looks at
// what nobody has touched.
func (a *attach) run(ctx context.Context, resync time.Duration) error {
	tick := time.NewTicker(resync)
	defer tick.Stop()
	pause := time.Duration(0)
	for {
		left, err := a.pass(ctx)
		if err != nil && ctx.Err() == nil && pause <= pauseFirst {
			a.log.Warn("the gateways' ports in Neutron are not as they should be; trying again", "error", err)
		}
		var retry <-chan time.Time
		if pause = next(pause, left); left {
			retry = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			a.renew()
		case <-a.wake:
		case <-retry:
		case <-a.announce.next():
		}
	}
}

func next(pause time.Duration, left bool) time.Duration {
	if !left {
		return 0
	}
	return min(max(2*pause, pauseFirst), pauseMost)
}

// pass brings Neutron one step nearer. left says that there is something to do
// that may come by itself, or failed.
func (a *attach) pass(ctx context.Context) (left bool, err error) {
	a.mu.Lock()
	wanted, partial, again := a.wanted, a.partial, a.again
	a.again = false
	a.mu.Unlock()
	if wanted == nil {
		return false, nil // nothing may be taken away before somebody has said what is wanted
	}
	ports, err := a.rest.portsOf(ctx, string(a.naming))
	if err != nil {
		a.tellAgain(again)
		return true, fmt.Errorf("list the ports of gateways: %w", err)
	}
	// Without the tunnel, which goes with the port, compute nodes would not know
	// what to forget.
	if err := a.announce.leave(ctx, wanted); err != nil {
		a.tellAgain(again)
		return true, err
	}
	faults, made, err := a.settle(ctx, wanted, ports)
	err = errors.Join(err, a.announce.pass(ctx, a.served(wanted, partial, faults), again, a.network))
	if err != nil {
		a.tellAgain(again)
	}
	a.note(faults)
	return made || err != nil || slices.ContainsFunc(slices.Collect(maps.Values(faults)), func(why string) bool { return why != "" }), err
}

// tellAgain puts off what could not be told.
func (a *attach) tellAgain(again bool) {
	a.mu.Lock()
	a.again = a.again || again
	a.mu.Unlock()
}

// settle does what is to be done about the ports. It gives why each place is
// not served yet, and whether it has made something that may be so by now.
func (a *attach) settle(ctx context.Context, wanted map[place][]l2gw.Host, ports []portDocument) (faults map[place]string, made bool, err error) {
	places := map[place]bool{}
	for at := range wanted {
		places[at] = true
	}
	d := a.naming.compare(places, ports)
	faults = map[place]string{}
	for at := range wanted {
		faults[at] = "its port is about to become active"
		if d.done[at] {
			faults[at] = ""
		}
	}
	var all []error
	for _, id := range d.extra {
		if err := a.rest.remove(ctx, "ports/"+id); err != nil {
			all = append(all, fmt.Errorf("delete port %s: %w", id, err))
		}
	}
	all = append(all, a.make(ctx, d, faults))
	for host, ids := range d.confirm {
		if err := a.presence.confirm(ctx, host, ids); err != nil {
			all = append(all, fmt.Errorf("say that ports are up at %s: %w", host, err))
		}
	}
	if len(d.missing) == 0 {
		all = append(all, a.dismiss(ctx, wanted))
	}
	return faults, len(d.missing)+len(d.confirm) > 0, errors.Join(all...)
}

// makeAtOnce is how many ports are made at the same time.
const makeAtOnce = 4

// make makes the ports that are missing, and adds them to those to confirm.
func (a *attach) make(ctx context.Context, d difference, faults map[place]string) error {
	var mu sync.Mutex
	var all []error
	var g errgroup.Group
	g.SetLimit(makeAtOnce)
	for _, at := range d.missing {
		if err := a.presence.fault(at.gateway); err != nil {
			faults[at] = sentence("it is not registered there: " + err.Error())
			continue
		}
		g.Go(func() error {
			port, err := a.makeOne(ctx, at)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				faults[at] = sentence(err.Error())
				all = append(all, fmt.Errorf("make a port in network %s for gateway %s: %w", at.network, at.gateway, err))
				return nil
			}
			d.confirm[port.Host] = append(d.confirm[port.Host], port.ID)
			return nil
		})
	}
	return errors.Join(append(all, g.Wait())...)
}

func (a *attach) makeOne(ctx context.Context, at place) (portDocument, error) {
	n, err := a.network(ctx, at.network)
	if err != nil {
		return portDocument{}, err
	}
	port, err := a.rest.createPort(ctx, a.naming.port(at, n.ProjectID))
	if err == nil && !port.bound() {
		err = fmt.Errorf("it cannot bind port %s to host %s (%s); its log says why", port.ID, port.Host, port.VIF)
	}
	return port, err
}

// dismiss takes gateways that serve nothing any more out of the list of agents.
func (a *attach) dismiss(ctx context.Context, wanted map[place][]l2gw.Host) error {
	serving := map[netip.Addr]bool{}
	for at := range wanted {
		serving[at.gateway] = true
	}
	agents, err := a.rest.agents(ctx)
	if err != nil {
		return fmt.Errorf("list agents: %w", err)
	}
	var all []error
	for _, agent := range agents {
		addr, ours := a.naming.gateway(agent.Host)
		if agent.Binary != binary || !ours || serving[addr] {
			continue
		}
		err := a.presence.dismiss(addr, func() error {
			if err := a.presence.withdraw(ctx, addr, computeNodes(agents)); err != nil {
				return err
			}
			return a.rest.remove(ctx, "agents/"+agent.ID)
		})
		if err != nil {
			all = append(all, fmt.Errorf("delete the agent of %s: %w", agent.Host, err))
		}
	}
	return errors.Join(all...)
}

// served gives the places that Neutron serves, and who lives there: where not all
// is known, those too that were told before.
func (a *attach) served(wanted map[place][]l2gw.Host, partial map[place]bool, faults map[place]string) map[place][]l2gw.Host {
	out := map[place][]l2gw.Host{}
	for at, hosts := range wanted {
		if faults[at] != "" {
			continue
		}
		if partial[at] {
			hosts = append(minus(a.announce.told[at].Hosts, hosts), hosts...)
			slices.SortFunc(hosts, l2gw.Host.Compare)
		}
		out[at] = hosts
	}
	return out
}

// note keeps why places are not served, and tells whom that concerns.
func (a *attach) note(faults map[place]string) {
	a.mu.Lock()
	var concerned []string
	for at, why := range faults {
		if was, wanted := a.faults[at]; wanted && was != why {
			a.faults[at] = why
			concerned = append(concerned, at.network)
		}
	}
	a.mu.Unlock()
	if len(concerned) > 0 {
		slices.Sort(concerned)
		a.changed(slices.Compact(concerned))
	}
}
