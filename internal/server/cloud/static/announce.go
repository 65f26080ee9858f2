package static

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"landbridge/internal/l2gw"
)

// announcement is the file for the compute nodes.
type announcement struct {
	Services []served `yaml:"services"`
}

// served is one network with the gateways that serve it.
type served struct {
	Network        string   `yaml:"network"`
	SegmentationID uint32   `yaml:"segmentation_id"`
	Gateways       []string `yaml:"gateways"`
}

// Announce implements cloud.Cloud: it writes the file that the compute nodes
// follow, where there is one.
func (c *Cloud) Announce(_ context.Context, services []l2gw.Service) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.Announce == "" && !c.announced {
		c.cfg.Logger.Info("no announce file is configured: the compute nodes have to be told by other means which gateways serve their networks")
	}
	c.services, c.announced = slices.Clone(services), true
	return c.writeAnnouncement()
}

// announceAgain follows a change of the cloud's file: segmentation ids may have
// changed.
func (c *Cloud) announceAgain() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.announced {
		return nil
	}
	return c.writeAnnouncement()
}

func (c *Cloud) writeAnnouncement() error {
	if c.cfg.Announce == "" {
		return nil
	}
	data, err := yaml.Marshal(announcement{Services: c.now.serve(c.services)})
	if err != nil {
		return fmt.Errorf("announce to %s: %w", c.cfg.Announce, err)
	}
	if err := replace(c.cfg.Announce, data); err != nil {
		return fmt.Errorf("announce which gateways serve which network: %w", err)
	}
	return nil
}

// serve groups services by network, sorted. Networks that the file does not
// have are left out: nobody could make tunnels for them.
func (c *content) serve(services []l2gw.Service) []served {
	by := map[string][]netip.Addr{}
	for _, s := range services {
		if _, ok := c.networks[s.NetworkID]; ok {
			by[s.NetworkID] = append(by[s.NetworkID], s.Addr)
		}
	}
	out := []served{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		addrs := by[id]
		slices.SortFunc(addrs, netip.Addr.Compare)
		s := served{Network: id, SegmentationID: c.networks[id].segment.ID}
		for _, a := range slices.Compact(addrs) {
			s.Gateways = append(s.Gateways, a.String())
		}
		out = append(out, s)
	}
	return out
}

// replace gives a file new content in one step, where it has another: readers
// see the old or the new, never a part.
func replace(file string, data []byte) (err error) {
	old, err := os.ReadFile(file)
	if err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
