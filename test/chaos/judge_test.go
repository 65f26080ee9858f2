package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/server/cloud/static"
	"landbridge/internal/server/planner"
)

// judge compares what switches hold and what statuses say with the plan that
// follows from what the API lists.
type judge struct {
	*world
	switches []*ovsdb.Client
	cloud    *static.Cloud
	// settled says that the WAN side has to be where it belongs while all devices
	// are well. Before, any one device of a gateway may have it: one that was lost
	// gets it back after a while of being well.
	settled bool
	// down has the switches, by number, whose databases nobody reaches now.
	down map[int]bool
}

// newJudge starts to follow all switches.
func (w *world) newJudge() *judge {
	w.t.Helper()
	c, err := static.Open(static.Config{File: w.CloudFile()})
	if err != nil {
		w.t.Fatal(err)
	}
	j := &judge{world: w, cloud: c}
	for _, o := range w.Switches {
		client, err := ovsdb.New(ovsdb.Config{Address: o.Unix})
		if err != nil {
			w.t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- client.Run(ctx) }()
		w.t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Error(err)
			}
		})
		j.switches = append(j.switches, client)
	}
	return j
}

// listWithin bounds the reading of a list, which may be long.
const listWithin = 5 * time.Second

// list reads all that a server lists.
func list(ctx context.Context, s *controlplane.Server) (listed, error) {
	out := listed{}
	for kind := range places {
		within, stop := context.WithTimeout(ctx, listWithin)
		all, err := s.List(within, kind)
		stop()
		if err != nil {
			return nil, err
		}
		out[kind] = all
	}
	return out, nil
}

// look gives nil where everything is as it must be.
func (j *judge) look(ctx context.Context) error {
	j.revive()
	var lists []listed
	for _, s := range j.Servers {
		l, err := list(ctx, s)
		if err != nil {
			return err
		}
		if err := j.model.judge(l); err != nil {
			return err
		}
		lists = append(lists, l)
	}
	if !reflect.DeepEqual(lists[0], lists[1]) { // there may be very many
		return fmt.Errorf("the servers show different things:\n%s", cmp.Diff(lists[0], lists[1]))
	}
	asked, err := lists[0].asked()
	if err != nil {
		return err
	}
	return errors.Join(j.networks(asked), j.leftOver(asked))
}

// networks compares each network of the cloud.
func (j *judge) networks(asked map[string]l2gw.Asked) error {
	inventory, err := j.inventory()
	if err != nil {
		return err
	}
	var all []error
	for _, id := range slices.Sorted(maps.Keys(asked)) {
		site, err := j.cloud.Site(context.Background(), id)
		if err != nil {
			return err
		}
		in := planner.Input{Owner: hwvtep.DefaultOwner, NetworkID: id, Site: &site, Asked: asked[id], Switches: inventory}
		if err := j.network(in); err != nil {
			all = append(all, fmt.Errorf("network %s: %w", id, err))
		}
	}
	return errors.Join(all...)
}

// inventory gives the switches as their databases show them.
func (j *judge) inventory() (map[string]planner.Switch, error) {
	out := map[string]planner.Switch{}
	for i, c := range j.switches {
		if err := c.Err(); (err != nil) != j.down[i] {
			return nil, fmt.Errorf("switch %d: %w", i, err)
		}
		for _, sw := range c.PhysicalSwitches() { // as last seen
			out[sw.Name] = planner.Switch{PhysicalSwitch: sw, Schema: c.Schema(), Database: j.Switches[i].TCP, Lost: j.fault(i)}
		}
	}
	return out, nil
}

// fault is why the database of a switch cannot be used, "" where it can.
func (j *judge) fault(i int) string {
	if j.down[i] {
		return "it is down"
	}
	return ""
}

// network compares one network with its plan, or, before all has settled, with
// one for switches of which some are lost.
func (j *judge) network(in planner.Input) error {
	in.Switches = j.withWAN(in)
	out := planner.Plan(in)
	err := errors.Join(j.holds(out), j.tells(in, out))
	if err == nil || j.settled {
		return err
	}
	names := devices(in.Asked)
	for lost := 1; lost < 1<<len(names); lost++ {
		some := in
		some.Switches = maps.Clone(in.Switches)
		for i, name := range names {
			if sw := some.Switches[name]; lost>>i&1 == 1 {
				sw.Lost = "it may be lost"
				some.Switches[name] = sw
			}
		}
		if out := planner.Plan(some); j.holds(out) == nil && j.tells(some, out) == nil {
			return nil
		}
	}
	return err
}

// withWAN gives the switches, those that are down with the WAN side that they had:
// nobody could ask them to give it up.
func (j *judge) withWAN(in planner.Input) map[string]planner.Switch {
	out := maps.Clone(in.Switches)
	for i := range j.down {
		name := controlplane.SwitchName(i)
		sw := out[name]
		if ls := j.switches[i].LogicalSwitch(in.Owner.Name(in.NetworkID)); ls != nil && sw.Name != "" {
			sw.WAN = hwvtep.Set[hwvtep.Locator]{}
			for l := range ls.Locators() {
				if l.WAN() {
					sw.WAN.Add(l)
				}
			}
			out[name] = sw
		}
	}
	return out
}

