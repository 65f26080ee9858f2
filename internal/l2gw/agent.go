package l2gw

import "context"

// Agent is a landbridge-agent, as far as servers have heard of it.
type Agent struct {
	ID        string // UUID
	Host      string // no two have the same
	Run       string // of its program: another after each start
	Alive     bool   // it has been heard of a short while ago
	Created   Instant
	Started   Instant // of the run, by the agent's clock
	Heartbeat Instant // it was heard of last
	Version   string
	// Databases are those that it can serve, Serves those that it does, Switches
	// the names of switches in these.
	Databases, Serves, Switches []string
}

// Agents are the agents.
type Agents interface {
	// List gives all, by host.
	List(ctx context.Context) ([]Agent, error)
	// Get gives one; an unknown ID is ErrAgentNotFound.
	Get(ctx context.Context, id string) (Agent, error)
	// Delete forgets one that is not alive.
	Delete(ctx context.Context, id string) error
}

// Assignment says which agent serves a database. Epoch grows each time that the
// database gets another, or another run of the same.
type Assignment struct {
	Database  string
	Host, Run string // "": nobody
	Epoch     uint64
}

// ErrAgentNotFound is the error for an ID that no agent has.
func ErrAgentNotFound(id string) *Error {
	return Errorf(NotFound, "AgentNotFound", "Agent %s could not be found.", id)
}

// ErrAgentAlive is the error of who wants to delete an agent that is there.
func ErrAgentAlive(a Agent) *Error {
	return Errorf(Conflict, "AgentInUse", "Agent %s of host %q is alive: stop it first, it comes back otherwise.", a.ID, a.Host)
}
