package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"github.com/goccy/go-yaml"
)

// cloudFile is the file of the static cloud driver.
type cloudFile struct {
	Networks []fileNetwork `yaml:"networks"`
	Hosts    []fileHost    `yaml:"hosts"`
	Ports    []filePort    `yaml:"ports"`
}

type fileNetwork struct {
	ID             string `yaml:"id"`
	Name           string `yaml:"name"`
	ProjectID      string `yaml:"project_id"`
	Type           string `yaml:"type"`
	SegmentationID uint32 `yaml:"segmentation_id"`
	MTU            int    `yaml:"mtu"`
}

type fileHost struct {
	Host          string `yaml:"host"`
	TunnelAddress string `yaml:"tunnel_address"`
}

type filePort struct {
	ID        string   `yaml:"id"`
	MAC       string   `yaml:"mac"`
	Addresses []string `yaml:"addresses"`
	Host      string   `yaml:"host"`
	Network   string   `yaml:"network"`
}

// announceFile is what the driver writes for the compute nodes.
type announceFile struct {
	Services []service `yaml:"services"`
}

// service is one network that gateways serve.
type service struct {
	Network        string       `yaml:"network"`
	SegmentationID uint32       `yaml:"segmentation_id"`
	Gateways       []netip.Addr `yaml:"gateways"`
}

const project = "lab"

func (c Cloud) file() cloudFile {
	var f cloudFile
	for _, n := range c.Networks {
		f.Networks = append(f.Networks, fileNetwork{n.ID, n.Name, project, "vxlan", n.VNI, vmMTU})
	}
	for _, h := range c.Computes {
		f.Hosts = append(f.Hosts, fileHost{h.Name, h.Addr.Addr().String()})
	}
	for _, p := range c.VMs {
		f.Ports = append(f.Ports, filePort{p.PortID, p.MAC.String(), []string{p.Addr.Addr().String()}, p.Host, p.Network})
	}
	return f
}

// writeYAML replaces a file whole.
func writeYAML(path string, v any) error {
	b, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	next := path + ".new"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// readAnnouncement reads what a cloud's gateways serve; a file that is not
// there says: nothing.
func readAnnouncement(path string) ([]service, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f announceFile
	if err := yaml.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return f.Services, nil
}
