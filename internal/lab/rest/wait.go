package rest

import (
	"context"
	"fmt"
	"time"
)

const pollEvery = 20 * time.Millisecond

// AwaitStatus waits until a connection shows a status, and gives it as shown
// then. Where ctx ends first, the error says what it shows instead.
func (c *Client) AwaitStatus(ctx context.Context, k Kind, id, status string) (Object, error) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		o, err := c.Show(ctx, k, id)
		if err == nil && o.Status() == status {
			return o, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if err != nil {
				return nil, err
			}
			return o, fmt.Errorf("%s %s is %s (%s), not %s: %w", k, id, o.Status(), o.Reason(), status, ctx.Err())
		}
	}
}
