package l2gw

import (
	"context"
	"net/netip"
)

// Collection is one kind of object as the API sees it. What names an unknown
// ID, and every broken rule, gives an *Error; other errors are faults.
type Collection[T any] interface {
	Kept[T]
	// Create checks v against the rules, gives it an ID (and its devices
	// theirs), keeps it, and returns it as kept.
	Create(ctx context.Context, v T) (T, error)
	// CreateAll creates all of list, in its order, or nothing. Each has to keep
	// the rules as if those before it existed already.
	CreateAll(ctx context.Context, list []T) ([]T, error)
}

// Kept is what all collections have in common.
type Kept[T any] interface {
	Get(ctx context.Context, id string) (T, error)
	List(ctx context.Context, q Query) ([]T, error)
	// Delete, where revisions are given, wants the object to be at one of them;
	// another one is Stale. So does Update.
	Delete(ctx context.Context, id string, at ...Revision) error
}

// Updatable is a Collection whose objects can be changed.
type Updatable[T, U any] interface {
	Collection[T]
	Update(ctx context.Context, id string, u U, at ...Revision) (T, error)
}

// NetworkCollection is a Collection of objects that stand on a network of the
// cloud: it is told what the cloud says of it, since a database cannot know.
type NetworkCollection[T any] interface {
	Kept[T]
	Create(ctx context.Context, v T, network Network) (T, error)
	// CreateAll has the networks of all of list by ID.
	CreateAll(ctx context.Context, list []T, networks map[string]Network) ([]T, error)
}

// Collections is all that administrators can ask for, kind by kind.
type Collections interface {
	Gateways() Updatable[Gateway, GatewayUpdate]
	Connections() Collection[Connection]
	RemoteGateways() Updatable[RemoteGateway, RemoteGatewayUpdate]
	RemoteConnections() Collection[RemoteConnection]
	RemoteMACs() Collection[RemoteMAC]
	// Quotas is how many of them projects may own.
	Quotas() Quotas
	// Agents are those of their own, where there are any.
	Agents() Agents
	// Network finds a network of the cloud, which objects stand on.
	Network(ctx context.Context, id string) (Network, error)
	// Networks gives all networks of the cloud, in any order.
	Networks(ctx context.Context) ([]Network, error)
}

// GatewayUpdate is what a PUT changes of a gateway.
type GatewayUpdate struct {
	Name        *string // nil: unchanged
	Description *string // nil: unchanged
	// Devices has the devices whose interfaces are replaced, by Name. Each has
	// to exist on the gateway; one with nil Interfaces keeps those it has.
	Devices []Device
}

// RemoteGatewayUpdate is what a PUT changes of a remote gateway.
type RemoteGatewayUpdate struct {
	Name        *string     // nil: unchanged
	Description *string     // nil: unchanged
	Addr        *netip.Addr // nil: unchanged
}
