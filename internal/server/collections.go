package server

import (
	"context"
	"maps"
	"slices"

	"landbridge/internal/l2gw"
)

// The collections are the store's; beside that they ask the cloud for the
// network that a connection names, and have the networks that a change concerns
// planned anew.

// Network implements l2gw.Collections.
func (s *Server) Network(ctx context.Context, id string) (l2gw.Network, error) {
	return s.cfg.Cloud.Network(ctx, id)
}

// Quotas implements l2gw.Collections.
func (s *Server) Quotas() l2gw.Quotas { return s.cfg.Store.Quotas() }

// Agents implements l2gw.Collections.
func (s *Server) Agents() l2gw.Agents { return agents{s.cfg.Store.Agents()} }

// Networks implements l2gw.Collections.
func (s *Server) Networks(ctx context.Context) ([]l2gw.Network, error) {
	return s.cfg.Cloud.Networks(ctx)
}

// Gateways implements l2gw.Collections.
func (s *Server) Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate] {
	return updatable[l2gw.Gateway, l2gw.GatewayUpdate]{s.cfg.Store.Gateways(), s}
}

// RemoteGateways implements l2gw.Collections.
func (s *Server) RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate] {
	return updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate]{s.cfg.Store.RemoteGateways(), s}
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

// updatable are gateways and remote gateways: of no network while they have no
// connections, so that only an update concerns some.
type updatable[T, U any] struct {
	l2gw.Updatable[T, U]
	s *Server
}

func (c updatable[T, U]) Update(ctx context.Context, id string, u U, at ...l2gw.Revision) (T, error) {
	v, err := c.Updatable.Update(ctx, id, u, at...)
	if err == nil {
		c.s.planUsersOf(ctx, id)
	}
	return v, err
}

// planUsersOf has the networks of a gateway or remote gateway planned.
func (s *Server) planUsersOf(ctx context.Context, id string) {
	// The change is made: whoever asked for it may be gone by now.
	networks, err := s.cfg.Store.NetworksOf(context.WithoutCancel(ctx), id)
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "the networks that a change concerns cannot be found; planning all", "id", id, "error", err)
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
	made, err := c.CreateAll(ctx, []T{v})
	if err != nil {
		return v, err
	}
	return made[0], nil
}

func (c onNetwork[T]) CreateAll(ctx context.Context, list []T) ([]T, error) {
	networks := map[string]l2gw.Network{}
	for _, v := range list {
		id := c.network(v)
		if _, known := networks[id]; known {
			continue
		}
		network, err := c.s.cfg.Cloud.Network(ctx, id)
		if err != nil {
			return nil, err
		}
		networks[id] = network
	}
	made, err := c.NetworkCollection.CreateAll(ctx, list, networks)
	if err == nil {
		c.s.queue.planNetworks(keys(networks))
	}
	return made, err
}

func (c onNetwork[T]) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	v, err := c.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := c.NetworkCollection.Delete(ctx, id, at...); err != nil {
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
	made, err := m.CreateAll(ctx, []l2gw.RemoteMAC{v})
	if err != nil {
		return v, err
	}
	return made[0], nil
}

func (m remoteMACs) CreateAll(ctx context.Context, list []l2gw.RemoteMAC) ([]l2gw.RemoteMAC, error) {
	made, err := m.Collection.CreateAll(ctx, list)
	if err == nil {
		m.plan(ctx, made)
	}
	return made, err
}

func (m remoteMACs) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	v, err := m.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := m.Collection.Delete(ctx, id, at...); err != nil {
		return err
	}
	m.plan(ctx, []l2gw.RemoteMAC{v})
	return nil
}

// plan has the networks of remote MACs planned, each once.
func (m remoteMACs) plan(ctx context.Context, list []l2gw.RemoteMAC) {
	networks := map[string]string{} // by remote connection; "" where that is gone
	for _, v := range list {
		if _, known := networks[v.RemoteConnectionID]; known {
			continue
		}
		conn, err := m.s.cfg.Store.RemoteConnections().Get(context.WithoutCancel(ctx), v.RemoteConnectionID)
		if err != nil && l2gw.CodeOf(err) != l2gw.NotFound {
			m.s.cfg.Logger.WarnContext(ctx, "the network of a remote MAC cannot be found; planning all", "remote mac", v.ID, "error", err)
			m.s.queue.planNetworks(nil)
			return
		}
		networks[v.RemoteConnectionID] = conn.NetworkID
	}
	// What is gone meanwhile has had its network planned.
	ids := slices.DeleteFunc(slices.Sorted(maps.Values(networks)), func(id string) bool { return id == "" })
	if len(ids) > 0 {
		m.s.queue.planNetworks(slices.Compact(ids))
	}
}
