package neutron

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
	"landbridge/internal/server/cloud"
)

// Config tells the driver where its cloud is.
type Config struct {
	// Client gives a client of Neutron's REST API, logged in as an
	// administrator, whose endpoint ends in "/v2.0/".
	Client func(ctx context.Context) (*gophercloud.ServiceClient, error)
	// Bus is the RabbitMQ of Neutron and its agents. Its Exchange and Connected
	// are set here.
	Bus    oslomsg.Config
	Memory Memory
	// Name begins the names of all that is made in Neutron. Deployments of one
	// cloud need different ones: what has their name they take for theirs.
	Name string
	// Resync is the time between two comparisons with REST; 0: DefaultResync.
	Resync time.Duration
	// May tells why nothing may be changed in the cloud any more, right before
	// each change; nil: everything always may.
	May    func() error
	Logger *slog.Logger // nil: slog.Default()
}

// DefaultResync is Config.Resync where none is set.
const DefaultResync = 30 * time.Second

// Cloud is a cloud of OpenStack. Its methods may be called from several
// goroutines.
type Cloud struct {
	cfg      Config
	log      *slog.Logger
	client   *oslomsg.Client
	server   *oslomsg.Server
	mirror   *mirror
	hints    *hints
	presence *presence
	attach   *attach
	deaf     atomic.Bool // RabbitMQ is not there
	repaired atomic.Uint64

	mu      sync.Mutex
	health  error
	changed func([]string) // of Watch; nil before
}

var _ cloud.Cloud = (*Cloud)(nil)

// New makes a driver. Nothing of the cloud need be there yet.
func New(cfg Config) (*Cloud, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Resync == 0 {
		cfg.Resync = DefaultResync
	}
	if cfg.May == nil {
		cfg.May = func() error { return nil }
	}
	cfg.Bus.Exchange, cfg.Bus.Logger = "neutron", cfg.Logger
	c := &Cloud{cfg: cfg, log: cfg.Logger, hints: newHints()}
	c.mirror = newMirror(rest{cfg.Client, cfg.May}, 10*cfg.Resync)
	calls, listens := cfg.Bus, cfg.Bus
	calls.Connected = c.connected
	listens.Connected = func() { c.hints.put(hint{all: true, agents: true, begun: true}) } // something may have been missed
	var err error
	if c.client, err = oslomsg.New(calls); err != nil {
		return nil, err
	}
	c.presence = newPresence(fenced{c.client, cfg.May}, naming(cfg.Name), cfg.Logger, func() { c.attach.hurry() })
	if c.server, err = oslomsg.NewServer(listens, c.hints.listens(c.mirror, c.presence.has)); err != nil {
		return nil, err
	}
	c.attach = newAttach(c.mirror, c.presence, cfg.Memory, naming(cfg.Name), cfg.Logger, c.tell)
	return c, nil
}

// connected is a new connection to RabbitMQ.
func (c *Cloud) connected() {
	c.presence.renew()
	c.attach.renew()
}

// Network implements cloud.Cloud.
func (c *Cloud) Network(ctx context.Context, id string) (l2gw.Network, error) {
	n, err := c.mirror.rest.network(ctx, id)
	return n, unavailable(err)
}

// Networks implements cloud.Cloud.
func (c *Cloud) Networks(ctx context.Context) ([]l2gw.Network, error) {
	all, err := c.mirror.rest.allNetworks(ctx)
	return all, unavailable(err)
}

// Site implements cloud.Cloud.
func (c *Cloud) Site(ctx context.Context, id string) (l2gw.Site, error) {
	site, err := c.mirror.site(ctx, id)
	if err != nil {
		return site, unavailable(err)
	}
	site.Notes = append(c.attach.notes(id), site.Notes...)
	if c.deaf.Load() {
		site.Notes = append(site.Notes, l2gw.Note{Reason: fmt.Sprintf(
			"RabbitMQ cannot be reached: changes of ports are seen by asking Neutron every %v only.", deafResync)})
	}
	return site, nil
}

// unavailable is the error of a Neutron that cannot be asked now.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	if _, broken := errors.AsType[*l2gw.Error](err); broken {
		return err
	}
	return l2gw.Errorf(l2gw.Unavailable, "ServiceUnavailable", "Neutron cannot be asked: %v", err)
}

// Announce implements cloud.Cloud. It returns at once; what has not come about
// yet stands among the notes of a Site.
func (c *Cloud) Announce(_ context.Context, services []l2gw.Service) error {
	c.attach.want(services)
	return nil
}

// Health implements cloud.Cloud.
func (c *Cloud) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

// Watch implements cloud.Cloud.
func (c *Cloud) Watch(ctx context.Context, changed func(networkIDs []string)) error {
	c.mu.Lock()
	c.changed = changed
	c.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{
		c.client.Run, c.server.Run, c.presence.run, c.follow,
		func(ctx context.Context) error { return c.attach.run(ctx, c.cfg.Resync) },
	} {
		g.Go(func() error { return part(ctx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// Stats counts how the cloud is followed.
type Stats struct {
	Fault    error  // why Neutron could not be asked the last time; nil: it could
	BusFault error  // why there is no RabbitMQ; nil: there is
	Messages uint64 // that were read
	Repaired uint64 // networks that a comparison has found not to be as messages had told
}

// Stats gives what has been counted.
func (c *Cloud) Stats() Stats {
	return Stats{c.Health(), c.server.Err(), c.server.Stats().Received, c.repaired.Load()}
}

// tell says that networks may have changed.
func (c *Cloud) tell(networks []string) {
	c.mu.Lock()
	changed := c.changed
	c.mu.Unlock()
	if changed != nil {
		changed(networks)
	}
}
