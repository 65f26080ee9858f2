package planner

import (
	"cmp"
	"fmt"
	"strings"

	"landbridge/internal/hwvtep"
)

// Problem is something that an operator has to know of one connection.
type Problem struct {
	// Fatal says that the connection cannot work as asked (ERROR); otherwise
	// the rest of it works, or it only has to wait (see Pending).
	Fatal bool
	// Pending says that something is not there yet and may come by itself.
	Pending bool
	// Reason is one or more full sentences.
	Reason string
}

func (p Problem) compare(o Problem) int {
	return cmp.Or(-compareBool(p.Fatal, o.Fatal), -compareBool(p.Pending, o.Pending), cmp.Compare(p.Reason, o.Reason))
}

func fatal(format string, args ...any) Problem {
	return Problem{Fatal: true, Reason: fmt.Sprintf(format, args...)}
}

func pending(format string, args ...any) Problem {
	return Problem{Pending: true, Reason: fmt.Sprintf(format, args...)}
}

// note is a problem of a part: the rest of the connection works.
func note(format string, args ...any) Problem {
	return Problem{Reason: fmt.Sprintf(format, args...)}
}

func (b *builder) add(id string, p Problem) {
	if b.problems[id] == nil {
		b.problems[id] = hwvtep.Set[Problem]{}
	}
	b.problems[id].Add(p)
}

// addAll tells several connections.
func (b *builder) addAll(ids []string, p Problem) {
	for _, id := range ids {
		b.add(id, p)
	}
}

// sentence fits the text of an error into one of ours: without the full stop.
func sentence(text string) string { return strings.TrimRight(strings.TrimSpace(text), ".") }
