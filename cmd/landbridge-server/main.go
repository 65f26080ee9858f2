// Command landbridge-server serves the L2 gateway API of one cloud, plans what
// its switches must hold, and keeps them so by an agent inside.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"landbridge/internal/server/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "landbridge-server:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "landbridge-server",
		Short:         "Serves the L2 gateway API of one cloud and keeps its switches as planned",
		Long:          "Serves the L2 gateway API of one cloud and keeps its switches as planned.\n\nWhen it ends, packets go on flowing as they did.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	file := cmd.Flags().String("config", "", "configuration file (YAML); flags go before it")
	for _, f := range config.Flags() {
		if f.Many {
			cmd.Flags().StringArray(f.Name, nil, f.Usage)
		} else {
			cmd.Flags().String(f.Name, f.Default, f.Usage)
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		given, err := changed(cmd)
		if err != nil {
			return err
		}
		cfg, err := config.Load(*file, given)
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg)
	}
	cmd.AddCommand(databaseCommand(), policyCommand())
	cmd.CompletionOptions.DisableDefaultCmd = true
	return cmd
}

// changed gives the flags that the command line has, by name.
func changed(cmd *cobra.Command) (map[string][]string, error) {
	given := map[string][]string{}
	for _, f := range config.Flags() {
		if !cmd.Flags().Changed(f.Name) {
			continue
		}
		if f.Many {
			values, err := cmd.Flags().GetStringArray(f.Name)
			if err != nil {
				return nil, err
			}
			given[f.Name] = values
			continue
		}
		value, err := cmd.Flags().GetString(f.Name)
		if err != nil {
			return nil, err
		}
		given[f.Name] = []string{value}
	}
	return given, nil
}
