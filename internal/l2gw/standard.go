package l2gw

import "slices"

// Standard are the attributes that every object has, as Neutron's standard
// attributes.
type Standard struct {
	Description string
	CreatedAt   Instant // grows from one object of a kind to the next
	UpdatedAt   Instant // of the last change of Revision
	Revision    Revision
}

// Instant is a time: microseconds since 1970, UTC.
type Instant int64

// Second gives the beginning of the second, which is all that the API shows.
func (i Instant) Second() Instant { return i - i%1e6 }

// Revision counts the changes of an object that somebody asked for; what the
// switches report is none. It begins with 0.
type Revision int64

// Changed gives the attributes after one more change.
func (s Standard) Changed(now Instant) Standard {
	s.Revision++
	s.UpdatedAt = max(now, s.UpdatedAt)
	return s
}

// At is nil where the object is at one of the revisions, or none is given;
// otherwise it is Stale.
func (s Standard) At(revisions ...Revision) error {
	if len(revisions) == 0 || slices.Contains(revisions, s.Revision) {
		return nil
	}
	return errStale(revisions[0], s.Revision)
}
