package planner

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// endpoint is a compute node that hosts ports of the network.
type endpoint struct {
	host string
	addr netip.Addr
}

// findEndpoints settles which compute nodes host the network. Ports without a
// host are not anywhere yet, which is usual; hosts without an address are told
// to every connection.
func (b *builder) findEndpoints() {
	ports := map[string]int{}
	for _, p := range b.in.Site.Ports {
		if p.Host != "" {
			ports[p.Host]++
		}
	}
	for _, host := range slices.Sorted(maps.Keys(ports)) {
		addr := b.in.Site.Endpoints[host].Unmap()
		if why := unusable(addr); why != "" {
			b.tellConnections(note("Compute node %q hosts %d ports of the network, but the cloud gives %s for its tunnels: these ports are not reachable.",
				host, ports[host], why))
			continue
		}
		b.endpoints = append(b.endpoints, endpoint{host, addr})
	}
}

func (b *builder) tellConnections(p Problem) {
	for _, c := range b.connections {
		b.add(c.ID, p)
	}
}

// connect puts the network on each device of a gateway.
func (b *builder) connect(c l2gw.Connection) {
	gw, ok := b.in.Asked.Gateways[c.GatewayID]
	if !ok {
		b.add(c.ID, fatal("Gateway %s does not exist. Delete the connection.", c.GatewayID))
		return
	}
	if len(gw.Devices) == 0 {
		b.add(c.ID, fatal("Gateway %s has no devices. Make a gateway that has.", gw.ID))
		return
	}
	for _, d := range devices(gw) {
		p := b.plan(d.Name)
		if !slices.Contains(p.connections, c.ID) {
			p.connections = append(p.connections, c.ID)
		}
		b.checkAddress(c, p)
		b.reach(c, p)
		b.bind(c, d, p)
	}
}

// plan gives what is being built for a switch, begun where it is not.
func (b *builder) plan(name string) *switchPlan {
	if p := b.plans[name]; p != nil {
		return p
	}
	p := &switchPlan{
		name: name, ls: hwvtep.NewLogicalSwitch(b.out.Name, hwvtep.NewKey(b.segment.ID)),
		fabric: map[string]hwvtep.Locator{}, siblings: map[string]hwvtep.Locator{}, remotes: map[string]hwvtep.Locator{},
	}
	p.sw, p.known = b.in.Switches[name]
	p.ls.Description = text(b.in.Site.Network.Name)
	if !p.known || p.sw.Schema.Replication {
		p.ls.Replication = hwvtep.SourceNode
	}
	if !p.known || p.sw.Schema.LogicalConfig {
		p.ls.Gateways = gateways(b.in.Site.Gateways)
	}
	b.plans[name] = p
	return p
}

// gateways gives addresses of routers as a set; nil for none.
func gateways(addrs []netip.Addr) (out hwvtep.Set[netip.Addr]) {
	for _, a := range addrs {
		if out == nil {
			out = hwvtep.Set[netip.Addr]{}
		}
		out.Add(hostAddr(a))
	}
	return out
}

// checkAddress looks at the address that compute nodes are to tunnel to.
func (b *builder) checkAddress(c l2gw.Connection, p *switchPlan) {
	if !p.known {
		return
	}
	addr := p.sw.FabricIP().Unmap()
	if why := unusable(addr); why != "" {
		b.add(c.ID, fatal("Switch %q shows %s to tunnel to. Set tunnel_ips of its Physical_Switch.", p.name, why))
	} else if _, reason := encapsulation(b.fabric(), addr, p); reason != "" {
		b.add(c.ID, fatal("Switch %q cannot have tunnels of this cloud at its address %s. %s", p.name, addr, reason))
	}
}

// fabric is the encapsulation of the cloud's own tunnels: the network's type.
func (b *builder) fabric() l2gw.Encapsulation { return l2gw.Encapsulation(b.segment.Type) }

// reach gives the switch a tunnel to each compute node: no key, by the rule of
// the keys.
func (b *builder) reach(c l2gw.Connection, p *switchPlan) {
	for _, e := range b.endpoints {
		encap, reason := encapsulation(b.fabric(), e.addr, p)
		switch {
		case reason != "":
			b.add(c.ID, note("Compute node %q at %s is not reachable. %s", e.host, e.addr, reason))
		case p.own(e.addr):
			b.add(c.ID, note("Compute node %q has the tunnel address %s, which is switch %q's own: its ports are not reachable.", e.host, e.addr, p.name))
		default:
			l := hwvtep.Locator{Encapsulation: encap, Addr: e.addr}
			p.fabric[e.host] = l
			p.ls.AddMcast(hwvtep.UnknownDst, l)
		}
	}
}

// bind gives the network the VLANs of the gateway's interfaces.
func (b *builder) bind(c l2gw.Connection, d l2gw.Device, p *switchPlan) {
	for _, i := range d.Interfaces {
		if p.known && p.sw.Port(i.Name) == nil {
			b.add(c.ID, fatal("Switch %q has no port %q. Correct the interface of the gateway; the switch has %s.", p.name, i.Name, portNames(p.sw)))
			continue
		}
		vlans := i.VLANs
		if len(vlans) == 0 && c.VLAN != nil {
			vlans = []uint16{*c.VLAN}
		}
		if len(vlans) == 0 {
			b.add(c.ID, fatal("Interface %q of switch %q has no VLAN, and the connection has no default for it. Make the connection anew with a segmentation_id.", i.Name, p.name))
		}
		for _, vlan := range vlans {
			if vlan > maxVLAN {
				b.add(c.ID, fatal("VLAN %d of interface %q of switch %q is outside 0-%d.", vlan, i.Name, p.name, maxVLAN))
				continue
			}
			p.ls.Bindings.Add(hwvtep.Binding{Switch: p.name, Port: i.Name, VLAN: vlan})
		}
	}
}

const maxVLAN = 4094 // 4095 is reserved (IEEE 802.1Q, table 9-2)

func portNames(sw Switch) string {
	if len(sw.Ports) == 0 {
		return "none"
	}
	var names []string
	for _, p := range sw.Ports {
		names = append(names, fmt.Sprintf("%q", p.Name))
	}
	slices.Sort(names)
	return some(names)
}

// devices gives the devices of a gateway by name.
func devices(gw l2gw.Gateway) []l2gw.Device {
	return sorted(gw.Devices, func(x, y l2gw.Device) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID)) })
}

func deviceNames(gw l2gw.Gateway) []string {
	set := hwvtep.Set[string]{}
	for _, d := range gw.Devices {
		set.Add(d.Name)
	}
	return set.Sorted(strings.Compare)
}

// text is what a column of OVSDB can hold: UTF-8 without NUL (RFC 7047, 3.1).
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
