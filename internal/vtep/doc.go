// Package vtep is landbridge-vtepd: it makes the datapath forward what a
// hardware_vtep database asks, and writes back what it sees.
//
// Four tasks share the work. internal/ovsdb follows the database; the underlay
// follows the kernel; the loop turns what both say into forwarding, with local
// I/O alone; the reporter writes to the database: the switch's own rows, its
// faults, and how far the loop has got (hwvtep.Done). Each compares what is with
// what has to be, so that a lost notice costs a delay and nothing else.
//
// What is forwarded is pinned in the kernel. It goes on while nothing of this
// runs, and the next start begins with it.
package vtep
