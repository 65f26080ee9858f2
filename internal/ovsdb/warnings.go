package ovsdb

import (
	"log/slog"
	"sync"
)

// warnedMax bounds what is remembered of rows that the log has been told of.
const warnedMax = 10000

// warnings tell the log once of each row that cannot be shown.
type warnings struct {
	log  *slog.Logger
	mu   sync.Mutex
	told map[warning]struct{}
}

type warning struct {
	ref
	reason string
}

func newWarnings(log *slog.Logger) *warnings {
	return &warnings{log: log, told: map[warning]struct{}{}}
}

func (w *warnings) add(r ref, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := warning{r, reason}
	if has(w.told, key) {
		return
	}
	if len(w.told) >= warnedMax {
		clear(w.told)
	}
	w.told[key] = struct{}{}
	w.log.Warn("a row of the database makes no sense and is passed over", "table", r.table, "row", r.id, "reason", reason)
}
