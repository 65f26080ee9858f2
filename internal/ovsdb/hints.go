package ovsdb

import (
	"sync"

	"github.com/ovn-kubernetes/libovsdb/model"
)

// ref names a row.
type ref struct{ table, uuid string }

// hints collects which rows to look at again. It is libovsdb's event handler:
// events of one transaction come one by one, in any order among tables, late,
// and are dropped when a buffer is full. So an event's content is never used.
type hints struct {
	mu     sync.Mutex
	rows   map[ref]struct{}
	all    bool   // some were lost: look at every row
	count  uint64 // of all events that ever came
	signal chan struct{}
}

func newHints() *hints {
	return &hints{rows: map[ref]struct{}{}, signal: make(chan struct{}, 1)}
}

// OnAdd implements cache.EventHandler.
func (h *hints) OnAdd(table string, m model.Model) { h.add(ref{table, uuidOf(m)}) }

// OnUpdate implements cache.EventHandler.
func (h *hints) OnUpdate(table string, _, m model.Model) { h.add(ref{table, uuidOf(m)}) }

// OnDelete implements cache.EventHandler.
func (h *hints) OnDelete(table string, m model.Model) { h.add(ref{table, uuidOf(m)}) }

func (h *hints) add(r ref) {
	h.mu.Lock()
	h.rows[r] = struct{}{}
	h.count++
	h.mu.Unlock()
	h.wake()
}

// again names rows without an event.
func (h *hints) again(rows []ref) {
	h.mu.Lock()
	for _, r := range rows {
		h.rows[r] = struct{}{}
	}
	h.mu.Unlock()
	h.wake()
}

// lost says that events have been dropped.
func (h *hints) lost() {
	h.mu.Lock()
	h.all = true
	h.mu.Unlock()
	h.wake()
}

func (h *hints) wake() {
	select {
	case h.signal <- struct{}{}:
	default:
	}
}

// take gives what has come since the last take.
func (h *hints) take() (rows map[ref]struct{}, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	rows, all = h.rows, h.all
	h.rows, h.all = map[ref]struct{}{}, false
	return rows, all
}

func (h *hints) seen() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// uuidOf gives a row's UUID.
func uuidOf(m model.Model) string {
	switch r := m.(type) {
	case *ucastRow:
		return r.UUID
	case *mcastRow:
		return r.UUID
	case *locatorSetRow:
		return r.UUID
	case *locatorRow:
		return r.UUID
	case *locatorKeyRow:
		return r.UUID
	case *ucastLocalRow:
		return r.UUID
	case *mcastLocalRow:
		return r.UUID
	case *logicalRow:
		return r.UUID
	case *logicalReplicationRow:
		return r.UUID
	case *logicalConfigRow:
		return r.UUID
	case *portRow:
		return r.UUID
	case *switchRow:
		return r.UUID
	case *switchConfigRow:
		return r.UUID
	case *globalRow:
		return r.UUID
	case *globalConfigRow:
		return r.UUID
	}
	return ""
}
