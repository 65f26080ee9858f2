// Package cli is the command line client: the resources of the L2 gateway API
// as commands, in the words of the published documents.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/endpoint"
)

// Streams are what a run reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Live     bool // Err is a terminal: progress is drawn in place
}

// The exit codes.
const (
	ok     = 0
	failed = 1
	misled = 2 // the command line cannot be understood
)

// Run carries out one command line, without the name of the program, and gives
// the exit code. Errors are one line on Err.
func Run(ctx context.Context, args []string, s Streams, getenv func(string) string) int {
	a := newApp(s, getenv)
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ok
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = interrupted(err)
	}
	a.complain(err)
	if _, is := errors.AsType[*usageError](err); is {
		return misled
	}
	return failed
}

func interrupted(err error) error {
	if text := strings.TrimSuffix(err.Error(), context.Canceled.Error()); text != "" {
		return errors.New(text + "interrupted")
	}
	return errors.New("interrupted")
}

// app is one run.
type app struct {
	Streams
	where   endpoint.Options
	debug   bool
	clients *endpoint.Clients // nil before the first request
}

func newApp(s Streams, getenv func(string) string) *app {
	return &app{Streams: s, where: endpoint.Options{Getenv: getenv}}
}

// complain tells of an error in one line.
func (a *app) complain(err error) {
	message := strings.Join(strings.Fields(err.Error()), " ")
	_, _ = fmt.Fprintln(a.Err, "landbridge: "+message) // nobody else can be told
}

// connect finds the endpoints, once.
func (a *app) connect(ctx context.Context) (endpoint.Clients, error) {
	if a.clients != nil {
		return *a.clients, nil
	}
	if a.debug {
		a.where.Debug = a.Err
	}
	c, err := endpoint.Open(ctx, a.where)
	if err != nil {
		return c, err
	}
	a.clients = &c
	return c, nil
}

const about = `Speaks to landbridge-server: L2 gateways, their connections, and what leads to other clouds.

Where the server is: --endpoint or OS_ENDPOINT; else the catalogue of Keystone, where
OS_AUTH_URL, OS_CLOUD or --os-cloud is set; else ` + endpoint.Default + `.
Users and passwords are taken from the OS_* variables or clouds.yaml.

Objects are called by name or UUID; remote MACs by MAC; connections also GATEWAY/NETWORK,
remote gateway connections also GATEWAY/NETWORK/REMOTE-GATEWAY. Projects are called by their ids.`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "landbridge",
		Short:         "The command line client of landbridge-server",
		Long:          about,
		Args:          noCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return misuse(c, "%v", err) })
	root.SetGlobalNormalizationFunc(synonyms)
	root.SetUsageTemplate(usageTemplate)
	a.flags(root)
	for _, k := range append(kinds(), agents()) {
		root.AddCommand(a.group(k))
		if k.published != "" {
			root.AddCommand(a.published(k)...)
		}
	}
	root.AddCommand(a.quotaGroup())
	return root
}

// defaultTimeout is how long one request may take.
const defaultTimeout = 2 * time.Minute

func (a *app) flags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.where.Endpoint, "endpoint", "", "`URL` of the server (OS_ENDPOINT)")
	f.StringVar(&a.where.Cloud, "os-cloud", "", "cloud of clouds.yaml, by `NAME` (OS_CLOUD)")
	f.StringVar(&a.where.AuthType, "os-auth-type", "", "`TYPE`: none asks Keystone for no token (OS_AUTH_TYPE)")
	f.StringVar(&a.where.Region, "os-region-name", "", "`REGION` of the catalogue (OS_REGION_NAME)")
	f.StringVar(&a.where.Interface, "os-interface", "", "`INTERFACE` of the catalogue: public, internal, admin (OS_INTERFACE)")
	f.StringVar(&a.where.ServiceType, "service-type", "network", "`TYPE` of the server's service in the catalogue")
	f.StringVar(&a.where.CACert, "os-cacert", "", "`FILE` with the CAs that servers are checked by (OS_CACERT)")
	f.StringVar(&a.where.Cert, "os-cert", "", "`FILE` with the client's certificate (OS_CERT)")
	f.StringVar(&a.where.Key, "os-key", "", "`FILE` with the key of the client's certificate (OS_KEY)")
	f.BoolVar(&a.where.Insecure, "insecure", false, "do not check the certificates of servers")
	f.DurationVar(&a.where.Timeout, "http-timeout", defaultTimeout, "`TIME` that one request may take")
	f.BoolVar(&a.debug, "debug", false, "show requests and answers, without secrets, on standard error")
}

// group is a kind's command with the operations below it.
func (a *app) group(k *kind) *cobra.Command {
	group := &cobra.Command{
		Use:   k.noun,
		Short: k.about,
		Args:  noCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return misuse(c, "what to do with %ss is missing", k.words) },
	}
	group.AddCommand(a.operations(k)...)
	return group
}

// published are the operations under the names of the documents.
func (a *app) published(k *kind) []*cobra.Command {
	all := a.operations(k)
	for _, c := range all {
		c.Use = k.published + "-" + c.Use
		c.Hidden = true
	}
	return all
}

func (a *app) operations(k *kind) []*cobra.Command {
	all := []*cobra.Command{a.listCommand(k), a.showCommand(k), a.deleteCommand(k)}
	switch {
	case k.published == remoteMACNoun:
		all = append(all, a.createMACCommand(k))
	case k.arguments != nil:
		all = append(all, a.createCommand(k))
	}
	if k.update != nil {
		all = append(all, a.updateCommand(k))
	}
	return all
}

// StandardStreams are those of the process.
func StandardStreams() Streams {
	info, err := os.Stderr.Stat()
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Live: err == nil && info.Mode()&os.ModeCharDevice != 0,
	}
}
