// Package apitest has an l2gw.Collections in memory, for tests of what stands
// on one. It judges by the rules of l2gw, as a store does.
package apitest

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"landbridge/internal/l2gw"
)

// Cloud is a cloud and all that is asked for in it. Methods may be called from
// many goroutines.
type Cloud struct {
	mu                sync.Mutex
	networks          []l2gw.Network
	gateways          []l2gw.Gateway
	connections       []l2gw.Connection
	remoteGateways    []l2gw.RemoteGateway
	remoteConnections []l2gw.RemoteConnection
	remoteMACs        []l2gw.RemoteMAC
	newID             func() string
	fault             error
}

// New makes a Cloud that has these networks and nothing else.
func New(networks ...l2gw.Network) *Cloud {
	return &Cloud{networks: networks, newID: uuid.NewString}
}

// Fail makes every call give this error from now on; nil ends that.
func (c *Cloud) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

// NumberIDs makes new IDs come from a function instead of being random.
func (c *Cloud) NumberIDs(next func() string) { c.newID = next }

// Gateways implements l2gw.Collections.
func (c *Cloud) Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate] {
	return updatable[l2gw.Gateway, l2gw.GatewayUpdate]{
		collection: collection[l2gw.Gateway]{
			c: c, all: &c.gateways, missing: l2gw.ErrGatewayNotFound,
			id: func(g l2gw.Gateway) string { return g.ID }, create: c.createGateway, release: c.releaseGateway,
		},
		change: c.changeGateway,
	}
}

// Connections implements l2gw.Collections.
func (c *Cloud) Connections() l2gw.Collection[l2gw.Connection] {
	return collection[l2gw.Connection]{
		c: c, all: &c.connections, missing: l2gw.ErrConnectionNotFound,
		id: func(v l2gw.Connection) string { return v.ID }, create: c.createConnection, release: c.releaseConnection,
	}
}

// RemoteGateways implements l2gw.Collections.
func (c *Cloud) RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate] {
	return updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate]{
		collection: collection[l2gw.RemoteGateway]{
			c: c, all: &c.remoteGateways, missing: l2gw.ErrRemoteGatewayNotFound,
			id:     func(v l2gw.RemoteGateway) string { return v.ID },
			create: c.createRemoteGateway, release: c.releaseRemoteGateway,
		},
		change: c.changeRemoteGateway,
	}
}

// RemoteConnections implements l2gw.Collections.
func (c *Cloud) RemoteConnections() l2gw.Collection[l2gw.RemoteConnection] {
	return collection[l2gw.RemoteConnection]{
		c: c, all: &c.remoteConnections, missing: l2gw.ErrRemoteConnectionNotFound,
		id:     func(v l2gw.RemoteConnection) string { return v.ID },
		create: c.createRemoteConnection, release: c.releaseRemoteConnection,
	}
}

// RemoteMACs implements l2gw.Collections.
func (c *Cloud) RemoteMACs() l2gw.Collection[l2gw.RemoteMAC] {
	return collection[l2gw.RemoteMAC]{
		c: c, all: &c.remoteMACs, missing: l2gw.ErrRemoteMACNotFound,
		id: func(v l2gw.RemoteMAC) string { return v.ID }, create: c.createRemoteMAC,
		release: func(l2gw.RemoteMAC) error { return nil },
	}
}

// collection is one kind of object. Its functions are called under the lock.
type collection[T any] struct {
	c       *Cloud
	all     *[]T
	id      func(T) string
	missing func(id string) *l2gw.Error
	create  func(T) (T, error) // checks and completes a new one
	release func(T) error      // checks that one can go, and lets go what goes with it
}

// Create implements l2gw.Collection.
func (k collection[T]) Create(_ context.Context, v T) (T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	var none T
	if k.c.fault != nil {
		return none, k.c.fault
	}
	made, err := k.create(v)
	if err != nil {
		return none, err
	}
	*k.all = append(*k.all, made)
	return made, nil
}

// Get implements l2gw.Collection.
func (k collection[T]) Get(_ context.Context, id string) (T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	var none T
	i, err := k.find(id)
	if err != nil {
		return none, err
	}
	return (*k.all)[i], nil
}

// List implements l2gw.Collection.
func (k collection[T]) List(context.Context) ([]T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	return slices.Clone(*k.all), k.c.fault
}

// Delete implements l2gw.Collection.
func (k collection[T]) Delete(_ context.Context, id string) error {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	i, err := k.find(id)
	if err != nil {
		return err
	}
	if err := k.release((*k.all)[i]); err != nil {
		return err
	}
	*k.all = slices.Delete(*k.all, i, i+1)
	return nil
}

func (k collection[T]) find(id string) (int, error) {
	if k.c.fault != nil {
		return 0, k.c.fault
	}
	i := slices.IndexFunc(*k.all, func(v T) bool { return k.id(v) == id })
	if i < 0 {
		return 0, k.missing(id)
	}
	return i, nil
}

// updatable is a collection whose objects can change.
type updatable[T, U any] struct {
	collection[T]
	change func(T, U) (T, error)
}

// Update implements l2gw.Updatable.
func (k updatable[T, U]) Update(_ context.Context, id string, u U) (T, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	var none T
	i, err := k.find(id)
	if err != nil {
		return none, err
	}
	changed, err := k.change((*k.all)[i], u)
	if err != nil {
		return none, err
	}
	(*k.all)[i] = changed
	return changed, nil
}
