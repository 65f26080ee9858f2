package datapath

import (
	"fmt"
	"slices"

	"landbridge/internal/vtep/forwarding"
)

// A flood list is chained through the slots of its tunnels. A program that
// walks it while it changes sees every tunnel that stays.

// link puts a tunnel first in the flood list of its group.
func (d *Datapath) link(t *tunnel) error {
	list := t.network.flood[t.Group]
	t.next = 0
	if len(list) > 0 {
		t.next = list[0].id
	}
	if err := d.writeSlot(t); err != nil {
		return err
	}
	if err := d.writeHead(t.network, t.Group, t.id); err != nil {
		return err
	}
	t.network.flood[t.Group] = slices.Insert(list, 0, t)
	t.Flood = true
	return nil
}

// unlink takes a tunnel out. Its own slot stays as it is, so that a program
// that stands on it finds on: it may be linked anew only after a wait.
func (d *Datapath) unlink(t *tunnel) error {
	i := t.inFlood()
	if i < 0 {
		return nil
	}
	list := t.network.flood[t.Group]
	if err := d.bypass(list, i); err != nil {
		return err
	}
	t.network.flood[t.Group] = slices.Delete(list, i, i+1)
	t.Flood = false
	return nil
}

// bypass makes the one before tunnel i lead to the one after it.
func (d *Datapath) bypass(list []*tunnel, i int) error {
	t := list[i]
	if i == 0 {
		return d.writeHead(t.network, t.Group, t.next)
	}
	before := list[i-1]
	before.next = t.next
	return d.writeSlot(before)
}

func (d *Datapath) writeHead(n *network, g forwarding.Group, id uint32) error {
	var heads kernelFlood
	for group, list := range n.flood {
		if len(list) > 0 {
			heads.Head[group] = list[0].id
		}
	}
	heads.Head[g] = id
	if err := d.kernel.Floods.Put(n.id, heads); err != nil {
		return fmt.Errorf("write the flood list: %w", err)
	}
	return nil
}

func (d *Datapath) writeSlot(t *tunnel) error {
	if err := d.kernel.Tunnels.Put(t.id, t.slot()); err != nil {
		return fmt.Errorf("write %s: %w", t, err)
	}
	return nil
}
