package apitest

import (
	"context"
	"slices"

	"landbridge/internal/l2gw"
)

// SetAgents replaces the agents that there are.
func (c *Cloud) SetAgents(all ...l2gw.Agent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agents = all
}

// Agents implements l2gw.Collections.
func (c *Cloud) Agents() l2gw.Agents { return agents{c} }

type agents struct{ c *Cloud }

// List implements l2gw.Agents.
func (a agents) List(context.Context) ([]l2gw.Agent, error) {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return slices.Clone(a.c.agents), a.c.fault
}

// Get implements l2gw.Agents.
func (a agents) Get(ctx context.Context, id string) (l2gw.Agent, error) {
	all, err := a.List(ctx)
	if err != nil {
		return l2gw.Agent{}, err
	}
	i := slices.IndexFunc(all, func(v l2gw.Agent) bool { return v.ID == id })
	if i < 0 {
		return l2gw.Agent{}, l2gw.ErrAgentNotFound(id)
	}
	return all[i], nil
}

// Delete implements l2gw.Agents.
func (a agents) Delete(ctx context.Context, id string) error {
	v, err := a.Get(ctx, id)
	if err != nil {
		return err
	}
	if v.Alive {
		return l2gw.ErrAgentAlive(v)
	}
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	a.c.agents = slices.DeleteFunc(a.c.agents, func(v l2gw.Agent) bool { return v.ID == id })
	return nil
}
