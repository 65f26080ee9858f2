package cloud

import (
	"context"
	"sync"

	"landbridge/internal/l2gw"
)

// Renewed is a driver that can be watched several times, one after the other,
// as a server does that leads for a while and leads again: each Watch but the
// first has a driver of its own, which knows nothing of the former's past. The
// rest is answered by the newest.
type Renewed struct {
	open func() (Cloud, error)

	mu      sync.Mutex
	now     Cloud
	watched bool
}

// Renew makes a driver by open, which may be called again later.
func Renew(open func() (Cloud, error)) (*Renewed, error) {
	first, err := open()
	if err != nil {
		return nil, err
	}
	return &Renewed{open: open, now: first}, nil
}

// Now gives the driver in use.
func (r *Renewed) Now() Cloud {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// fresh gives a driver that nobody has watched.
func (r *Renewed) fresh() (Cloud, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watched {
		next, err := r.open()
		if err != nil {
			return nil, err
		}
		r.now = next
	}
	r.watched = true
	return r.now, nil
}

// Watch implements Cloud. It fails where no new driver can be made.
func (r *Renewed) Watch(ctx context.Context, changed func(networkIDs []string)) error {
	c, err := r.fresh()
	if err != nil {
		return err
	}
	return c.Watch(ctx, changed)
}

// Network implements Cloud.
func (r *Renewed) Network(ctx context.Context, id string) (l2gw.Network, error) {
	return r.Now().Network(ctx, id)
}

// Networks implements Cloud.
func (r *Renewed) Networks(ctx context.Context) ([]l2gw.Network, error) { return r.Now().Networks(ctx) }

// Site implements Cloud.
func (r *Renewed) Site(ctx context.Context, id string) (l2gw.Site, error) {
	return r.Now().Site(ctx, id)
}

// Announce implements Cloud.
func (r *Renewed) Announce(ctx context.Context, services []l2gw.Service) error {
	return r.Now().Announce(ctx, services)
}

// Health implements Cloud.
func (r *Renewed) Health() error { return r.Now().Health() }
