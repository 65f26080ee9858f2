package oslomsg

import (
	"context"
	"errors"
	"sync"
)

// errDuplicate is for a message that was done before.
var errDuplicate = errors.New("done before")

// memory has the ids of the last messages, so that one that comes again is not
// done again. Its size is bounded.
type memory struct {
	mu      sync.Mutex
	entries map[string]*entry
	ring    []string // ids in the order they came
	next    int
}

// entry is one message that is being done, or was.
type entry struct {
	id   string
	slot int // in the ring
	over chan struct{}
	done bool // read after over
}

func newMemory(size int) *memory {
	return &memory{entries: map[string]*entry{}, ring: make([]string, size)}
}

// begin gives the entry of a message that is to be done, to finish it with. It
// waits while the same one is being done: only then is it known whether that
// counts. A message without an id is always new.
func (m *memory) begin(ctx context.Context, id string) (*entry, error) {
	for {
		e, mine := m.enter(id)
		if mine {
			return e, nil
		}
		select {
		case <-e.over:
			if e.done {
				return nil, errDuplicate
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m *memory) enter(id string) (e *entry, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[id]; ok {
		return e, false
	}
	e = &entry{id: id, slot: m.next, over: make(chan struct{})}
	if id == "" {
		return e, true
	}
	if oldest := m.entries[m.ring[m.next]]; oldest != nil && oldest.slot == m.next {
		delete(m.entries, oldest.id)
	}
	m.ring[m.next] = id
	m.next = (m.next + 1) % len(m.ring)
	m.entries[id] = e
	return e, true
}

// finish ends what begin began. What was not done is forgotten.
func (m *memory) finish(e *entry, done bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.done = done
	close(e.over)
	if !done && m.entries[e.id] == e {
		delete(m.entries, e.id)
	}
}
