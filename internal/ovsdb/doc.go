// Package ovsdb is the wire to one hardware_vtep database: it follows the
// contents of an ovsdb-server (RFC 7047) and writes to it. It is the only
// package that imports libovsdb; its users see hwvtep's types.
//
// A Client holds a mirror of the database by logical switch. Changes arrive as
// hints which rows to look at again, so that a lost or late hint costs a delay
// and never a wrong state (see session). Whoever reads learns by Updates and
// Take what to look at again.
//
// Values that the schema accepts and hwvtep cannot express (a MAC that is none,
// a tunnel key beyond 24 bits) are left out of what a Client shows, with one
// line in the log. Strays counts them; Apply removes them from the logical
// switches that it is told to write.
package ovsdb
