package datapath

import (
	"fmt"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// tunnel is one as the maps hold it.
type tunnel struct {
	endpoint forwarding.Endpoint
	network  *network
	path     *path  // where it leaves by, and from which address
	id, next uint32 // its own, that of the next in the flood list
	at       int32  // in network.tunnels
	group    forwarding.Group
	filter   hwvtep.Filter
	flood    bool
}

// model gives the tunnel as it was asked for.
func (t *tunnel) model() forwarding.Tunnel {
	return forwarding.Tunnel{Group: t.group, Local: t.path.pair.Local, Flood: t.flood, Filter: t.filter}
}

// same tells whether a tunnel is as asked for but for flooding and filters, which
// can change while packets flow.
func (t *tunnel) same(want forwarding.Tunnel) bool {
	return t.group == want.Group && t.path.pair.Local == want.Local
}

func (t *tunnel) shape() kernelShape { return shapeOf(t.endpoint.Encapsulation()) }

func (t *tunnel) String() string { return fmt.Sprintf("tunnel %d (%s)", t.id, t.endpoint) }
