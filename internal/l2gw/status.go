package l2gw

// State is the status attribute of a connection.
type State string

// The states. They tell what the switch reports, never what was asked for.
const (
	Active  State = "ACTIVE"  // the switch has confirmed all of it
	Down    State = "DOWN"    // the switch cannot be reached, or its tunnel cannot work now
	Pending State = "PENDING" // on its way to the switch
	Errored State = "ERROR"   // cannot be as asked; somebody has to act
)

// Status is the state of a connection with its reason, a sentence for an
// operator; empty when the state is ACTIVE and nothing is to be said.
type Status struct {
	State  State
	Reason string
	// Asked is how often what is asked for the connection had changed when the
	// status was worked out.
	Asked uint64
}
