package fleet

import (
	"time"

	"landbridge/internal/hwvtep"
)

// reach is how well an agent reaches a database, best first.
type reach int

const (
	fine   reach = iota
	lately       // now, but not long ago it did not
	not          // not now, which may be of no consequence
	lost         // not for so long that another is to try
)

const (
	// lostAfter is how long an agent may not reach a database before another gets
	// it, fineAfter how long it has to have reached it before it is that other one:
	// what comes and goes at both moves seldom.
	lostAfter = 3 * time.Second
	fineAfter = 5 * time.Second
)

// reaching is since when an agent does not reach a database, or does again.
type reaching struct {
	away  bool
	since time.Time
}

// grade tells how well it is reached.
func (r reaching) grade(now time.Time) reach {
	switch lasts := now.Sub(r.since); {
	case r.away && lasts >= lostAfter:
		return lost
	case r.away:
		return not
	case lasts < fineAfter:
		return lately
	}
	return fine
}

// reached are the databases that an agent has not always reached.
type reached map[string]reaching

// take takes in which databases the agent cannot reach now.
func (of reached) take(away []string, now time.Time) {
	gone := hwvtep.SetOf(away...)
	for db := range gone {
		if !of[db].away {
			of[db] = reaching{true, now}
		}
	}
	for db, r := range of {
		switch {
		case gone.Has(db):
		case r.away:
			of[db] = reaching{false, now}
		case r.grade(now) == fine:
			delete(of, db)
		}
	}
}

// grades gives how well each is reached.
func (of reached) grades(now time.Time) map[string]reach {
	out := make(map[string]reach, len(of))
	for db, r := range of {
		out[db] = r.grade(now)
	}
	return out
}

// away counts those that the agent cannot reach now.
func (of reached) away() (n int) {
	for _, r := range of {
		if r.away {
			n++
		}
	}
	return n
}
