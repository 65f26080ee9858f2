package fleet

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/rpc"
)

const (
	// castWithin is how long telling an agent may take: it finds out by itself.
	castWithin = time.Second
	// castsAtOnce and mostNotices bound what is told; an agent that is to be told
	// more is told once that there is something.
	castsAtOnce = 16
	mostNotices = 32
)

// tell tells the agents what has changed of the plan.
func (t *term) tell(ctx context.Context) error {
	at := t.core.Latest()
	for ctx.Err() == nil {
		changed, now, err := t.core.Changes(ctx, at)
		if err != nil {
			return nil // ctx has ended
		}
		at = now
		g := errgroup.Group{}
		g.SetLimit(castsAtOnce)
		for host, notices := range t.byHost(changed, now) {
			for _, n := range notices {
				g.Go(func() error {
					t.cast(ctx, func(ctx context.Context) error { return t.cfg.Bus.Notify(ctx, host, n) })
					return nil
				})
			}
		}
		_ = g.Wait()
	}
	return nil
}

// byHost gives what each agent is to be told. Where it is not known what has
// changed, each is told that something has.
func (t *term) byHost(changed map[string][]rpc.Notice, now rpc.Since) map[string][]rpc.Notice {
	t.mu.Lock()
	defer t.mu.Unlock()
	any := rpc.Notice{Method: rpc.PortChanged, Epoch: now.Epoch, Revision: now.Revision}
	out := map[string][]rpc.Notice{}
	if changed == nil {
		for host, m := range t.members {
			if m.Alive {
				out[host] = []rpc.Notice{any}
			}
		}
		return out
	}
	for device, notices := range changed {
		if host := t.assigned[t.devices[device]].Host; t.members[host] != nil && t.members[host].Alive {
			out[host] = append(out[host], notices...)
		}
	}
	for host, notices := range out {
		if len(notices) > mostNotices {
			out[host] = []rpc.Notice{any}
		}
	}
	return out
}

// cast tells an agent something, if it can be reached.
func (t *term) cast(ctx context.Context, do func(context.Context) error) {
	if t.cfg.Bus.Err() != nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, castWithin)
	defer stop()
	t.casts.Add(1)
	if err := do(ctx); err != nil && ctx.Err() == nil {
		t.log.Debug("an agent could not be told; it finds out by itself", "error", err)
	}
}
