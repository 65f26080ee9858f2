package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"time"
)

// followEvery is how often the compute nodes look at the announcement.
const followEvery = 50 * time.Millisecond

// Follow is what compute nodes do about gateways: for each network that the
// file of the static cloud driver announces, those that have VMs on it get a
// tunnel to the gateways, and lose it when the file no longer says so. It runs
// until ctx ends.
func (l *Lab) Follow(ctx context.Context, log *slog.Logger) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	seen := make([][]byte, len(l.Spec.Clouds))
	for {
		for i, c := range l.Spec.Clouds {
			if err := l.followCloud(c, &seen[i], log); err != nil {
				log.Error("the compute nodes do not follow the announcement", "cloud", c.Name, "error", err)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// followCloud acts where the file differs from what was seen.
func (l *Lab) followCloud(c Cloud, seen *[]byte, log *slog.Logger) error {
	path := l.Gateways[c.Name].announceFile()
	now, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if bytes.Equal(now, *seen) {
		return nil
	}
	services, err := readAnnouncement(path)
	if err != nil {
		return err
	}
	log.Info("gateways announced", "cloud", c.Name, "services", services)
	if err := l.tunnelTo(c, services); err != nil {
		return err
	}
	*seen = now
	return nil
}

// tunnelTo gives each compute node its tunnels, for each network that it has.
func (l *Lab) tunnelTo(c Cloud, services []service) error {
	for _, compute := range c.Computes {
		ns, err := l.Node(compute.Name)
		if err != nil {
			return err
		}
		for _, n := range c.Networks {
			if !c.Hosts(compute.Name, n.ID) {
				continue
			}
			if err := ns.SetFlood(VXLANLink(n), append(c.peers(compute, n), gatewaysOf(services, n)...)); err != nil {
				return err
			}
		}
	}
	return nil
}

func gatewaysOf(services []service, n Network) []netip.Addr {
	var out []netip.Addr
	for _, s := range services {
		if s.Network == n.ID && s.SegmentationID == n.VNI {
			out = append(out, s.Gateways...)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// AwaitTunnels waits until the compute nodes that have VMs on the networks of a
// name have a tunnel to their cloud's gateway.
func (l *Lab) AwaitTunnels(ctx context.Context, network string) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		err := l.tunnelled(network)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (l *Lab) tunnelled(network string) error {
	for _, c := range l.Spec.Clouds {
		n, devices := c.Network(network), append([]Gateway{c.Gateway}, c.Others...)
		for _, compute := range c.Computes {
			if !c.Hosts(compute.Name, n.ID) {
				continue
			}
			ns, err := l.Node(compute.Name)
			if err != nil {
				return err
			}
			flood, err := ns.Flood(VXLANLink(n))
			if err != nil {
				return err
			}
			for _, device := range devices {
				if to := device.Fabric.Addr(); !slices.Contains(flood, to) {
					return fmt.Errorf("compute node %s has no tunnel to %s for network %s yet", compute.Name, to, network)
				}
			}
		}
	}
	return nil
}
