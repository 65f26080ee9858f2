package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"landbridge/internal/vtep"
	"landbridge/internal/vtep/ask"
)

// asking makes a command that asks a running vtepd.
func asking(use, short string, args cobra.PositionalArgs) (cmd *cobra.Command, client func() *ask.Client) {
	cmd = &cobra.Command{Use: use, Short: short, Args: args, SilenceUsage: true, SilenceErrors: true}
	socket := cmd.Flags().String("socket", vtep.DefaultSocket, "control socket of the vtepd to ask")
	return cmd, func() *ask.Client { return ask.New(*socket) }
}

func showCommand() *cobra.Command {
	show := &cobra.Command{Use: "show", Short: "Show what a running vtepd forwards, and what it counts", SilenceUsage: true, SilenceErrors: true}
	names, help := ask.Kinds()
	for _, kind := range names {
		cmd, client := asking(kind, "Show "+help[kind], cobra.NoArgs)
		network := cmd.Flags().String("network", "", "only of this network (Logical_Switch.name)")
		mac := cmd.Flags().String("mac", "", "only this MAC of the FDB")
		asJSON := cmd.Flags().Bool("json", false, "JSON in place of a table")
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			return client().Show(cmd.Context(), kind, *network, *mac, *asJSON, cmd.OutOrStdout())
		}
		show.AddCommand(cmd)
	}
	return show
}

func traceCommand() *cobra.Command {
	cmd, client := asking("trace", "Show what would happen to a frame that comes by a tunnel or a port; nothing is changed or sent", cobra.NoArgs)
	flags := cmd.Flags()
	flags.String("from", "", "address of the tunnel's other end, which sends the frame")
	flags.String("vni", "", "VNI, or GRE key, that it comes with")
	flags.String("to", "", "address of ours that it is sent to (default: the tunnel's)")
	flags.String("port", "", "physical port that the frame comes by, in place of a tunnel")
	flags.String("vlan", "", "VLAN that it comes with at the port (default: untagged)")
	flags.String("src", "", "source MAC of the frame")
	flags.String("dst", "", "destination MAC of the frame")
	flags.String("frame", "", "the whole frame in hex, in place of --src and --dst")
	flags.String("interface", "", "interface that the tunnel's packet arrives by (default: the first of vtepd's)")
	asJSON := flags.Bool("json", false, "JSON in place of text")
	cmd.MarkFlagsOneRequired("from", "port")
	cmd.MarkFlagsRequiredTogether("from", "vni")
	for _, name := range []string{"from", "to", "interface"} {
		cmd.MarkFlagsMutuallyExclusive(name, "port")
	}
	cmd.MarkFlagsMutuallyExclusive("from", "vlan")
	cmd.MarkFlagsOneRequired("frame", "dst")
	cmd.MarkFlagsMutuallyExclusive("frame", "dst")
	cmd.MarkFlagsMutuallyExclusive("frame", "src")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for flag, field := range map[string]string{"from": "from", "vni": "vni", "to": "to", "port": "port", "vlan": "vlan", "src": "mac", "dst": "dst", "frame": "frame", "interface": "interface"} {
			query.Set(field, flags.Lookup(flag).Value.String())
		}
		return client().Trace(cmd.Context(), query, *asJSON, cmd.OutOrStdout())
	}
	return cmd
}

func captureCommand() *cobra.Command {
	cmd, client := asking("capture", "Write a sample of dropped packets as pcapng, with the reasons as comments", cobra.NoArgs)
	reasons := cmd.Flags().StringArray("reason", nil, "only packets dropped for this reason; may be given more than once")
	count := cmd.Flags().Int("count", 0, "end after so many packets (default: at Ctrl-C)")
	path := cmd.Flags().StringP("write", "w", "", "file to write, - for standard output")
	_ = cmd.MarkFlagRequired("write") // it is there
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if *count < 0 {
			return fmt.Errorf("--count %d: is not a number from 0 on", *count)
		}
		w := cmd.OutOrStdout()
		if *path != "-" {
			f, openErr := os.OpenFile(*path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if openErr != nil {
				return fmt.Errorf("write the capture: %w", openErr)
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			w = f
		}
		return client().Capture(cmd.Context(), *reasons, *count, w)
	}
	return cmd
}

func thawCommand() *cobra.Command {
	cmd, client := asking("thaw MAC", "Let a MAC move again that is frozen since it moved too often", cobra.ExactArgs(1))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return client().Thaw(cmd.Context(), args[0], cmd.OutOrStdout())
	}
	return cmd
}
