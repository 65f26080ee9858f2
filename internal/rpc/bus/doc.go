// Package bus carries what servers and agents say to each other over RabbitMQ,
// in the form of package wire. Agents call the leader of the servers; it casts
// to them; servers tell the leader of changes by fanouts. Which server leads,
// and which agent serves what, is decided elsewhere.
//
// Whatever is sent may be lost, come twice or late: all of it is levels, or only
// hurries somebody to ask.
package bus
