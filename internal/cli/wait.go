package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/rest"
)

// waiting are the options of commands that can wait for a status.
type waiting struct {
	on      bool
	timeout time.Duration
}

// defaultWait is how long --wait waits where nothing is said.
const defaultWait = 5 * time.Minute

func (w *waiting) define(c *cobra.Command) {
	c.Flags().BoolVar(&w.on, "wait", false, "wait until it is ACTIVE; fail if it becomes ERROR")
	c.Flags().DurationVar(&w.timeout, "timeout", defaultWait, "`TIME` to wait at most")
}

func (w *waiting) check(c *cobra.Command) error {
	if !w.on && c.Flags().Changed("timeout") {
		return misuse(c, "--timeout is for --wait; --http-timeout is for single requests")
	}
	if w.on && w.timeout <= 0 {
		return misuse(c, "--timeout %v is not positive", w.timeout)
	}
	return nil
}

// wait looks at what has been made until it is ACTIVE.
func (a *app) wait(ctx context.Context, c *rest.Client, k *kind, made rest.Object, timeout time.Duration) (rest.Object, error) {
	name := k.words + " " + made.Text("id")
	line := newProgress(a.Streams)
	defer line.end()
	return await(ctx, made, timeout, name, line.status, func(ctx context.Context) (rest.Object, error) {
		return c.Get(ctx, k.Resource, made.Text("id"))
	})
}

// How often a status is looked at: at first often, then less.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 2 * time.Second
)

// await looks until the object is ACTIVE, or cannot become so, or the time is
// over. DOWN is waited through: what keeps it down may end.
func await(ctx context.Context, o rest.Object, timeout time.Duration, name string, tell func(string), look func(context.Context) (rest.Object, error)) (rest.Object, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pause := firstPause
	for {
		status := o.Text("status")
		if reason := o.Text("status_reason"); reason != "" {
			status += ": " + reason
		}
		if o.Text("status") == "ERROR" {
			return nil, fmt.Errorf("%s has been created, but is in %s", name, status)
		}
		tell(name + ": " + status)
		if o.Text("status") == "ACTIVE" {
			return o, nil
		}
		select {
		case <-limited.Done():
		case <-time.After(pause):
		}
		next, err := look(limited)
		if limited.Err() != nil {
			return nil, gaveUp(ctx, name, timeout, status)
		}
		if err != nil {
			return nil, fmt.Errorf("%s has been created, but cannot be looked at: %w", name, err)
		}
		o, pause = next, min(2*pause, lastPause)
	}
}

func gaveUp(ctx context.Context, name string, timeout time.Duration, status string) error {
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s has been created and is %s: %w", name, status, err)
	}
	return fmt.Errorf("%s has been created, but after %v is still %s", name, timeout, status)
}
