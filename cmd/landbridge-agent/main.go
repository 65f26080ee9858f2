// Command landbridge-agent keeps the switches that the servers give it as they
// have planned.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"landbridge/internal/agent/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "landbridge-agent:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "landbridge-agent",
		Short:         "Keeps switches as the servers of a cloud have planned",
		Long:          "Keeps switches as the servers of a cloud have planned.\n\nWhen it ends, packets go on flowing as they did, and another agent gets the switches.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	options := config.NewOptions(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := options.Config()
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg)
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	return cmd
}
