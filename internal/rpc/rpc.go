// Package rpc is what a server and its agents say to each other: the plan goes
// one way, reports go the other. Both are levels, not events: a plan can be
// asked for from nothing at any time, and a report replaces the one before it.
//
// The agent inside the server calls these functions directly; an agent of its
// own reaches them through a transport with the same types.
package rpc

import (
	"context"

	"landbridge/internal/hwvtep"
)

// Revision numbers the states of a server's plan. It grows with each change
// and starts anew with the server; 0 is before all of them.
type Revision uint64

// Plan is what the databases of some switches must hold.
type Plan struct {
	// Epoch tells one run of the server from the next: revisions of different
	// epochs cannot be compared.
	Epoch    string
	Revision Revision
	// Full says that Switches has everything: what it does not name must not
	// be there. Otherwise it has what has changed since the revision asked for.
	Full bool
	// Switches has the logical switches by Physical_Switch name, then by
	// logical switch name. A zero value: must not be there.
	Switches map[string]map[string]hwvtep.Packed
}

// Since is a place in the history of plans. The zero value asks for everything.
type Since struct {
	Epoch    string   `json:"epoch"`
	Revision Revision `json:"revision"`
}

// Server is what an agent needs of a server. Its methods may be called from
// several goroutines.
type Server interface {
	// Plan gives what the named switches must hold: the difference since a
	// state that the agent has, or everything where the server cannot tell it.
	// An error of code l2gw.Unavailable means that the server has no plan yet.
	Plan(ctx context.Context, switches []string, since Since) (Plan, error)
	// Wait returns nil as soon as the plan has left the given state, ctx's
	// error when it ends before.
	Wait(ctx context.Context, since Since) error
	// Report replaces what the server knows of one database.
	Report(ctx context.Context, r Report) error
}

// Report is what an agent knows of one hardware_vtep database. It is whole:
// a field that is empty says that there is none.
type Report struct {
	Database string // the address from the agent's configuration: "tcp:192.0.2.1:6640"
	// Error says why the database cannot be used now; "" while it is in use.
	// With it set, Switches has what was last seen and the rest is empty.
	Error    string
	Schema   hwvtep.Schema
	Switches []hwvtep.PhysicalSwitch
	// Logical has the state of each logical switch that the owner has in the
	// database or wants there, by name.
	Logical map[string]LogicalReport
}

// LogicalReport is the state of one logical switch in one database.
type LogicalReport struct {
	// Actual is what the database really holds; zero: nothing.
	Actual hwvtep.Packed
	// Local has the MACs that its switches have learned on their own ports.
	Local hwvtep.Learned
	// Confirmed says that the switch's dataplane has carried out the last
	// change made to it. Where a switch does not say such things, it is true
	// as soon as the rows are there.
	Confirmed bool
	// Error is why it could not be written, "" where it could.
	Error string
}
