package lab

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/lab/rest"
)

// Ask is what an administrator of one cloud wants of its gateway: a network
// stretched to another cloud.
type Ask struct {
	Network string     // name of a network of the cloud
	Remote  netip.Addr // the other cloud's gateway, on the WAN
	Key     uint32     // the tunnel key on the WAN; 0: left out
	NoFlood bool       // no broadcast, multicast and unknown unicast to the remote side
	// Encapsulation is what the tunnel on the WAN uses, by the API's word; "": left out.
	Encapsulation string
	// Ports has the VLANs of bare metal ports by the ports' names; 0 is untagged.
	Ports map[string][]int
}

// devices are the gateway's switches, as its administrator writes them. Each has
// the ports.
func (g *GatewayNode) devices(ask Ask) []rest.Object {
	out := []rest.Object{device(g.Cloud.Gateway, ask)}
	for _, other := range g.Cloud.Others {
		out = append(out, device(other, ask))
	}
	return out
}

func device(node Gateway, ask Ask) rest.Object {
	out := rest.Object{"device_name": node.Name}
	var interfaces []rest.Object
	for _, name := range slices.Sorted(maps.Keys(ask.Ports)) {
		interfaces = append(interfaces, rest.Object{"name": name, "segmentation_id": ask.Ports[name]})
	}
	if len(interfaces) > 0 {
		out["interfaces"] = interfaces
	}
	return out
}

// Connected has the ids of what the administrator has made.
type Connected struct {
	Gateway, Connection, RemoteGateway, RemoteConnection string
}

// Connect does what an administrator does to stretch a network, from nothing:
// four calls. Before each, tell hears what is asked; it may be nil.
func (g *GatewayNode) Connect(ctx context.Context, ask Ask, tell func(rest.Kind, rest.Object)) (Connected, error) {
	var made Connected
	name := g.Cloud.Gateway.Name
	steps := []step{
		{rest.Gateways, &made.Gateway, func() rest.Object {
			return rest.Object{"name": name, "devices": g.devices(ask)}
		}},
		g.connection(ask.Network, &made),
		g.remoteGateway(ask, &made),
		g.remoteConnection(ask, &made),
	}
	err := g.take(ctx, steps, tell)
	return made, err
}

// Stretch stretches one more network to the remote gateway of a Connect.
func (g *GatewayNode) Stretch(ctx context.Context, network string, key uint32, through Connected) (Connected, error) {
	made := Connected{Gateway: through.Gateway, RemoteGateway: through.RemoteGateway}
	steps := []step{g.connection(network, &made), g.remoteConnection(Ask{Network: network, Key: key}, &made)}
	err := g.take(ctx, steps, nil)
	return made, err
}

// Widen stretches the network of a Connect to one more remote gateway.
func (g *GatewayNode) Widen(ctx context.Context, ask Ask, made Connected) (Connected, error) {
	err := g.take(ctx, []step{g.remoteGateway(ask, &made), g.remoteConnection(ask, &made)}, nil)
	return made, err
}

// step is one call that makes something.
type step struct {
	kind       rest.Kind
	id         *string
	attributes func() rest.Object // of what was made before
}

func (g *GatewayNode) take(ctx context.Context, steps []step, tell func(rest.Kind, rest.Object)) error {
	for _, s := range steps {
		attributes := s.attributes()
		if tell != nil {
			tell(s.kind, attributes)
		}
		object, err := g.API.Create(ctx, s.kind, attributes)
		if err != nil {
			return fmt.Errorf("gateway %s: %w", g.Cloud.Gateway.Name, err)
		}
		*s.id = object.ID()
	}
	return nil
}

func (g *GatewayNode) connection(network string, made *Connected) step {
	return step{rest.Connections, &made.Connection, func() rest.Object {
		return rest.Object{"l2_gateway_id": made.Gateway, "network_id": g.Cloud.Network(network).ID}
	}}
}

func (g *GatewayNode) remoteGateway(ask Ask, made *Connected) step {
	return step{rest.RemoteGateways, &made.RemoteGateway, func() rest.Object {
		return rest.Object{"name": "from-" + g.Cloud.Gateway.Name, "ipaddr": ask.Remote.String()}
	}}
}

func (g *GatewayNode) remoteConnection(ask Ask, made *Connected) step {
	return step{rest.RemoteConnections, &made.RemoteConnection, func() rest.Object {
		o := rest.Object{
			"l2_gateway_id": made.Gateway, "network_id": g.Cloud.Network(ask.Network).ID,
			"l2_remote_gateway_id": made.RemoteGateway,
		}
		if ask.Key != 0 {
			o["segmentation_id"] = ask.Key
		}
		if ask.NoFlood {
			o["flood"] = false
		}
		if ask.Encapsulation != "" {
			o["encapsulation"] = ask.Encapsulation
		}
		return o
	}}
}

// AwaitActive waits until both connections are ACTIVE.
func (g *GatewayNode) AwaitActive(ctx context.Context, made Connected) error {
	if _, err := g.API.AwaitStatus(ctx, rest.Connections, made.Connection, "ACTIVE"); err != nil {
		return fmt.Errorf("gateway %s: %w", g.Cloud.Gateway.Name, err)
	}
	if _, err := g.API.AwaitStatus(ctx, rest.RemoteConnections, made.RemoteConnection, "ACTIVE"); err != nil {
		return fmt.Errorf("gateway %s: %w", g.Cloud.Gateway.Name, err)
	}
	return nil
}

// Asks gives what the administrators of two clouds want, each of the own
// gateway, to stretch the networks of one name.
func Asks(s Spec, network string, key uint32) map[string]Ask {
	a, b := s.Clouds[0], s.Clouds[1]
	return map[string]Ask{
		a.Name: {Network: network, Remote: b.Gateway.WAN.Addr(), Key: key},
		b.Name: {Network: network, Remote: a.Gateway.WAN.Addr(), Key: key},
	}
}
