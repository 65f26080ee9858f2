package vtep

import (
	"maps"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// desired is what the database asks of this switch: the effective forwarding of
// each network, and what of it cannot be carried out. It depends on what the
// database holds alone, not on what it held before.
type desired struct {
	physical string // Physical_Switch.name
	ports    hwvtep.Set[string]
	local    forwarding.Local
	guard    forwarding.Guard
	claims   *forwarding.Claims
	networks map[string]forwarding.Network
	// derived and lost have the problems of networks that have some: of their
	// rows, and of endpoints that another network has.
	derived, lost map[string][]forwarding.Problem
	// users has those of pairs of underlay addresses; other says that the pairs
	// are others than were last asked for.
	users   map[underlay.Pair]*users
	numbers numbers // of networks
	other   bool
	// ways counts the tunnels of all networks, by group.
	ways map[way][forwarding.Groups]int
	// bound has the networks with VLANs of ports.
	bound  map[string]struct{}
	beside *beside
}

func newDesired(cfg Config) *desired {
	return &desired{
		physical: cfg.Switch, local: cfg.Local, guard: cfg.Guard, ports: hwvtep.SetOf(slices.Collect(maps.Keys(cfg.Ports))...), claims: forwarding.NewClaims(),
		networks: map[string]forwarding.Network{},
		derived:  map[string][]forwarding.Problem{}, lost: map[string][]forwarding.Problem{},
		users: map[underlay.Pair]*users{}, numbers: numbers{of: map[string]uint32{}}, ways: map[way][forwarding.Groups]int{}, bound: map[string]struct{}{},
	}
}

// adopt starts from what the datapath holds, before the database is read. What
// the database then says of each of these networks takes its place.
func (d *desired) adopt(networks map[string]forwarding.Network) {
	for name, n := range networks {
		d.replace(name, d.beside.allow(name, n, true, true), true)
	}
}

// set takes in what the database holds of a logical switch, nil for nothing. It
// gives the networks whose forwarding may have changed.
func (d *desired) set(name string, ls *hwvtep.LogicalSwitch) []string {
	touched := []string{name}
	if ls == nil {
		touched = append(touched, d.claims.Remove(name)...)
		delete(d.derived, name)
	} else {
		n, problems := forwarding.Derive(ls, d.local)
		d.guard.Apply(&n, ls.Overrides)
		problems = append(problems, forwarding.Bind(&n, ls, d.physical, d.ports)...)
		touched = append(touched, d.claims.Set(n)...)
		keep(d.derived, name, problems)
	}
	return slices.DeleteFunc(touched, func(name string) bool { return !d.refresh(name) })
}

// refresh takes over what a network gets of what it wants, and tells whether
// its forwarding is another than before.
func (d *desired) refresh(name string) bool {
	old, known := d.networks[name]
	now, lost, ok := d.claims.Effective(name)
	keep(d.lost, name, lost)
	now = d.beside.allow(name, now, ok, false)
	if known == ok && old.Equal(now) {
		return false
	}
	d.replace(name, now, ok)
	return true
}

// replace keeps networks, users and bound in step.
func (d *desired) replace(name string, now forwarding.Network, ok bool) {
	old := d.networks[name]
	number := d.numbers.give(name)
	d.count(number, now, old, 1)
	d.count(number, old, now, -1)
	delete(d.networks, name)
	delete(d.bound, name)
	if ok {
		d.networks[name] = now
	} else {
		d.numbers.take(name)
	}
	if hasPorts(now) {
		d.bound[name] = struct{}{}
	}
}

// count counts the tunnels that the network of a number has and another state of
// it has not, or not so.
func (d *desired) count(number uint32, n, other forwarding.Network, by int) {
	for e, t := range n.Tunnels {
		if was, ok := other.Tunnels[e]; e.IsPort() || ok && was.Group == t.Group && was.Local == t.Local {
			continue
		}
		p := pairOf(e, t)
		d.countWay(way{p, e.Encapsulation()}, t.Group, by)
		if d.users[p] == nil {
			d.users[p], d.other = newUsers(), true
		}
		if d.users[p].count(number, t.Group == forwarding.WAN, by); d.users[p].none() {
			delete(d.users, p)
			d.other = true
		}
	}
}

func (d *desired) countWay(w way, g forwarding.Group, by int) {
	tunnels := d.ways[w]
	tunnels[g] += by
	d.ways[w] = tunnels
	if tunnels == [forwarding.Groups]int{} {
		delete(d.ways, w)
	}
}

func keep(m map[string][]forwarding.Problem, name string, problems []forwarding.Problem) {
	delete(m, name)
	if len(problems) > 0 {
		m[name] = problems
	}
}

func pairOf(e forwarding.Endpoint, t forwarding.Tunnel) underlay.Pair {
	return underlay.Pair{Local: t.Local, Remote: e.Remote()}
}

// pairsOf gives the pairs of underlay addresses of a network's tunnels.
func pairsOf(n forwarding.Network) map[underlay.Pair]struct{} {
	out := map[underlay.Pair]struct{}{}
	for e, t := range n.Tunnels {
		if !e.IsPort() {
			out[pairOf(e, t)] = struct{}{}
		}
	}
	return out
}

// pairs gives the pairs of all networks.
func (d *desired) pairs() map[underlay.Pair]struct{} {
	out := make(map[underlay.Pair]struct{}, len(d.users))
	for p := range d.users {
		out[p] = struct{}{}
	}
	return out
}

// names gives all networks, sorted.
func (d *desired) names() []string { return slices.Sorted(maps.Keys(d.networks)) }
