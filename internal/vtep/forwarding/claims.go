package forwarding

import (
	"fmt"
	"maps"
	"slices"
)

// Claims sees to it that no two networks of a switch share an endpoint: arriving
// frames could not be told apart. Of several that want one, the
// lexicographically first name has it, whatever came first in time; the others
// go without that tunnel, and with a problem that says so.
type Claims struct {
	wanted map[string]*Network
	// first has, by endpoint, the network that gets it; others the names of those
	// that want it too, sorted, where there are any. There are very many endpoints.
	first  map[Endpoint]*Network
	others map[Endpoint][]string
}

// NewClaims makes one without networks.
func NewClaims() *Claims {
	return &Claims{wanted: map[string]*Network{}, first: map[Endpoint]*Network{}, others: map[Endpoint][]string{}}
}

// Set puts what a network wants in place of what it wanted. It gives the
// networks whose Effective result, forwarding or problems, may differ from
// before, sorted: that one if it changed, and those it conflicts with.
func (c *Claims) Set(n Network) []string {
	want := c.wanted[n.Name]
	if want == nil {
		want = &Network{}
		c.wanted[n.Name] = want
	} else if want.Equal(n) {
		return nil
	}
	old := *want
	*want = n
	touched := map[string]struct{}{n.Name: {}}
	for e := range n.Tunnels {
		if _, had := old.Tunnels[e]; !had {
			c.claim(e, want, touched)
		}
	}
	for e := range old.Tunnels {
		if _, has := n.Tunnels[e]; !has {
			c.release(e, n.Name, touched)
		}
	}
	return slices.Sorted(maps.Keys(touched))
}

// Remove takes a network out. It gives the networks whose Effective result may
// differ from before, sorted; nil where there was no such network.
func (c *Claims) Remove(name string) []string {
	old := c.wanted[name]
	if old == nil {
		return nil
	}
	touched := map[string]struct{}{name: {}}
	for e := range old.Tunnels {
		c.release(e, name, touched)
	}
	delete(c.wanted, name)
	return slices.Sorted(maps.Keys(touched))
}

func (c *Claims) claim(e Endpoint, n *Network, touched map[string]struct{}) {
	was := c.first[e]
	switch {
	case was == nil:
		c.first[e] = n
	case n.Name < was.Name: // a new owner: all others see it
		c.first[e] = n
		c.others[e] = slices.Insert(c.others[e], 0, was.Name)
		touch(touched, c.others[e])
	default:
		i, _ := slices.BinarySearch(c.others[e], n.Name)
		c.others[e] = slices.Insert(c.others[e], i, n.Name)
	}
}

func (c *Claims) release(e Endpoint, name string, touched map[string]struct{}) {
	others := c.others[e]
	switch i, contested := slices.BinarySearch(others, name); {
	case contested:
		others = slices.Delete(others, i, i+1)
	case len(others) > 0: // the owner goes
		touch(touched, others)
		c.first[e], others = c.wanted[others[0]], others[1:]
	default:
		delete(c.first, e)
	}
	if c.others[e] = others; len(others) == 0 {
		delete(c.others, e)
	}
}

func touch(touched map[string]struct{}, names []string) {
	for _, n := range names {
		touched[n] = struct{}{}
	}
}

// Effective gives what a network gets of what it wants; not ok where there is
// no such network. The result may share its maps with what was Set: neither may
// be changed.
func (c *Claims) Effective(name string) (n Network, problems []Problem, ok bool) {
	want := c.wanted[name]
	if want == nil {
		return Network{}, nil, false
	}
	lost := map[Endpoint]string{}
	for e := range want.Tunnels {
		if owner := c.first[e]; owner != want {
			lost[e] = owner.Name
		}
	}
	for _, e := range sortedEndpoints(lost) {
		problems = append(problems, lostTo(lost[e], name, e, want.Tunnels[e]))
	}
	return want.without(lost), problems, true
}

// lostTo says that another network has the tunnel.
func lostTo(owner, name string, e Endpoint, t Tunnel) Problem {
	if e.IsPort() {
		return Problem{
			Network: name, Binding: e.Binding(""),
			Reason: fmt.Sprintf("logical switch %q has this VLAN of a port of that name already; give one of them another VLAN", owner),
		}
	}
	return Problem{
		Network: name, Locator: t.Locator(e),
		Reason: fmt.Sprintf("logical switch %q has a tunnel with this address and key %d already; give one of them another key", owner, e.VNI),
	}
}

// Names gives the networks, sorted.
func (c *Claims) Names() []string { return slices.Sorted(maps.Keys(c.wanted)) }
