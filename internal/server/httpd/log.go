package httpd

import (
	"context"
	"log/slog"
)

const requestIDKey = "request_id"

// WithRequestID makes a log say, of whatever is logged with the context of a
// request, which request that was. id gives it, "" outside requests.
func WithRequestID(log slog.Handler, id func(context.Context) string) slog.Handler {
	return naming{log, id}
}

// naming is a slog.Handler that adds request ids.
type naming struct {
	slog.Handler
	id func(context.Context) string
}

// Handle implements slog.Handler.
func (n naming) Handle(ctx context.Context, r slog.Record) error {
	if id := n.id(ctx); id != "" && !has(r, requestIDKey) {
		r = r.Clone()
		r.AddAttrs(slog.String(requestIDKey, id))
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
	return naming{n.Handler.WithAttrs(attrs), n.id}
}

// WithGroup implements slog.Handler.
func (n naming) WithGroup(name string) slog.Handler { return naming{n.Handler.WithGroup(name), n.id} }
