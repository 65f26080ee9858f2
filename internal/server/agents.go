package server

import (
	"context"
	"time"

	"landbridge/internal/l2gw"
)

// knownFor is how long what was known of an agent stands while no server leads,
// which is who would know.
const knownFor = l2gw.Instant(15 * time.Second / time.Microsecond)

// agents are the store's, and none is alive that nobody has heard of.
type agents struct{ l2gw.Agents }

// List implements l2gw.Agents.
func (a agents) List(ctx context.Context) ([]l2gw.Agent, error) {
	all, err := a.Agents.List(ctx)
	for i := range all {
		all[i] = doubted(all[i])
	}
	return all, err
}

// Get implements l2gw.Agents.
func (a agents) Get(ctx context.Context, id string) (l2gw.Agent, error) {
	v, err := a.Agents.Get(ctx, id)
	return doubted(v), err
}

func doubted(v l2gw.Agent) l2gw.Agent {
	v.Alive = v.Alive && l2gw.Instant(time.Now().UnixMicro())-v.Heartbeat < knownFor
	return v
}
