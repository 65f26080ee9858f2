// Package hwvtep says what a switch holds, or must hold, in terms of the
// hardware_vtep schema (vtep(5), version 1.7.0): rows by their natural keys,
// never by UUID. It has no I/O.
//
// Two uses share it. The agent compares what a database holds of a logical
// switch with what the plan wants (Diff) and writes the difference. vtepd
// reads what the database holds and derives its forwarding from it.
//
// # The rule of the keys
//
// A tunnel uses the tunnel_key of its Physical_Locator where that is set, else
// that of the Logical_Switch. Landbridge never sets a key on a locator of this
// cloud's compute nodes and always sets one on a locator of a remote gateway,
// so that the database itself says which side a tunnel is on.
//
// # What the schema has no column for
//
// Filters of tunnels and the network's own routers stand in other_config of the
// Logical_Switch, each under a key that begins with "landbridge-"; beside them an
// operator's settings for one network. All other keys are somebody else's.
package hwvtep
