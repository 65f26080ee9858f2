package ovsdb

import (
	"sync"
	"time"
)

const (
	// quietFor is how long the log hears nothing more of the same; quietMost
	// bounds what is remembered for that.
	quietFor  = time.Minute
	quietMost = 1000
)

// quiet keeps callers from filling the log.
type quiet struct {
	mu    sync.Mutex
	heard map[string]time.Time
}

func newQuiet() *quiet { return &quiet{heard: map[string]time.Time{}} }

// news tells whether something has not been heard lately.
func (q *quiet) news(what string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last, ok := q.heard[what]; ok && now.Sub(last) < quietFor {
		return false
	}
	if len(q.heard) >= quietMost {
		clear(q.heard)
	}
	q.heard[what] = now
	return true
}
