package planner

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// claimant wants MACs to be behind a locator.
type claimant struct {
	locator hwvtep.Locator
	who     string   // for messages
	tell    []string // the connections that a problem with a MAC concerns
}

// placeMACs puts each MAC behind exactly one locator of each switch. Where two
// claim the same one, ports go before remote MACs (the cloud knows where its
// ports are), then the lower ID of the port or the remote connection wins; the
// loser's connections are told.
func (b *builder) placeMACs() {
	ports := sorted(b.in.Site.Ports, comparePorts)
	for _, p := range b.plans {
		placed := map[l2gw.MAC]*claimant{}
		for _, port := range ports {
			if c, ok := p.portClaimant(port); ok {
				b.place(p, placed, c, port.MAC, firstAddr(port))
			}
		}
		for _, id := range slices.Sorted(maps.Keys(p.remotes)) {
			c := remoteClaimant(id, p.remotes[id])
			for _, h := range inOrder(b.in.Asked.RemoteHosts[id]) {
				b.place(p, placed, c, h.MAC, hostAddr(h.Addr))
			}
		}
		b.placeLearned(p, placed)
	}
}

// inOrder sorts hosts, which may be very many, where they are not sorted.
func inOrder(hosts []l2gw.Host) []l2gw.Host {
	if slices.IsSortedFunc(hosts, l2gw.Host.Compare) {
		return hosts
	}
	return sorted(hosts, l2gw.Host.Compare)
}

func (p *switchPlan) portClaimant(port l2gw.Port) (*claimant, bool) {
	l, ok := p.fabric[port.Host]
	return &claimant{
		locator: l, tell: p.connections,
		who: fmt.Sprintf("port %q on compute node %q", port.ID, port.Host),
	}, ok
}

func remoteClaimant(connectionID string, l hwvtep.Locator) *claimant {
	return &claimant{
		locator: l, tell: []string{connectionID},
		who: fmt.Sprintf("a remote MAC of remote connection %s", connectionID),
	}
}

func (b *builder) place(p *switchPlan, placed map[l2gw.MAC]*claimant, c *claimant, mac l2gw.MAC, addr netip.Addr) {
	if mac.IsZero() || mac.IsMulticast() {
		b.addAll(c.tell, note("%s has the address %s, which is not a host's; it is left out.", capital(c.who), mac))
		return
	}
	if first, taken := placed[mac]; taken {
		b.addAll(c.tell, note("MAC %s is claimed twice: by %s and by %s. Frames go to the former.", mac, first.who, c.who))
		return
	}
	placed[mac] = c
	p.ls.Ucast.Add(hwvtep.Ucast{MAC: mac, Addr: addr, Locator: c.locator})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
