// landbridge-lab builds whole clouds out of network namespaces on this
// machine: a demonstration that proves its claims, and a lab to look around in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one has its usual effect; what is left
	// then, the next run removes.
	context.AfterFunc(ctx, stop)
	err := command().ExecuteContext(ctx)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; all of it is removed")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "landbridge-lab:", err)
		os.Exit(1)
	}
}
