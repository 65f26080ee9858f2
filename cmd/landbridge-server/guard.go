package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"landbridge/internal/livefile"
	"landbridge/internal/server/auth"
	"landbridge/internal/server/config"
	"landbridge/internal/server/keystone"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/policy"
)

// guard is who looks at the API's requests.
type guard struct {
	neutronapi.Guard
	keystone *keystone.Keystone // nil: nobody is asked who they are
}

// noauthProject owns what is made without a project where nobody is asked who
// they are.
const noauthProject = "default"

func newGuard(cfg config.Config, session *keystone.Session, log *slog.Logger) (guard, error) {
	if !cfg.Auth.Tokens {
		return guard{Guard: neutronapi.Open{Project: noauthProject}}, nil
	}
	rules, err := openPolicy(cfg.Auth.PolicyFile, log)
	if err != nil {
		return guard{}, err
	}
	tokens, err := keystone.New(keystone.Config{Session: session, Cache: cfg.Keystone.Cache, Logger: log})
	if err != nil {
		return guard{}, err
	}
	return guard{auth.Guard{Tokens: tokens, Policy: rules, URI: cfg.Keystone.URL}, tokens}, nil
}

// String names the strategy, for the log.
func (g guard) String() string {
	if g.keystone == nil {
		return "noauth"
	}
	return "keystone"
}

// openPolicy gives the policy that counts now: a file's, or the default.
func openPolicy(file string, log *slog.Logger) (func() *policy.Policy, error) {
	if file == "" {
		p := policy.Default()
		return func() *policy.Policy { return p }, nil
	}
	v, err := livefile.Open(log, func() (*policy.Policy, error) { return policy.Load(file) }, file)
	if err != nil {
		return nil, err
	}
	return v.Get, nil
}

// policyCommand is "landbridge-server policy".
func policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Short: "Writes the rules of the policy, as they count with a file or by default", Args: cobra.NoArgs,
	}
	file := cmd.Flags().String("policy-file", "", "file with rules in place of the default policy's; it is checked")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p := policy.Default()
		if *file != "" {
			var err error
			if p, err = policy.Load(*file); err != nil {
				return err
			}
		}
		return p.Write(cmd.OutOrStdout())
	}
	return cmd
}
