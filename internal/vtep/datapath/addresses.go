package datapath

import (
	"fmt"
	"net/netip"
)

// The roles of underlay addresses, counted by the tunnels that give them.

// useEnds counts a tunnel's ends in. Ports have none.
func (d *Datapath) useEnds(t *tunnel) error {
	if t.endpoint.IsPort() {
		return nil
	}
	p := t.path.pair
	if err := d.countRole(p.Local, kernelRoleROLE_LOCAL, 1); err != nil {
		return err
	}
	return d.countRole(p.Remote, kernelRoleROLE_REMOTE, 1)
}

// leaveEnds counts a tunnel's ends out.
func (d *Datapath) leaveEnds(t *tunnel) error {
	if t.endpoint.IsPort() {
		return nil
	}
	p := t.path.pair
	if err := d.countRole(p.Local, kernelRoleROLE_LOCAL, -1); err != nil {
		return err
	}
	return d.countRole(p.Remote, kernelRoleROLE_REMOTE, -1)
}

func (d *Datapath) countRole(addr netip.Addr, role kernelRole, step int) error {
	key := addressRole{addr, role}
	users := d.users[key] + step
	roles := d.roles[addr] &^ role
	if users > 0 {
		roles |= role
	}
	if err := d.setRoles(addr, roles); err != nil {
		return err
	}
	if d.users[key] = users; users <= 0 {
		delete(d.users, key)
	}
	return nil
}

func (d *Datapath) setRoles(addr netip.Addr, roles kernelRole) error {
	if roles == d.roles[addr] {
		return nil
	}
	if roles == 0 {
		delete(d.roles, addr)
		return forget(d.kernel.Addresses, addressOf(addr))
	}
	if err := put(d.kernel.Addresses, addressOf(addr), roles); err != nil {
		return fmt.Errorf("write the address %s: %w", addr, err)
	}
	d.roles[addr] = roles
	return nil
}
