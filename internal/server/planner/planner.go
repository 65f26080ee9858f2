// Package planner computes what the switches must hold from what is asked and
// what the cloud has, and what to tell administrators about it. It is pure: no
// I/O, no clock, no locks; its output depends on its input alone, never on the
// order of events.
package planner

import (
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// Input is all that bears on one network.
type Input struct {
	Owner     hwvtep.Owner
	NetworkID string
	// Site is what the cloud says of the network. Nil with an empty CloudError:
	// the cloud has no such network. Nil with a CloudError: nothing is known.
	Site *l2gw.Site
	// CloudError is why the cloud cannot be asked now, "" while it can. With a
	// Site beside it, the Site is what the cloud said last.
	CloudError string

	Asked l2gw.Asked
	// Switches is the inventory: what agents have reported, by Physical_Switch
	// name. A device that no agent has ever reported is missing here.
	Switches map[string]Switch
}

// Switch is a physical switch of the inventory.
type Switch struct {
	hwvtep.PhysicalSwitch
	Schema hwvtep.Schema
	// Database is where its rows are. Switches of one database have the same
	// logical switches.
	Database string
	// Lost is why its database cannot be written now, "" while it can. What the
	// switch does meanwhile is not known.
	Lost string
	// Ill is why the WAN side of the network does not work there, "" where
	// nothing is known against it.
	Ill string
	// WAN has the locators of remote gateways by which it reaches the network
	// now, or may still.
	WAN hwvtep.Set[hwvtep.Locator]
	// Local has the hosts that it has learned on its own ports, sorted.
	Local []l2gw.Host
	// Silent says that it has not been reported in this run: Local is not known.
	Silent bool
}

// Output is what follows from an Input. Nothing in it is shared with the Input.
type Output struct {
	// Name is that of the logical switch of the network.
	Name string
	// Switches has, by Physical_Switch name, the logical switch of the network
	// that the switch must hold; switches that must hold none are not in it.
	Switches map[string]*hwvtep.LogicalSwitch
	// Services is what the cloud's compute nodes must know, sorted, unique.
	Services []l2gw.Service
	// Parts has, by the ID of each connection and remote connection, what of
	// the plan carries it. The status of the connection depends on that.
	Parts map[string]Part
	// Problems has, by the same IDs, what keeps a connection from being as
	// asked, sorted, unique.
	Problems map[string][]Problem
	// Moving says that a switch has to give up the WAN side before another one
	// gets it, or gets a tunnel to that switch: the plan has to be made anew when
	// Switch.WAN changes.
	Moving bool
}

// Part is what of a plan carries one connection or remote connection.
type Part struct {
	// Switches has the names of the switches concerned, sorted: each device of
	// the gateway for a connection, the one that carries the WAN side for a
	// remote connection.
	Switches []string
	// WAN says that this is the part of a remote connection: Locator, and the
	// MACs behind it. Otherwise it is all that is not behind keyed locators.
	WAN     bool
	Locator hwvtep.Locator // the zero Locator where a problem forbids the tunnel
}

// Plan gives what the switches must hold of one network. Every input has a
// defined output; what cannot be carried out is left out and becomes a problem.
//
// A network that the cloud does not have any more leaves nothing on the
// switches, the WAN side included: its segmentation id is free for another
// tenant's network, which must not find itself stretched.
func Plan(in Input) Output {
	b := newBuilder(in)
	if b.findSegment() {
		b.findEndpoints()
		for _, c := range b.connections {
			b.connect(c)
		}
		for _, rc := range b.remotes {
			b.stretch(rc)
		}
		b.handOver()
		b.joinDevices()
		b.noteDoubles()
		b.placeMACs()
	}
	b.passOnNotes()
	b.noteOldSite()
	return b.output()
}

// builder gathers an Output.
type builder struct {
	in          Input
	connections []l2gw.Connection       // sorted
	remotes     []l2gw.RemoteConnection // sorted
	segment     l2gw.Segment
	endpoints   []endpoint // of the compute nodes that host ports
	tunnels     []tunnel   // of the WAN side
	out         Output
	problems    map[string]hwvtep.Set[Problem]
	// plans has what is being built, by switch name.
	plans map[string]*switchPlan
}

// switchPlan is the network's logical switch on one physical switch.
type switchPlan struct {
	name  string
	known bool // in the inventory
	sw    Switch
	ls    *hwvtep.LogicalSwitch
	// fabric are the compute nodes that this switch has tunnels to.
	fabric map[string]hwvtep.Locator // by host
	// siblings are other devices that this switch has tunnels to.
	siblings map[string]hwvtep.Locator // by name
	// remotes are the remote connections that this switch carries, with their locators.
	remotes map[string]hwvtep.Locator // by ID
	// connections are the IDs of the connections that put the network here.
	connections []string
}

func newBuilder(in Input) *builder {
	b := &builder{
		in:          in,
		connections: sorted(in.Asked.Connections, compareConnections),
		remotes:     sorted(in.Asked.RemoteConnections, compareRemotes),
		out: Output{
			Name:     in.Owner.Name(in.NetworkID),
			Switches: map[string]*hwvtep.LogicalSwitch{},
			Parts:    map[string]Part{},
			Problems: map[string][]Problem{},
		},
		problems: map[string]hwvtep.Set[Problem]{},
		plans:    map[string]*switchPlan{},
	}
	for _, c := range b.connections {
		b.out.Parts[c.ID] = Part{Switches: deviceNames(in.Asked.Gateways[c.GatewayID])}
	}
	for _, rc := range b.remotes {
		b.out.Parts[rc.ID] = Part{WAN: true}
	}
	return b
}

// output closes the work.
func (b *builder) output() Output {
	for name, p := range b.plans {
		b.out.Switches[name] = p.ls
	}
	for id, set := range b.problems {
		b.out.Problems[id] = set.Sorted(Problem.compare)
	}
	b.out.Services = b.services()
	return b.out
}

// findSegment settles the network's one tunnelled segment; not ok where there
// is nothing that could be planned.
func (b *builder) findSegment() bool {
	if problem, bad := b.siteProblem(); bad {
		for id := range b.out.Parts {
			b.add(id, problem)
		}
		return false
	}
	b.segment = b.in.Site.Network.Segments[0]
	return true
}

func (b *builder) siteProblem() (Problem, bool) {
	site := b.in.Site
	if site == nil && b.in.CloudError != "" {
		return pending("The cloud cannot be asked about network %s: %s.", b.in.NetworkID, sentence(b.in.CloudError)), true
	}
	if site == nil {
		return fatal("The cloud has no network %s any more. It is not served; delete the connection.", b.in.NetworkID), true
	}
	segments := site.Network.Segments
	if len(segments) != 1 || !segments[0].Type.Tunnelled() {
		return fatal("Network %s has %s. Only a network with exactly one segment of a tunnelled type can be connected.",
			b.in.NetworkID, describeSegments(segments)), true
	}
	s := segments[0]
	if s.ID == 0 || s.ID > hwvtep.MaxKey {
		return fatal("The segmentation id %d of network %s is outside 1-%d. Correct it in the cloud.",
			s.ID, b.in.NetworkID, hwvtep.MaxKey), true
	}
	return Problem{}, false
}

// passOnNotes tells the connections, and those beyond them, what the cloud has
// to say of the network.
func (b *builder) passOnNotes() {
	if b.in.Site == nil {
		return
	}
	for _, n := range b.in.Site.Notes {
		for id := range b.out.Parts {
			b.add(id, Problem{Pending: n.Pending, Fatal: n.Fatal, Reason: n.Reason})
		}
	}
}

// noteOldSite tells all that the plan rests on an old answer.
func (b *builder) noteOldSite() {
	if b.in.Site == nil || b.in.CloudError == "" {
		return
	}
	for id := range b.out.Parts {
		b.add(id, note("What the cloud said last is in use, since it cannot be asked now: %s.", sentence(b.in.CloudError)))
	}
}

func describeSegments(segments []l2gw.Segment) string {
	if len(segments) == 0 {
		return "no segment"
	}
	var types []string
	for _, s := range segments {
		types = append(types, string(s.Type))
	}
	if len(types) == 1 {
		return "one segment of type " + types[0]
	}
	return "segments of types " + strings.Join(types, ", ")
}
