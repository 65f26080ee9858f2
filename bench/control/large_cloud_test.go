package control

import (
	"context"
	"fmt"
	"net/netip"

	"landbridge/bench/objects"
	"landbridge/internal/l2gw"
)

// largeCloud is a cloud whose networks have a port on each compute node. It works
// them out when it is asked.
type largeCloud struct {
	networks map[string]int // numbers
	hosts    []string
	at       map[string]netip.Addr // by host
}

func newLargeCloud(networks, nodes int) *largeCloud {
	c := &largeCloud{networks: map[string]int{}, at: map[string]netip.Addr{}}
	for n := range networks {
		c.networks[objects.NetworkID(n)] = n
	}
	for h := range nodes {
		c.hosts = append(c.hosts, fmt.Sprint("c", h))
		c.at[c.hosts[h]] = nodeAddr(h)
	}
	return c
}

// Network implements cloud.Cloud.
func (c *largeCloud) Network(_ context.Context, id string) (l2gw.Network, error) {
	n, ok := c.networks[id]
	if !ok {
		return l2gw.Network{}, l2gw.ErrNetworkNotFound(id)
	}
	return l2gw.Network{ID: id, Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: uint32(n + 1)}}}, nil
}

// Networks implements cloud.Cloud.
func (c *largeCloud) Networks(ctx context.Context) (all []l2gw.Network, err error) {
	for id := range c.networks {
		n, _ := c.Network(ctx, id)
		all = append(all, n)
	}
	return all, nil
}

// Site implements cloud.Cloud.
func (c *largeCloud) Site(ctx context.Context, id string) (s l2gw.Site, err error) {
	if s.Network, err = c.Network(ctx, id); err != nil {
		return s, err
	}
	n := c.networks[id]
	s.Endpoints = c.at
	for h, host := range c.hosts {
		mac := portMAC(n, h)
		s.Ports = append(s.Ports, l2gw.Port{
			ID: fmt.Sprintf("b10e0001-0000-4000-8000-%04x%08x", n, h), NetworkID: id, MAC: mac, Host: host, Addrs: []netip.Addr{netip.AddrFrom4([4]byte{192, 168, byte(h >> 8), byte(h)})},
		})
	}
	return s, nil
}

// Watch implements cloud.Cloud.
func (c *largeCloud) Watch(ctx context.Context, _ func([]string)) error {
	<-ctx.Done()
	return ctx.Err()
}

// Announce implements cloud.Cloud.
func (c *largeCloud) Announce(context.Context, []l2gw.Service) error { return nil }

// Health implements cloud.Cloud.
func (c *largeCloud) Health() error { return nil }
