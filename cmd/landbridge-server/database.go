package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"landbridge/internal/server/config"
	"landbridge/internal/server/store"
)

// openDatabase opens the database as it is configured.
func openDatabase(ctx context.Context, cfg config.Config) (*store.Store, error) {
	options := []store.Option{store.WithPool(store.Pool{Connections: cfg.DatabaseConnections}), store.WithQuota(cfg.Quotas)}
	if cfg.DatabaseManual {
		options = append(options, store.WithoutUpgrade())
	}
	return store.Open(ctx, cfg.Database, options...)
}

// databaseCommand is "landbridge-server db".
func databaseCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "db", Short: "Looks after the schema of the database", Args: cobra.NoArgs}
	cmd.AddCommand(
		schemaCommand("upgrade", "Brings the schema up to this program's version", func(cmd *cobra.Command, dsn string) error {
			was, err := store.Upgrade(cmd.Context(), dsn)
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema version %d, was %d\n", was.Known, was.Have)
			}
			return err
		}),
		schemaCommand("version", "Tells the version of the schema, and this program's", func(cmd *cobra.Command, dsn string) error {
			v, err := store.Version(cmd.Context(), dsn)
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema version %d, this program has %d\n", v.Have, v.Known)
			}
			return err
		}),
	)
	return cmd
}

func schemaCommand(use, short string, do func(cmd *cobra.Command, dsn string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	file := cmd.Flags().String("config", "", "configuration file (YAML); its other keys are not looked at")
	const flag = "database"
	dsn := cmd.Flags().String(flag, "", "database, in place of the configuration's")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		given := map[string][]string{}
		if cmd.Flags().Changed(flag) {
			given[flag] = []string{*dsn}
		}
		name, err := config.LoadDatabase(*file, given)
		if err != nil {
			return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
		}
		return do(cmd, name)
	}
	return cmd
}
