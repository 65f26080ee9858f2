package neutron

import (
	"context"
	"fmt"
	"net/netip"

	"landbridge/internal/oslomsg"
)

// computeNode is a compute node's host with its tunnel address.
type computeNode struct {
	host string
	addr netip.Addr
}

// computeNodes gives the compute nodes whose agents live.
func computeNodes(agents []agentDocument) []computeNode {
	var out []computeNode
	for _, a := range agents {
		if addr, ok := a.endpoint(); ok && a.Alive && a.Binary != binary {
			out = append(out, computeNode{a.Host, addr})
		}
	}
	return out
}

// withdraw takes back what sync has made. Without l2population, compute nodes
// flood to every endpoint that Neutron has, and it has no call that deletes
// one. But where a host claims another's address, the endpoints of both go: so
// ours claims a compute node's, in whose name it is claimed back.
//
// Those that live drop their tunnel when they are told; that others are still
// there makes them flood to these alone.
func (p *presence) withdraw(ctx context.Context, gateway netip.Addr, nodes []computeNode) error {
	if err := p.tunnel(ctx, topicTunnelDelete, "tunnel_delete", gateway); err != nil {
		return err
	}
	if len(nodes) > 0 {
		n := nodes[0]
		for _, host := range []string{p.naming.host(gateway), n.host} {
			if err := p.claim(ctx, host, n.addr); err != nil {
				return fmt.Errorf("withdraw the tunnel address: %w", err)
			}
		}
	}
	for _, n := range nodes {
		if err := p.tunnel(ctx, topicTunnelUpdate, "tunnel_update", n.addr); err != nil {
			return err
		}
	}
	return nil
}

// tunnel tells compute nodes of a tunnel address, as Neutron does.
func (p *presence) tunnel(ctx context.Context, topic, method string, addr netip.Addr) error {
	err := p.bus.Fanout(ctx, oslomsg.Message{
		Topic: topic, Version: "1.0", Method: method, Context: oslomsg.AdminContext(),
		Args: map[string]any{"tunnel_ip": addr.String(), "tunnel_type": "vxlan"},
	})
	if err != nil {
		return fmt.Errorf("tell compute nodes of tunnel address %s: %w", addr, err)
	}
	return nil
}
