package neutron

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landbridge/internal/l2gw"
)

// distributed is the device_owner of a router's interface that is on every
// compute node at once, with one MAC (DVR).
const distributed = "network:router_interface_distributed"

// notes tells what keeps hosts in other clouds from ports of the network.
func (c content) notes(admits map[string]bool) []l2gw.Note {
	var closed, routers []string
	for _, id := range slices.Sorted(maps.Keys(c.ports)) {
		d := c.ports[id]
		switch {
		case d.DeviceOwner == distributed:
			routers = append(routers, id)
		case d.carries() && d.closed(admits):
			closed = append(closed, id)
		}
	}
	out := unserved(c.network)
	if len(closed) > 0 {
		out = append(out, l2gw.Note{Reason: fmt.Sprintf(
			"The security groups of %s let nobody in but members of security groups of this cloud: hosts beyond the gateway cannot open connections to it. Add ingress rules with their prefix (--remote-ip).",
			counted(closed))})
	}
	if len(routers) > 0 {
		out = append(out, l2gw.Note{Reason: fmt.Sprintf(
			"The router at %s is distributed: it answers on compute nodes alone, so that hosts beyond the gateway cannot use it. Let them have a router of their own, or make it a centralized one.",
			counted(routers))})
	}
	return out
}

// unserved tells of a network whose tunnels compute nodes do not make to
// gateways: these register for VXLAN.
func unserved(n l2gw.Network) (out []l2gw.Note) {
	for _, s := range n.Segments {
		if s.Type.Tunnelled() && s.Type != l2gw.TypeVXLAN {
			out = append(out, l2gw.Note{Fatal: true, Reason: fmt.Sprintf(
				"Network %s is of type %s. Compute nodes of Neutron have tunnels of type vxlan to a gateway, no others; use a network of type vxlan.", n.ID, s.Type)})
		}
	}
	return out
}

// closed tells whether none of a port's security groups lets in anybody by
// address. Of a group that is not known nothing is said.
func (d portDocument) closed(admits map[string]bool) bool {
	if len(d.SecurityGroups) == 0 || d.PortSecurity != nil && !*d.PortSecurity {
		return false
	}
	return !slices.ContainsFunc(d.SecurityGroups, func(group string) bool {
		open, known := admits[group]
		return open || !known
	})
}

// counted names a port, or the first of several.
func counted(ports []string) string {
	if len(ports) == 1 {
		return "port " + ports[0]
	}
	return fmt.Sprintf("%d ports (%s)", len(ports), strings.Join(ports[:min(len(ports), 2)], ", ")+more(ports))
}

func more(ports []string) string {
	if len(ports) > 2 {
		return ", …"
	}
	return ""
}

// ruleDocument is a rule of a security group.
type ruleDocument struct {
	GroupID     string `json:"security_group_id"`
	Direction   string `json:"direction"`
	RemoteGroup string `json:"remote_group_id"` // its members are let in; "": others, by address
}

// admitting tells which of some groups let in anybody but members of groups.
func admitting(groups []string, rules []ruleDocument) map[string]bool {
	out := map[string]bool{}
	for _, g := range groups {
		out[g] = false
	}
	for _, r := range rules {
		if _, asked := out[r.GroupID]; asked && r.Direction == "ingress" && r.RemoteGroup == "" {
			out[r.GroupID] = true
		}
	}
	return out
}
