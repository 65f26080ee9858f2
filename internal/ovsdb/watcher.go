package ovsdb

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/go-logr/logr"
)

// watcher is the log that libovsdb gets. What libovsdb logs is the only sign of
// what goes on in it: an event that it has dropped (all it says at level 0), a
// change that it could not take into its cache (an error), and how far it is
// with the change it is taking in (rowLevel).
type watcher struct {
	// begun counts the rows that libovsdb has begun to take in, announced those
	// of which it has sent, or dropped, an event.
	begun, announced, dropped atomic.Uint64
	// standing is set when all of the contents have been read.
	standing atomic.Bool
	lost     func()
	fail     func(error)
}

// rowLevel is the level at which libovsdb tells of each row: first beginRow,
// then, when it is about to send the event, another message.
const (
	rowLevel = 5
	beginRow = "processing update"
)

// Init implements logr.LogSink.
func (w *watcher) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink.
func (w *watcher) Enabled(level int) bool { return level == 0 || level == rowLevel }

// Info implements logr.LogSink.
func (w *watcher) Info(level int, msg string, _ ...any) {
	switch {
	case level == 0:
		w.dropped.Add(1)
		w.lost()
	case msg == beginRow:
		w.begun.Add(1)
	default:
		w.announced.Add(1)
	}
}

// Error implements logr.LogSink. Errors before the session stands are returned
// by Monitor, or are about monitor methods that an old server lacks.
func (w *watcher) Error(err error, msg string, _ ...any) {
	if w.standing.Load() {
		w.fail(fmt.Errorf("a change could not be followed: %s: %w", msg, either(err != nil, err, errors.New("no reason given"))))
	}
}

// WithValues implements logr.LogSink.
func (w *watcher) WithValues(...any) logr.LogSink { return w }

// WithName implements logr.LogSink.
func (w *watcher) WithName(string) logr.LogSink { return w }
