package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"landbridge/internal/lab"
	"landbridge/internal/lab/console"
	"landbridge/internal/lab/demo"
)

const defaultName = "lab"

func command() *cobra.Command {
	var options lab.Options
	root := &cobra.Command{
		Use:           "landbridge-lab",
		Short:         "clouds out of network namespaces, joined by Landbridge",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&options.Root, "root", lab.DefaultRoot, "directory that labs keep their files in")
	flags.StringVar(&options.Programs, "programs", ownDirectory(), "directory of the programs of Landbridge")
	root.AddCommand(demoCommand(&options), upCommand(&options), downCommand(&options), hintsCommand(&options),
		shellCommand(&options), followCommand(&options))
	return root
}

// ownDirectory is where this program is: the others are beside it.
func ownDirectory() string {
	self, err := os.Executable()
	if err != nil {
		return "."
	}
	return filepath.Dir(self)
}

func demoCommand(options *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "build two clouds, join them, prove that they are one, remove everything",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name := fmt.Sprintf("lb%d", os.Getpid())
			return demo.New(name, *options, cmd.OutOrStdout()).Run(cmd.Context())
		},
	}
}

func upCommand(options *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "up [name]",
		Short: "build two clouds, join them, leave them running, and say how to look around",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return demo.Up(cmd.Context(), nameOf(args), *options, cmd.OutOrStdout())
		},
	}
}

func downCommand(options *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "down [name]",
		Short: "remove what up has built",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return lab.Down(nameOf(args), *options)
		},
	}
}

func hintsCommand(options *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "hints [name]",
		Short: "say how to look around in a running lab",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(nameOf(args), *options)
			if err != nil {
				return err
			}
			defer l.Close()
			console.New(cmd.OutOrStdout()).Text(l.Hints())
			return nil
		},
	}
}

func shellCommand(options *lab.Options) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "shell node [command...]",
		Short: "run a command, or a shell, on a node of a running lab",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return lab.Exec(name, *options, args[0], args[1:])
		},
	}
	cmd.Flags().StringVar(&name, "lab", defaultName, "name of the lab")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func followCommand(options *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:    "follow name",
		Short:  "be the compute nodes of a lab: have tunnels to the gateways that are announced",
		Args:   cobra.ExactArgs(1),
		Hidden: true, // the lab starts it
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(args[0], *options)
			if err != nil {
				return err
			}
			defer l.Close()
			return l.Follow(cmd.Context(), slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
		},
	}
}

func nameOf(args []string) string {
	if len(args) == 0 {
		return defaultName
	}
	return args[0]
}
