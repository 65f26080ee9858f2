package datapath

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// maxName is NAME_LEN in bpf/model.h.
const maxName = 254

// maxVLAN is the largest that frames may carry.
const maxVLAN = 4094

// check tells what of a network cannot be programmed, whatever else there is.
func check(name string, n *forwarding.Network) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("the name of a network has 1 to %d bytes, %q has %d", maxName, name, len(name))
	}
	if n.Name != name {
		return fmt.Errorf("network %q is given under the name %q", n.Name, name)
	}
	return cmp.Or(
		least(n.Tunnels, forwarding.Endpoint.Compare, checkTunnel),
		least(n.FDB, ethernet.MAC.Compare, func(mac ethernet.MAC, e forwarding.Endpoint) error {
			if mac.IsMulticast() || mac.IsZero() {
				return fmt.Errorf("%s is not the address of a host", mac)
			}
			if _, ok := n.Tunnels[e]; !ok {
				return fmt.Errorf("%s is behind %s, which is no tunnel of the network", mac, e)
			}
			return nil
		}),
	)
}

func checkTunnel(e forwarding.Endpoint, t forwarding.Tunnel) error {
	how, known := encapsulations[e.Encapsulation()]
	switch {
	case e.IsPort():
		return checkPort(e, t)
	case !known:
		return fmt.Errorf("%s: encapsulation %q is not supported", e, e.Encapsulation())
	case !fits(e.Remote(), how.v6) || !fits(t.Local, how.v6):
		return fmt.Errorf("%s from %s: both ends need addresses of the family of %s", e, t.Local, e.Encapsulation())
	case e.VNI > hwvtep.MaxKey:
		return fmt.Errorf("%s: the VNI is larger than %d", e, hwvtep.MaxKey)
	case t.Group > forwarding.WAN:
		return fmt.Errorf("%s: there is no group %d", e, t.Group)
	}
	return nil
}

// fits tells whether an address is of the family, and the program's notation of
// it no other's.
func fits(a netip.Addr, v6 bool) bool {
	return a.IsValid() && a.Is6() == v6 && !a.Is4In6() && a.Zone() == ""
}

func checkPort(e forwarding.Endpoint, t forwarding.Tunnel) error {
	switch {
	case e.VNI > maxVLAN:
		return fmt.Errorf("%s: the VLAN is larger than %d", e, maxVLAN)
	case t.Group != forwarding.Ports:
		return fmt.Errorf("%s: a port is in the group of ports, not in that of the %s", e, t.Group)
	case t.Local.IsValid():
		return fmt.Errorf("%s: a port has no tunnel address, but %s is given", e, t.Local)
	}
	return nil
}

// least gives the error of the smallest key that has one.
func least[K comparable, V any](m map[K]V, compare func(K, K) int, check func(K, V) error) error {
	var worst K
	var found error
	for k, v := range m {
		if err := check(k, v); err != nil && (found == nil || compare(k, worst) < 0) {
			worst, found = k, err
		}
	}
	return found
}

// errTaken says that another network has the tunnel.
var errTaken = errors.New("belongs to another network")

// settle removes those changes that want a tunnel of a network that keeps it,
// or that several want: the one that has it wins, else the first by name.
// A change that fails keeps its own tunnels, which may fail others.
func (d *Datapath) settle(changes map[string]*forwarding.Network, errs map[string]error) {
	for {
		name, err := d.conflict(changes)
		if err == nil {
			return
		}
		errs[name] = err
		delete(changes, name)
	}
}

// conflict gives one change that cannot be.
func (d *Datapath) conflict(changes map[string]*forwarding.Network) (loser string, err error) {
	claims := map[forwarding.Endpoint]*forwarding.Network{} // of what nobody has
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if changes[name] == nil {
			continue
		}
		for e := range changes[name].Tunnels {
			holder := d.holder(e, changes)
			if first := claims[e]; holder == "" && first != nil {
				holder = first.Name
			}
			switch holder {
			case name:
			case "":
				claims[e] = changes[name]
			default:
				return name, fmt.Errorf("%s %w: %s", e, errTaken, holder)
			}
		}
	}
	return "", nil
}

// holder gives the network that has the tunnel and that no change takes it from,
// "" where there is none.
func (d *Datapath) holder(e forwarding.Endpoint, changes map[string]*forwarding.Network) string {
	t := d.owners[e]
	if t == nil {
		return ""
	}
	change, changed := changes[t.network.name]
	if !changed {
		return t.network.name
	}
	if change != nil {
		if _, stays := change.Tunnels[e]; stays {
			return t.network.name
		}
	}
	return ""
}
