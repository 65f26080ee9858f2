package planner

import (
	"fmt"
	"net/netip"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// claim is a MAC that wants to be behind a locator.
type claim struct {
	mac     l2gw.MAC
	addr    netip.Addr
	locator hwvtep.Locator
	who     string   // for messages
	tell    []string // the connections that a problem with it concerns
}

// placeMACs puts each MAC behind exactly one locator of each switch. Where two
// claim the same one, ports go before remote MACs (the cloud knows where its
// ports are), then the lower ID of the port or the remote connection wins; the
// loser's connections are told.
func (b *builder) placeMACs() {
	ports := sorted(b.in.Site.Ports, comparePorts)
	macs := sorted(b.in.Asked.RemoteMACs, compareRemoteMACs)
	for _, p := range b.plans {
		placed := make(map[l2gw.MAC]claim, len(ports)+len(macs))
		for _, port := range ports {
			if c, ok := p.portClaim(port); ok {
				b.place(p, placed, c)
			}
		}
		for _, m := range macs {
			if l, ok := p.remotes[m.RemoteConnectionID]; ok {
				b.place(p, placed, remoteClaim(m, l))
			}
		}
	}
}

func (p *switchPlan) portClaim(port l2gw.Port) (claim, bool) {
	l, ok := p.fabric[port.Host]
	return claim{
		mac: port.MAC, addr: firstAddr(port), locator: l, tell: p.connections,
		who: fmt.Sprintf("port %q on compute node %q", port.ID, port.Host),
	}, ok
}

func remoteClaim(m l2gw.RemoteMAC, l hwvtep.Locator) claim {
	return claim{
		mac: m.MAC, addr: hostAddr(m.Addr), locator: l, tell: []string{m.RemoteConnectionID},
		who: fmt.Sprintf("a remote MAC of remote connection %s", m.RemoteConnectionID),
	}
}

func (b *builder) place(p *switchPlan, placed map[l2gw.MAC]claim, c claim) {
	if c.mac.IsZero() || c.mac.IsMulticast() {
		b.addAll(c.tell, note("%s has the address %s, which is not a host's; it is left out.", capital(c.who), c.mac))
		return
	}
	if first, taken := placed[c.mac]; taken {
		b.addAll(c.tell, note("MAC %s is claimed twice: by %s and by %s. Frames go to the former.", c.mac, first.who, c.who))
		return
	}
	placed[c.mac] = c
	p.ls.Ucast.Add(hwvtep.Ucast{MAC: c.mac, Addr: c.addr, Locator: c.locator})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
