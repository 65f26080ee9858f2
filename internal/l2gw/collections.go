package l2gw

import (
	"context"
	"net/netip"
)

// Collection is one kind of object as the API sees it. Get and Delete of an
// unknown ID, and every broken rule, give an *Error; other errors are faults.
type Collection[T any] interface {
	// Create checks v against the rules, gives it an ID (and its devices
	// theirs), keeps it, and returns it as kept.
	Create(ctx context.Context, v T) (T, error)
	Get(ctx context.Context, id string) (T, error)
	// List gives all objects in the order of their creation.
	List(ctx context.Context) ([]T, error)
	Delete(ctx context.Context, id string) error
}

// Updatable is a Collection whose objects can be changed.
type Updatable[T, U any] interface {
	Collection[T]
	Update(ctx context.Context, id string, u U) (T, error)
}

// NetworkCollection is a Collection of objects that stand on a network of the
// cloud: Create is told what the cloud says of it, since a database cannot know.
type NetworkCollection[T any] interface {
	Create(ctx context.Context, v T, network Network) (T, error)
	Get(ctx context.Context, id string) (T, error)
	List(ctx context.Context) ([]T, error)
	Delete(ctx context.Context, id string) error
}

// Collections is all that administrators can ask for, kind by kind.
type Collections interface {
	Gateways() Updatable[Gateway, GatewayUpdate]
	Connections() Collection[Connection]
	RemoteGateways() Updatable[RemoteGateway, RemoteGatewayUpdate]
	RemoteConnections() Collection[RemoteConnection]
	RemoteMACs() Collection[RemoteMAC]
}

// GatewayUpdate is what a PUT changes of a gateway.
type GatewayUpdate struct {
	Name *string // nil: unchanged
	// Devices has the devices whose interfaces are replaced, by Name. Each has
	// to exist on the gateway; one with nil Interfaces keeps those it has.
	Devices []Device
}

// RemoteGatewayUpdate is what a PUT changes of a remote gateway.
type RemoteGatewayUpdate struct {
	Name *string     // nil: unchanged
	Addr *netip.Addr // nil: unchanged
}
