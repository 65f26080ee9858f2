package rpc

import "landbridge/internal/l2gw"

// Assignment says that an agent serves a hardware_vtep database.
type Assignment struct {
	Database string `json:"database"` // as the agent's configuration names it
	// Epoch grows each time that the database gets another agent.
	Epoch uint64 `json:"epoch"`
}

// Beat is an agent's sign of life.
type Beat struct {
	Host    string `json:"host"` // no two agents have the same
	Run     string `json:"run"`  // of the program: another after each start
	Version string `json:"version"`
	// Started is when the run began, by the agent's clock.
	Started l2gw.Instant `json:"started"`
	// Databases are those that the agent can serve, Switches the Physical_Switch
	// names that it has seen in those that it does.
	Databases []string `json:"databases"`
	Switches  []string `json:"switches"`
	// Away are those of Databases that it cannot reach now, whether it serves them
	// or not.
	Away []string `json:"away,omitempty"`
}

// Orders is what the leader answers to a Beat.
type Orders struct {
	// Term is the leader's. Orders of a lower one are of a former leader.
	Term uint64 `json:"term"`
	// Serve has every database that the agent is to serve.
	Serve []Assignment `json:"serve"`
	// Plan is the state of the plan.
	Plan Since `json:"plan"`
}
