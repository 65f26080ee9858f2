package cli

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/rest"
)

// completer offers words to a shell.
type completer = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completionTimeout is how long somebody who has pressed a key waits.
const completionTimeout = 3 * time.Second

// completion offers the names of the objects of a kind. Where they cannot be
// had, there is nothing to offer.
func (a *app) completion(k *kind) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, cancel := context.WithTimeout(ctx, completionTimeout)
		defer cancel()
		client, err := a.client(ctx, k)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := client.List(ctx, k.Resource, url.Values{"fields": k.offered()}, 0)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offers(k, all, args, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// offered are the attributes that offers are made of.
func (k *kind) offered() []string {
	if k.key != "" {
		return []string{"id", k.key}
	}
	return []string{"id", "status"}
}

// offers are the names, or the ids where there are none, with what they are;
// without those that stand on the command line already.
func offers(k *kind, all []rest.Object, args []string, begun string) []string {
	taken := map[string]bool{}
	for _, text := range args {
		taken[text] = true
	}
	var out []string
	for _, o := range all {
		word, what := o.Text(k.key), o.Text("id")
		if k.key == "" || word == "" {
			word, what = o.Text("id"), o.Text("status")
		}
		if !taken[word] && strings.HasPrefix(word, begun) {
			out = append(out, word+"\t"+what)
		}
	}
	return out
}

// completeOne offers a name as the only argument.
func (a *app) completeOne(k *kind) completer {
	complete := a.completion(k)
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, begun)
	}
}

// completeArguments offers what each argument refers to.
func (a *app) completeArguments(arguments []input) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(arguments) || arguments[len(args)].refers == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completion(arguments[len(args)].refers())(c, nil, begun)
	}
}

// completeBehind offers the remote connections: as the second argument, or the
// first where the MACs come from a file.
func (a *app) completeBehind(from *string) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		place := 1
		if *from != "" {
			place = 0
		}
		if len(args) != place {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completion(remoteConnections())(c, nil, begun)
	}
}
