package ask

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"landbridge/internal/vtep"
)

// Trace shows what would happen to a frame. The query is that of /trace.
func (c *Client) Trace(ctx context.Context, query url.Values, asJSON bool, w io.Writer) error {
	var t vtep.TraceAnswer
	raw, err := c.read(ctx, http.MethodGet, "/trace", query, &t)
	if err != nil {
		return err
	}
	if asJSON {
		_, err := w.Write(raw)
		return err
	}
	text := ""
	for i, s := range t.Steps {
		text += fmt.Sprintf("%2d. %-9s %s\n", i+1, s.Map, s.Text)
	}
	text += string(t.Verdict)
	if t.Reason != "" {
		text += ": " + string(t.Reason)
	}
	if t.Out != "" {
		text += "\nas " + t.Out
	}
	_, err = fmt.Fprintln(w, text)
	return err
}
