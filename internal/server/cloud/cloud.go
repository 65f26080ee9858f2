// Package cloud is what a server needs of the cloud it serves. Drivers are in
// folders of their own; they know nothing of each other.
package cloud

import (
	"context"

	"landbridge/internal/l2gw"
)

// Cloud is a cloud driver. What it says is a level: Site can be asked at any
// time, and Watch only says that it is worth asking again.
type Cloud interface {
	// Network finds a network. An unknown one is an error of code
	// l2gw.NotFound; a cloud that cannot be asked now, one of code
	// l2gw.Unavailable.
	Network(ctx context.Context, id string) (l2gw.Network, error)
	// Networks gives all networks, in any order; l2gw.Unavailable as above.
	Networks(ctx context.Context) ([]l2gw.Network, error)
	// Site gives all that the planner needs of a network, with the errors of
	// Network.
	Site(ctx context.Context, networkID string) (l2gw.Site, error)
	// Watch calls changed with the networks that may have changed, or with nil
	// for all of them, until ctx ends, and returns ctx's error then. It mends
	// its own faults and reports them through Health; a change of Health counts
	// as one of all networks, since their statuses show it.
	Watch(ctx context.Context, changed func(networkIDs []string)) error
	// Announce replaces the set of services: afterwards the compute nodes that
	// host the network of a service have a tunnel to its address, and none to
	// addresses that a former set had.
	Announce(ctx context.Context, services []l2gw.Service) error
	// Health is nil, or why what the driver says may be out of date.
	Health() error
}
