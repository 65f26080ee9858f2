package datapath

import (
	"fmt"
	"slices"

	"landbridge/internal/vtep/forwarding"
)

// A flood list is chained through the slots of its tunnels. A program that
// walks it while it changes sees every tunnel that stays.

// joining are tunnels that join the flood lists of their network: each is put
// first. Its slot, written before, leads on to the one that was first; one write
// of the heads then has all of them seen.
type joining struct {
	network *network
	added   floodLists // in the order in which they came
}

// next gives where the slot of the next tunnel that joins leads on.
func (j *joining) next(g forwarding.Group) uint32 {
	if added := j.added[g]; len(added) > 0 {
		return added[len(added)-1].id
	}
	if list := j.network.flood[g]; len(list) > 0 {
		return list[0].id
	}
	return 0
}

func (j *joining) add(t *tunnel) { j.added[t.Group] = append(j.added[t.Group], t) }

// join has the network flooded to them.
func (d *Datapath) join(j *joining) error {
	lists, n := j.network.flood, 0
	for g, added := range j.added {
		n += len(added)
		list := slices.Clone(added)
		slices.Reverse(list)
		lists[g] = append(list, lists[g]...)
	}
	if n == 0 {
		return nil
	}
	if err := d.writeFlood(j.network, lists); err != nil {
		return err
	}
	j.network.flood = lists
	for _, added := range j.added {
		for _, t := range added {
			t.Flood = true
		}
	}
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
	if i > 0 { // the one before leads to the one after
		list[i-1].next = t.next
		if err := d.writeSlot(list[i-1]); err != nil {
			return err
		}
	}
	list = slices.Delete(slices.Clone(list), i, i+1)
	if err := d.writeList(t.network, t.Group, list); err != nil {
		return err
	}
	t.network.flood[t.Group] = list
	t.Flood = false
	return nil
}

// writeList writes where a network's lists begin and what shapes are on them,
// the list of that group as given.
func (d *Datapath) writeList(n *network, g forwarding.Group, list []*tunnel) error {
	lists := n.flood
	lists[g] = list
	return d.writeFlood(n, lists)
}

// writeFlood writes what a network has in the maps, with these lists.
func (d *Datapath) writeFlood(n *network, lists floodLists) error {
	if err := d.kernel.Floods.Put(n.id, d.floodSlot(n, lists)); err != nil {
		return fmt.Errorf("write how the network is flooded: %w", err)
	}
	return nil
}

// floodSlot gives how the network is flooded, with these lists, as the map
// holds it.
func (d *Datapath) floodSlot(n *network, lists floodLists) kernelFlood {
	out := lists.kernel()
	out.Rate, out.Burst, out.Cost = n.limit.Rate, n.limit.Burst, n.limit.Cost()
	out.LearnLimit, out.Forgotten = d.learnLimit(n), n.forgotten
	for _, t := range n.tunnels {
		out.Filters |= kernelFilter(t.Filter)
	}
	return out
}

// floodLists has the tunnels to flood to by group, in the order of the lists.
type floodLists [kernelGroupGROUP_COUNT][]*tunnel

func (l floodLists) kernel() (out kernelFlood) {
	for group, list := range l {
		for _, t := range list {
			out.Shapes[group] |= 1 << shapeOf(t.endpoint.Encapsulation())
		}
		if len(list) > 0 {
			out.Head[group] = list[0].id
		}
	}
	return out
}

func (d *Datapath) writeSlot(t *tunnel) error {
	if err := d.kernel.Tunnels.Put(t.id, d.slot(t)); err != nil {
		return fmt.Errorf("write %s: %w", t, err)
	}
	return nil
}
