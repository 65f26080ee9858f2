// Command landbridge-vtepd is a software VTEP: it forwards by eBPF what a
// hardware_vtep database says.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"landbridge/internal/vtep"
	"landbridge/internal/vtep/datapath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "landbridge-vtepd:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "landbridge-vtepd",
		Short:         "A software VTEP: forwards by eBPF what a hardware_vtep database says",
		Long:          "A software VTEP: forwards by eBPF what a hardware_vtep database says.\n\nWhen it ends, packets go on flowing as they did; \"remove\" stops them.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	options := vtep.NewOptions(root.Flags())
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := options.Config()
		if err != nil {
			return err
		}
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
		return vtep.Run(cmd.Context(), cfg, log)
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(removeCommand(), showCommand(), traceCommand(), captureCommand(), thawCommand(), schemaCommand(), databaseCommand())
	return root
}

func removeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "remove",
		Short:         "Take the program off the interfaces and remove all that is pinned: packets stop",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	dir := cmd.Flags().String("bpffs", vtep.DefaultBPFFS, "directory that vtepd pins under")
	cmd.RunE = func(*cobra.Command, []string) error { return datapath.Remove(*dir) }
	return cmd
}