// devices gives the switches of gateways that have several.
func devices(asked l2gw.Asked) []string {
	names := hwvtep.Set[string]{}
	for _, c := range asked.RemoteConnections {
		if gw := asked.Gateways[c.GatewayID]; len(gw.Devices) > 1 {
			for _, d := range gw.Devices {
				names.Add(d.Name)
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// holds compares what the switches hold of a network with its plan.
func (j *judge) holds(out planner.Output) error {
	for i, c := range j.switches {
		want, got := out.Switches[controlplane.SwitchName(i)], c.LogicalSwitch(out.Name)
		switch {
		case j.down[i]:
		case want == nil && got != nil:
			return fmt.Errorf("%s has it, and must not", controlplane.SwitchName(i))
		case want != nil && (got == nil || !got.Equal(want)):
			return fmt.Errorf("%s: %s", controlplane.SwitchName(i), difference(got, want))
		case c.Strays(out.Name) > 0:
			return fmt.Errorf("%s has rows of it that make no sense", controlplane.SwitchName(i))
		}
	}
	return nil
}

// difference is what an agent would write.
func difference(got, want *hwvtep.LogicalSwitch) string {
	d := hwvtep.Diff(got, want)
	return fmt.Sprintf("it lacks %d rows, or has them too many; the row %+v, multicast %v, without %v, MACs %.200v, without %.200v, ports %v, without %v",
		d.Size(), d.Row, d.SetMcast, d.DelMcast, d.AddUcast, d.DelUcast, d.AddBinding, d.DelBinding)
}

// tells compares the statuses with those that follow from what switches hold.
func (j *judge) tells(in planner.Input, out planner.Output) error {
	seen := planner.Seen{Switches: map[string]planner.SwitchState{}}
	for i, c := range j.switches {
		seen.Switches[controlplane.SwitchName(i)] = planner.SwitchState{
			Database: planner.Database{Address: j.Switches[i].TCP, Error: j.fault(i)}, Actual: c.LogicalSwitch(out.Name), Confirmed: true,
		}
	}
	shown := map[string]l2gw.Status{}
	for _, c := range in.Asked.Connections {
		shown[c.ID] = c.Status
	}
	for _, c := range in.Asked.RemoteConnections {
		shown[c.ID] = c.Status
	}
	want := planner.Status(out, seen)
	if !j.settled { // reasons name what is lost
		for _, m := range []map[string]l2gw.Status{shown, want} {
			for id, s := range m {
				m[id] = l2gw.Status{State: s.State}
			}
		}
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		return fmt.Errorf("statuses:\n%s", diff)
	}
	return nil
}

// leftOver looks for logical switches that nobody has asked for.
func (j *judge) leftOver(asked map[string]l2gw.Asked) error {
	var all []error
	for i, c := range j.switches {
		if j.down[i] {
			continue
		}
		for _, name := range c.LogicalSwitchNames() {
			if id, ok := hwvtep.DefaultOwner.Network(name); !ok || len(asked[id].Connections) == 0 {
				all = append(all, fmt.Errorf("%s has %s, which nobody has asked for", controlplane.SwitchName(i), name))
			}
		}
	}
	return errors.Join(all...)
}

// rows compares the number of rows in a database with that of what it shows:
// there is none that refers to nothing.
func (j *judge) rows(t *testing.T, i int) {
	t.Helper()
	want := map[string]int{"Logical_Switch": 0, "Ucast_Macs_Remote": 0, "Mcast_Macs_Remote": 0}
	locators := hwvtep.Set[hwvtep.Locator]{}
	for _, name := range j.switches[i].LogicalSwitchNames() {
		ls := j.switches[i].LogicalSwitch(name)
		want["Logical_Switch"]++
		want["Ucast_Macs_Remote"] += ls.Ucast.Len()
		want["Mcast_Macs_Remote"] += len(ls.Mcast)
		maps.Copy(locators, ls.Locators())
	}
	want["Physical_Locator"] = len(locators)
	tables, got := j.Switches[i].Tables(t), map[string]int{}
	for table := range want {
		got[table] = len(tables[table])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: rows\n%s", controlplane.SwitchName(i), diff)
	}
}

// within looks until everything is as it must be, and tells how long it took. On
// a machine with other work there is more time.
func (j *judge) within(t *testing.T, what string, most time.Duration) {
	t.Helper()
	began, before, allowed := time.Now(), look(t), 1.0
	testenv.Eventually(t, mostAllowance*most, what, func() error {
		err := j.look(t.Context())
		j.say("%s: %.500v", what, err)
		if allowed = before.allowance(look(t)); err != nil && time.Since(began) > time.Duration(allowed*float64(most)) {
			t.Fatalf("%s: not within %.1f times %v: %v", what, allowed, most, err)
		}
		return err
	})
	t.Logf("%s: after %v of %.1f times %v", what, time.Since(began).Round(time.Millisecond), allowed, most)
}
