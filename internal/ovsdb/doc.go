// Package ovsdb is the way to one hardware_vtep database: it follows the
// contents of an ovsdb-server (RFC 7047) and writes to it. Bytes are the business of
// wire; its users see hwvtep's types.
//
// A Client holds a mirror of the database by logical switch, the only copy there
// is. What the server tells is made into rows while it still comes; a message is taken in
// as a whole, so that nobody sees half a transaction. What cannot be followed ends
// the connection, and the next one reads everything anew. Whoever reads learns by
// Updates and Take what to look at again.
//
// Values that the schema accepts and hwvtep cannot express (a MAC that is none,
// a tunnel key beyond 24 bits) are left out of what a Client shows, with one
// line in the log. Strays counts them; Apply removes them from the logical
// switches that it is told to write.
package ovsdb
