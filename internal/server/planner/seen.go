package planner

import "landbridge/internal/hwvtep"

// Seen is what agents have reported that bears on one network.
type Seen struct {
	// Databases has every database that an agent has reported on, sorted by
	// address.
	Databases []Database
	// Switches has, by Physical_Switch name, the state of the network there; a
	// switch that no database has is missing.
	Switches map[string]SwitchState
}

// Database is a hardware_vtep database.
type Database struct {
	Address string // as the agent's configuration names it: "tcp:192.0.2.1:6640"
	Error   string // why it cannot be used now; "" while it is in use
}

// SwitchState is what a switch reports of itself and of one logical switch.
type SwitchState struct {
	// Silent says that the switch is known from former times only: its agent
	// has not reported yet. The rest has no meaning then.
	Silent   bool
	Database Database
	// Faults are those of the switch (switch_fault_status), PortFaults those of
	// its ports by name.
	Faults     []string
	PortFaults map[string][]string
	// Actual is what the database holds of the logical switch; nil: nothing.
	Actual *hwvtep.LogicalSwitch
	// Confirmed says that the dataplane has carried out the last change of it.
	Confirmed  bool
	WriteError string // why it could not be written; ""
}
