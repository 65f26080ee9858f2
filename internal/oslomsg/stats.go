package oslomsg

import "sync/atomic"

// Stats counts what a Client or a Server has done since it was made.
type Stats struct {
	// Connects is how many connections became ready; all but the first are
	// reconnects.
	Connects uint64
	// Published is how many messages RabbitMQ has confirmed, replies among them.
	Published uint64
	// Unroutable is how many others nobody had a queue for.
	Unroutable uint64
	// Received is how many messages came, replies among them.
	Received uint64
	// Duplicates is how many of them had come before.
	Duplicates uint64
	// Refused is how many of them were too large or could not be understood.
	Refused uint64
	// Unknown is how many were for methods without a handler, or replies that
	// nobody waits for any more.
	Unknown uint64
	// Failed is how many calls ended without a reply, or handlers with an error.
	Failed uint64
}

type counters struct {
	connects, published, unroutable, received, duplicates, refused, unknown, failed atomic.Uint64
}

func (c *counters) stats() Stats {
	return Stats{
		Connects: c.connects.Load(), Published: c.published.Load(), Unroutable: c.unroutable.Load(),
		Received: c.received.Load(), Duplicates: c.duplicates.Load(), Refused: c.refused.Load(),
		Unknown: c.unknown.Load(), Failed: c.failed.Load(),
	}
}
