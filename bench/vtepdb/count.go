package vtepdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Count counts the rows of Ucast_Macs_Remote, without a look at what is in them:
// for very many.
type Count struct {
	conn *conn
	rows int
}

// NewCount counts in the database at an address as "unix:/path", until it is
// closed. The database has none yet.
func NewCount(address string) (*Count, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	if err = c.send("monitor", database, nil, map[string]any{unicast: map[string]any{"columns": []string{}}}); err == nil {
		var first json.RawMessage
		if first, err = c.answer(); err == nil && !bytes.Equal(first, []byte("{}")) {
			err = fmt.Errorf("there are rows already")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("count in %s: %w", address, err)
	}
	return &Count{conn: c}, nil
}

// Close ends the counting.
func (c *Count) Close() { _ = c.conn.Close() }

// Reach waits until rows have come to be so many, and gives the time.
func (c *Count) Reach(ctx context.Context, n int) (time.Time, error) {
	defer context.AfterFunc(ctx, c.Close)()
	for c.rows < n {
		m, err := c.conn.next()
		if err != nil {
			return time.Time{}, fmt.Errorf("%d rows, want %d: %w", c.rows, n, err)
		}
		c.rows += bytes.Count(m.Params, []byte(`"new"`))
	}
	return time.Now(), nil
}
