package l2gw

import "slices"

// The rules between objects: pure judgements on objects that somebody has
// loaded. What an object's attributes may be by themselves is judged before,
// where they are read.

// InterfaceKind says what bare metal interfaces a gateway has.
type InterfaceKind int

// The kinds. A gateway has one of them, on all of its devices.
const (
	NoInterfaces InterfaceKind = iota // it only joins clouds
	Untagged                          // interfaces that take the connection's VLAN
	Tagged                            // interfaces with VLANs of their own
)

// String is for messages.
func (k InterfaceKind) String() string {
	switch k {
	case Untagged:
		return "interfaces without segmentation_id"
	case Tagged:
		return "interfaces with segmentation_id"
	}
	return "no interfaces"
}

// InterfaceKind gives the kind of the gateway's interfaces. Some with VLANs
// and some without are a Conflict.
func (g Gateway) InterfaceKind() (InterfaceKind, error) {
	kind := NoInterfaces
	for _, d := range g.Devices {
		for _, i := range d.Interfaces {
			k := Untagged
			if len(i.VLANs) > 0 {
				k = Tagged
			}
			if kind != NoInterfaces && kind != k {
				return 0, errMixedInterfaces(d.Name, i.Name, k)
			}
			kind = k
		}
	}
	return kind, nil
}

// SharesDevice tells whether both gateways name one switch, as two gateways may.
func (g Gateway) SharesDevice(o Gateway) bool {
	return slices.ContainsFunc(g.Devices, func(d Device) bool {
		return slices.ContainsFunc(o.Devices, func(e Device) bool { return d.Name == e.Name })
	})
}

// With gives the gateway as the update makes it. A device that the gateway
// does not have is NotFound.
func (g Gateway) With(u GatewayUpdate) (Gateway, error) {
	if u.Name != nil {
		g.Name = *u.Name
	}
	if u.Description != nil {
		g.Description = *u.Description
	}
	g.Devices = slices.Clone(g.Devices)
	for _, d := range u.Devices {
		i := slices.IndexFunc(g.Devices, func(have Device) bool { return have.Name == d.Name })
		if i < 0 {
			return Gateway{}, errDeviceNotFound(g.ID, d.Name)
		}
		if d.Interfaces != nil {
			g.Devices[i].Interfaces = d.Interfaces
		}
	}
	return g, nil
}

// CheckGatewayUpdate judges a change of a gateway that has these connections.
// others has those of other gateways that share a device with it.
func CheckGatewayUpdate(before, after Gateway, connections []Connection, others []Served) error {
	kind, err := after.InterfaceKind()
	if err != nil {
		return err
	}
	if old, _ := before.InterfaceKind(); old != kind && len(connections) > 0 {
		return errKindInUse(before.ID, old, kind, connections[0].ID)
	}
	mine := make([]Served, len(connections))
	for i, c := range connections {
		mine[i] = Served{Connection: c, Gateway: after}
	}
	return checkBindings(mine, others)
}

// CheckConnection judges a new connection of a network to a gateway. others
// has the connections of the gateway and of those that share a device with it.
func CheckConnection(c Connection, gw Gateway, network Network, others []Served) error {
	if err := checkDefaultVLAN(c, gw); err != nil {
		return err
	}
	if _, err := network.TunnelSegment(); err != nil {
		return err
	}
	for _, o := range others {
		if o.Connection.GatewayID == c.GatewayID && o.Connection.NetworkID == c.NetworkID {
			return ErrConnectionExists(c)
		}
	}
	return checkBindings([]Served{{Connection: c, Gateway: gw}}, others)
}

// checkDefaultVLAN judges whether the connection says what the gateway's
// interfaces leave open.
func checkDefaultVLAN(c Connection, gw Gateway) error {
	kind, err := gw.InterfaceKind()
	switch {
	case err != nil:
		return err
	case kind == Tagged && c.VLAN != nil:
		return errVLANTwice(*c.VLAN, gw.ID)
	case kind == Untagged && c.VLAN == nil:
		return errVLANMissing(gw.ID)
	}
	return nil
}

// TunnelSegment gives the one segment of a network that a gateway can serve. A
// network with more or fewer segments, or one that is not tunnelled, is a
// Conflict.
func (n Network) TunnelSegment() (Segment, error) {
	if len(n.Segments) != 1 {
		return Segment{}, errSegments(n)
	}
	if s := n.Segments[0]; s.Type.Tunnelled() {
		return s, nil
	}
	return Segment{}, errNotTunnelled(n)
}
