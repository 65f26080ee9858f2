package planner

import (
	"cmp"
	"slices"

	"landbridge/internal/l2gw"
)

// The orders in here make the output independent of the order of the input,
// also where two objects share what should be unique.

func sorted[T any](in []T, compare func(a, b T) int) []T {
	out := slices.Clone(in)
	slices.SortFunc(out, compare)
	return out
}

func compareConnections(a, b l2gw.Connection) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.GatewayID, b.GatewayID), compareVLANs(a.VLAN, b.VLAN))
}

func compareVLANs(a, b *uint16) int {
	if a == nil || b == nil {
		return compareBool(a != nil, b != nil)
	}
	return cmp.Compare(*a, *b)
}

func compareRemotes(a, b l2gw.RemoteConnection) int {
	return cmp.Or(
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.GatewayID, b.GatewayID), cmp.Compare(a.RemoteGatewayID, b.RemoteGatewayID),
		cmp.Compare(a.TunnelKey, b.TunnelKey), compareBool(a.Flood, b.Flood), cmp.Compare(a.Encapsulation, b.Encapsulation), cmp.Compare(a.Filter, b.Filter),
	)
}

func comparePorts(a, b l2gw.Port) int {
	return cmp.Or(a.MAC.Compare(b.MAC), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Host, b.Host), firstAddr(a).Compare(firstAddr(b)))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
