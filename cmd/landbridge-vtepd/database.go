package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"landbridge/internal/vtep/database"
)

// installedFlag names the schema that all begins with.
const installedFlag = "schema"

func addInstalled(cmd *cobra.Command) *string {
	return cmd.Flags().String(installedFlag, database.InstalledSchema, "the schema that Open vSwitch has installed")
}

func schemaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "schema",
		Short:         "Print the schema of the databases that \"db create\" makes",
		Long:          "Print the schema of the databases that \"db create\" makes: the installed one, with the encapsulations of vtepd and a raised version.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	installed := addInstalled(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := database.LoadSchema(*installed)
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(s.Extended().JSON())
		return err
	}
	return cmd
}

func databaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "db",
		Short:         "Make and upgrade hardware_vtep databases",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(createCommand(), upgradeCommand())
	return cmd
}

func createCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "create FILE",
		Short:         "Make a database file for ovsdb-server; one that is there stays as it is",
		Args:          cobra.ExactArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	installed := addInstalled(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		version, made, err := database.Create(cmd.Context(), args[0], *installed)
		if err != nil {
			return err
		}
		what := "is there already"
		if made {
			what = "made"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, schema version %s\n", args[0], what, version)
		return err
	}
	return cmd
}

func upgradeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upgrade FILE|ADDRESS",
		Short: "Give a database the newest schema, keeping all rows",
		Long: "Give a database the newest schema, keeping all rows: the FILE of an ovsdb-server that does not run,\n" +
			"or the ADDRESS of one that does (unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT).",
		Args:          cobra.ExactArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	installed := addInstalled(cmd)
	var tls database.TLS
	cmd.Flags().StringVar(&tls.CA, "tls-ca", "", "for ssl: the certificate of the authority (PEM)")
	cmd.Flags().StringVar(&tls.Certificate, "tls-certificate", "", "for ssl: the certificate to show (PEM)")
	cmd.Flags().StringVar(&tls.PrivateKey, "tls-private-key", "", "for ssl: its private key (PEM)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		done, err := database.Upgrade(cmd.Context(), args[0], *installed, tls)
		if err != nil {
			return err
		}
		if done.From == done.To {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: up to date, schema version %s\n", args[0], done.To)
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: upgraded from schema version %s to %s\n", args[0], done.From, done.To)
		return err
	}
	return cmd
}
