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

func (j *joining) add(t *tunnel) { j.added[t.group] = append(j.added[t.group], t) }

// leaveOut takes out tunnels that could not be opened; others lead past them.
func (j *joining) leaveOut(lost []*tunnel, write func(*tunnel) error) error {
	if len(lost) == 0 {
		return nil
	}
	for g, added := range j.added {
		j.added[g] = nil
		for _, t := range added {
			if slices.Contains(lost, t) {
				continue
			}
			t.next = j.next(t.group)
			if err := write(t); err != nil {
				return err
			}
			j.add(t)
		}
	}
	return nil
}

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
			t.flood = true
		}
	}
	return nil
}

// unlink takes tunnels of a network out. Their own slots stay as they are, so that
// a program that stands on one finds on: they may be linked anew only after a wait.
func (d *Datapath) unlink(n *network, gone []*tunnel) error {
	out := make(map[*tunnel]struct{}, len(gone))
	for _, t := range gone {
		if t.flood {
			out[t] = struct{}{}
		}
	}
	if len(out) == 0 {
		return nil
	}
	lists := n.flood
	for g, list := range lists {
		lists[g] = slices.DeleteFunc(slices.Clone(list), func(t *tunnel) bool {
			_, is := out[t]
			return is
		})
		if err := d.mendList(lists[g]); err != nil {
			return err
		}
	}
	if err := d.writeFlood(n, lists); err != nil {
		return err
	}
	n.flood = lists
	for t := range out {
		t.flood = false
	}
	return nil
}

// writeFlood writes what a network has in the maps, with these lists, where that
// is news.
func (d *Datapath) writeFlood(n *network, lists floodLists) error {
	slot := d.floodSlot(n, lists)
	if slot == n.written {
		return nil
	}
	if err := d.kernel.Floods.Put(n.id, slot); err != nil {
		return fmt.Errorf("write how the network is flooded: %w", err)
	}
	n.written = slot
	return nil
}

// floodSlot gives how the network is flooded, with these lists, as the map
// holds it.
func (d *Datapath) floodSlot(n *network, lists floodLists) kernelFlood {
	out := lists.kernel()
	out.Rate, out.Burst, out.Cost = n.limit.Rate, n.limit.Burst, n.limit.Cost()
	out.LearnLimit, out.Forgotten = d.learnLimit(n), n.forgotten
	for _, t := range n.tunnels {
		out.Filters |= kernelFilter(t.filter)
	}
	return out
}

// floodLists has the tunnels to flood to by group, in the order of the lists.
type floodLists [kernelGroupGROUP_COUNT][]*tunnel

func (l floodLists) kernel() (out kernelFlood) {
	for group, list := range l {
		for _, t := range list {
			out.Shapes[group] |= 1 << t.shape()
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
