package ovsdb

import (
	"time"

	"github.com/ovn-kubernetes/libovsdb/model"
)

const (
	// gatherWithin bounds the wait for a moment between two changes.
	gatherWithin = 50 * time.Millisecond
	// gatherPause is the pause between two looks.
	gatherPause = 100 * time.Microsecond
	// retryAfter is when to look again at rows that refer to nothing yet.
	retryAfter = 5 * time.Millisecond
)

// gather gives the rows that hints name, as they are at one moment between two
// transactions (nil: not there), so that whoever forwards by the mirror does not
// see half of one. libovsdb offers no such moment; it is found as with a
// sequence lock: nothing may have begun between two looks at the count of begun
// rows, with everything taken in that had begun before. Where changes come
// without a pause it takes what there is: the rest follows.
func (s *session) gather() (rows map[ref]model.Model, all bool) {
	named := map[ref]struct{}{}
	for end := time.Now().Add(gatherWithin); ; time.Sleep(gatherPause) {
		begun := s.watcher.begun.Load()
		s.cache.Tables() // returns when no change is being taken in
		late := time.Now().After(end)
		if !s.delivered() && !late {
			continue
		}
		fresh, lost := s.hints.take()
		for r := range fresh {
			named[r] = struct{}{}
		}
		all = all || lost
		rows = s.read(named)
		if s.watcher.begun.Load() == begun || late {
			return rows, all
		}
	}
}

// delivered tells whether every event that libovsdb has announced has come.
func (s *session) delivered() bool {
	return s.hints.seen()+s.watcher.dropped.Load() >= s.watcher.announced.Load()
}

func (s *session) read(named map[ref]struct{}) map[ref]model.Model {
	rows := make(map[ref]model.Model, len(named))
	for r := range named {
		rows[r] = s.row(r)
	}
	return rows
}

// row gives a row as libovsdb's cache has it, nil where it has none.
func (s *session) row(r ref) model.Model {
	t := s.rows[r.table]
	if t == nil {
		return nil
	}
	return t.Row(r.uuid)
}

// everything gives every row that libovsdb's cache has.
func (s *session) everything() map[ref]model.Model {
	out := map[ref]model.Model{}
	for table, rows := range s.rows {
		for id, row := range rows.RowsShallow() {
			out[ref{table, id}] = row
		}
	}
	return out
}

// retry looks at rows again a little later.
func (h *hints) retry(rows []ref) {
	if len(rows) > 0 {
		time.AfterFunc(retryAfter, func() { h.again(rows) })
	}
}
