package httpd

import (
	"context"
	"log/slog"
)

// WithContextAttrs makes a log say, of whatever is logged with the context of a
// request, which request that was and whose. from gives that, nothing outside
// requests. A line that says one of these by itself is left alone.
func WithContextAttrs(log slog.Handler, from func(context.Context) []slog.Attr) slog.Handler {
	return naming{log, from}
}

// naming is a slog.Handler that adds what a context tells.
type naming struct {
	slog.Handler
	from func(context.Context) []slog.Attr
}

// Handle implements slog.Handler.
func (n naming) Handle(ctx context.Context, r slog.Record) error {
	if attrs := n.from(ctx); len(attrs) > 0 {
		r = r.Clone()
		for _, a := range attrs {
			if !has(r, a.Key) {
				r.AddAttrs(a)
			}
		}
	}
	return n.Handler.Handle(ctx, r)
}

func has(r slog.Record, key string) (found bool) {
	r.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// WithAttrs implements slog.Handler.
func (n naming) WithAttrs(attrs []slog.Attr) slog.Handler {
	return naming{n.Handler.WithAttrs(attrs), n.from}
}

// WithGroup implements slog.Handler.
func (n naming) WithGroup(name string) slog.Handler { return naming{n.Handler.WithGroup(name), n.from} }
