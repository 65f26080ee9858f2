package vtep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landbridge/internal/vtep/datapath"
)

// setXDP takes an interface, perhaps with its mode: names have no colon.
func setXDP(c *Config, v string) error {
	name, mode, said := strings.Cut(v, ":")
	if !said {
		mode = string(datapath.XDPNative)
	}
	if m := datapath.XDPMode(mode); name == "" || m != datapath.XDPNative && m != datapath.XDPGeneric {
		return errors.New("is not an interface name, alone or with :native or :generic after it")
	}
	if _, twice := c.XDP[name]; twice {
		return errors.New("is given twice")
	}
	if c.XDP == nil {
		c.XDP = map[string]datapath.XDPMode{}
	}
	c.XDP[name] = datapath.XDPMode(mode)
	return nil
}

func (c *Config) checkXDP() error {
	for _, name := range slices.Sorted(maps.Keys(c.XDP)) {
		if !slices.Contains(c.Interfaces, name) {
			return fmt.Errorf("xdp: %q: is none of the interfaces", name)
		}
	}
	return nil
}
