// Package device reads and writes the devices of a gateway as they stand on a
// command line, in the syntax of networking-l2gw's client:
//
//	name=tor1,interface_names=p1|100#200;p2|300
//
// It has no I/O.
package device

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Device is a switch that serves in a gateway, as the API has it.
type Device struct {
	Name string `json:"device_name"`
	// Interfaces are the bare metal ports. Nil and empty differ in an update:
	// what was is kept, or taken away.
	Interfaces []Interface `json:"interfaces,omitzero"`
}

// Interface is a bare metal port.
type Interface struct {
	Name  string   `json:"name"`
	VLANs []string `json:"segmentation_id,omitempty"` // decimal numbers, 0–4094
}

// maxVLAN is the highest VLAN id there is.
const maxVLAN = 4094

// Parse reads one device. Keys may stand in any order; interface_names may be
// absent, or empty for no interfaces.
func Parse(s string) (Device, error) {
	var d Device
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return Device{}, fmt.Errorf("device %q: %q is not key=value (interfaces have \";\" between them)", s, pair)
		}
		if seen[key] {
			return Device{}, fmt.Errorf("device %q has %q twice", s, key)
		}
		seen[key] = true
		if err := d.set(key, value); err != nil {
			return Device{}, fmt.Errorf("device %q: %w", s, err)
		}
	}
	if d.Name == "" {
		return Device{}, fmt.Errorf("device %q has no name: write name=SWITCH[,interface_names=PORT|VLAN#VLAN;PORT]", s)
	}
	return d, nil
}

func (d *Device) set(key, value string) (err error) {
	switch key {
	case "name":
		d.Name = value
	case "interface_names":
		d.Interfaces, err = parseInterfaces(value)
	default:
		err = fmt.Errorf("unknown key %q: there are name and interface_names", key)
	}
	return err
}

func parseInterfaces(s string) ([]Interface, error) {
	all := []Interface{}
	if s == "" {
		return all, nil
	}
	for part := range strings.SplitSeq(s, ";") {
		i, err := parseInterface(part)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other Interface) bool { return other.Name == i.Name }) {
			return nil, fmt.Errorf("interface %q stands there twice", i.Name)
		}
		all = append(all, i)
	}
	return all, nil
}

func parseInterface(s string) (Interface, error) {
	name, ids, tagged := strings.Cut(s, "|")
	i := Interface{Name: name}
	if name == "" {
		return i, errors.New("the name of an interface is empty")
	}
	if !tagged {
		return i, nil
	}
	for id := range strings.SplitSeq(ids, "#") {
		n, err := strconv.ParseUint(id, 10, 16)
		if err != nil || n > maxVLAN {
			return i, fmt.Errorf("%q of interface %q is not a VLAN id (0–%d)", id, name, maxVLAN)
		}
		i.VLANs = append(i.VLANs, strconv.FormatUint(n, 10))
	}
	return i, nil
}

// String writes d as Parse reads it.
func (d Device) String() string {
	if d.Interfaces == nil {
		return "name=" + d.Name
	}
	parts := make([]string, 0, len(d.Interfaces))
	for _, i := range d.Interfaces {
		part := i.Name
		if len(i.VLANs) > 0 {
			part += "|" + strings.Join(i.VLANs, "#")
		}
		parts = append(parts, part)
	}
	return "name=" + d.Name + ",interface_names=" + strings.Join(parts, ";")
}
