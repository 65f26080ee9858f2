// Command landbridge is the command line client of landbridge-server.
package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"landbridge/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, os.Args[1:], cli.StandardStreams(), os.Getenv))
}
