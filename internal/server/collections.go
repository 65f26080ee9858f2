package server

import (
	"context"

	"landbridge/internal/l2gw"
)

// The collections are the store's; beside that they ask the cloud for the
// network that a connection names, and have the networks that a change concerns
// planned anew.

// Gateways implements l2gw.Collections.
func (s *Server) Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate] {
	return gateways{s.cfg.Store.Gateways(), s}
}

// RemoteGateways implements l2gw.Collections.
func (s *Server) RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate] {
	return remoteGateways{s.cfg.Store.RemoteGateways(), s}
}

// Connections implements l2gw.Collections.
func (s *Server) Connections() l2gw.Collection[l2gw.Connection] {
	return onNetwork[l2gw.Connection]{s.cfg.Store.Connections(), s, func(c l2gw.Connection) string { return c.NetworkID }}
}

// RemoteConnections implements l2gw.Collections.
func (s *Server) RemoteConnections() l2gw.Collection[l2gw.RemoteConnection] {
	return onNetwork[l2gw.RemoteConnection]{s.cfg.Store.RemoteConnections(), s, func(c l2gw.RemoteConnection) string { return c.NetworkID }}
}

// RemoteMACs implements l2gw.Collections.
func (s *Server) RemoteMACs() l2gw.Collection[l2gw.RemoteMAC] {
	return remoteMACs{s.cfg.Store.RemoteMACs(), s}
}

// gateways are of no network while they have no connections, so that only an
// update concerns some.
type gateways struct {
	l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate]
	s *Server
}

func (g gateways) Update(ctx context.Context, id string, u l2gw.GatewayUpdate) (l2gw.Gateway, error) {
	g.s.asking.RLock()
	defer g.s.asking.RUnlock()
	gw, err := g.Updatable.Update(ctx, id, u)
	if err == nil {
		g.s.planUsersOf(ctx, id)
	}
	return gw, err
}

// remoteGateways are the same.
type remoteGateways struct {
	l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate]
	s *Server
}

func (g remoteGateways) Update(ctx context.Context, id string, u l2gw.RemoteGatewayUpdate) (l2gw.RemoteGateway, error) {
	g.s.asking.RLock()
	defer g.s.asking.RUnlock()
	gw, err := g.Updatable.Update(ctx, id, u)
	if err == nil {
		g.s.planUsersOf(ctx, id)
	}
	return gw, err
}

// planUsersOf has the networks of a gateway or remote gateway planned.
func (s *Server) planUsersOf(ctx context.Context, id string) {
	// The change is made: whoever asked for it may be gone by now.
	networks, err := s.cfg.Store.NetworksOf(context.WithoutCancel(ctx), id)
	if err != nil {
		s.cfg.Logger.Warn("the networks that a change concerns cannot be found; planning all", "id", id, "error", err)
		networks = nil
	} else if len(networks) == 0 {
		return
	}
	s.queue.planNetworks(networks)
}

// onNetwork are objects that stand on a network.
type onNetwork[T any] struct {
	l2gw.NetworkCollection[T]
	s       *Server
	network func(T) string
}

func (c onNetwork[T]) Create(ctx context.Context, v T) (T, error) {
	id := c.network(v)
	network, err := c.s.cfg.Cloud.Network(ctx, id)
	if err != nil {
		return v, err
	}
	made, err := c.NetworkCollection.Create(ctx, v, network)
	if err == nil {
		c.s.queue.planNetworks([]string{id})
	}
	return made, err
}

func (c onNetwork[T]) Delete(ctx context.Context, id string) error {
	v, err := c.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := c.NetworkCollection.Delete(ctx, id); err != nil {
		return err
	}
	c.s.queue.planNetworks([]string{c.network(v)})
	return nil
}

// remoteMACs stand on a network through their remote connection.
type remoteMACs struct {
	l2gw.Collection[l2gw.RemoteMAC]
	s *Server
}

func (m remoteMACs) Create(ctx context.Context, v l2gw.RemoteMAC) (l2gw.RemoteMAC, error) {
	m.s.asking.RLock()
	defer m.s.asking.RUnlock()
	made, err := m.Collection.Create(ctx, v)
	if err == nil {
		m.plan(ctx, made)
	}
	return made, err
}

func (m remoteMACs) Delete(ctx context.Context, id string) error {
	v, err := m.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := m.Collection.Delete(ctx, id); err != nil {
		return err
	}
	m.plan(ctx, v)
	return nil
}

func (m remoteMACs) plan(ctx context.Context, v l2gw.RemoteMAC) {
	conn, err := m.s.cfg.Store.RemoteConnections().Get(context.WithoutCancel(ctx), v.RemoteConnectionID)
	switch {
	case err == nil:
		m.s.queue.planNetworks([]string{conn.NetworkID})
	case l2gw.CodeOf(err) == l2gw.NotFound: // deleted meanwhile, which has its network planned
	default:
		m.s.cfg.Logger.Warn("the network of a remote MAC cannot be found; planning all", "remote mac", v.ID, "error", err)
		m.s.queue.planNetworks(nil)
	}
}
