// Package static is the cloud driver for clouds that are described in a file:
// the lab's, and those without Neutron. The file is watched; what it says is
// the cloud.
package static

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/cloud"
)

// Config tells the driver where its files are.
type Config struct {
	// File has the networks, compute nodes and ports.
	File string
	// Announce is written for the compute nodes: which gateways serve which
	// network. "": nothing is written.
	Announce string
	Logger   *slog.Logger // nil: slog.Default()
}

// Cloud is a cloud that a file describes. Its methods may be called from
// several goroutines.
type Cloud struct {
	cfg Config

	mu     sync.Mutex
	raw    []byte   // of the last look, good or bad; nil: could not be read
	now    *content // of the last good look
	health error
	// services is what Announce was told last; announced says that it was.
	services  []l2gw.Service
	announced bool
}

var _ cloud.Cloud = (*Cloud)(nil)

// Open reads the file. Its errors name file, line, field, value and rule.
func Open(cfg Config) (*Cloud, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	raw, err := load(cfg.File)
	if err != nil {
		return nil, err
	}
	now, err := parse(cfg.File, raw)
	if err != nil {
		return nil, err
	}
	return &Cloud{cfg: cfg, raw: raw, now: now}, nil
}

// Network implements cloud.Cloud.
func (c *Cloud) Network(_ context.Context, id string) (l2gw.Network, error) {
	n, ok := c.current().networks[id]
	if !ok {
		return l2gw.Network{}, l2gw.ErrNetworkNotFound(id)
	}
	return n.network(), nil
}

// Networks implements cloud.Cloud.
func (c *Cloud) Networks(context.Context) ([]l2gw.Network, error) {
	var out []l2gw.Network
	for _, n := range c.current().networks {
		out = append(out, n.network())
	}
	return out, nil
}

// Site implements cloud.Cloud.
func (c *Cloud) Site(_ context.Context, id string) (l2gw.Site, error) {
	now := c.current()
	n, ok := now.networks[id]
	if !ok {
		return l2gw.Site{}, l2gw.ErrNetworkNotFound(id)
	}
	site := l2gw.Site{Network: n.network(), Endpoints: map[string]netip.Addr{}, Gateways: slices.Clone(now.gateways[id])}
	for _, p := range now.ports[id] {
		site.Ports = append(site.Ports, p)
		if addr, ok := now.hosts[p.Host]; ok {
			site.Endpoints[p.Host] = addr
		}
	}
	return site, nil
}

// Health implements cloud.Cloud: why the file as it is now is not in use.
func (c *Cloud) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

// current gives the content in use, which nobody changes.
func (c *Cloud) current() *content {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}
