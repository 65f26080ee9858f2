// Package planner computes what the switches must hold from what is asked and
// what the cloud has. It is pure: no I/O, no clock, no locks; its output
// depends on its input alone, never on the order of events.
package planner

import (
	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// Input is all that bears on one network.
type Input struct {
	Owner     hwvtep.Owner
	NetworkID string
	// Site is what the cloud says of the network; nil where CloudError says why
	// it says nothing.
	Site       *l2gw.Site
	CloudError string

	Asked l2gw.Asked
	// Switches is the inventory: what agents have reported, by Physical_Switch
	// name. A device that no agent has reported is missing here.
	Switches map[string]Switch
}

// Switch is a physical switch of the inventory.
type Switch struct {
	hwvtep.PhysicalSwitch
	Schema hwvtep.Schema
}

// Output is what follows from an Input.
type Output struct {
	// Switches has, by Physical_Switch name, the logical switch of the network
	// that the switch must hold; switches that must hold none are not in it.
	Switches map[string]*hwvtep.LogicalSwitch
	// Services is what the cloud's compute nodes must know, sorted, unique.
	Services []l2gw.Service
	// Problems has, by the ID of a connection or remote connection, what keeps
	// it from being as asked.
	Problems map[string][]Problem
	// Locators has, by the ID of a remote connection, the locators that carry
	// it: by switch name. The status of the connection depends on them.
	Locators map[string]map[string]hwvtep.Locator
}

// Problem is something that an operator has to know of one connection.
type Problem struct {
	// Fatal says that the connection cannot work as asked (ERROR); otherwise
	// the rest of it works, or it only has to wait (see Pending).
	Fatal bool
	// Pending says that something is not there yet and may come by itself.
	Pending bool
	Reason  string
}
