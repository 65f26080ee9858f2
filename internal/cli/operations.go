package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/rest"
)

// one is how the only argument of a command is shown that is about one object.
func (k *kind) one() string {
	if k.key == "mac" {
		return "<MAC-OR-UUID>"
	}
	return "<" + strings.ToUpper(strings.ReplaceAll(k.words, " ", "-")) + ">"
}

func (a *app) createCommand(k *kind) *cobra.Command {
	names := make([]string, 0, len(k.arguments))
	for _, i := range k.arguments {
		names = append(names, i.name)
	}
	c := &cobra.Command{
		Use:   "create " + strings.Join(names, " "),
		Short: "Create a " + k.words,
		Args:  exactly(names...), ValidArgsFunction: a.completeArguments(k.arguments),
	}
	a.define(c, k.options)
	o := outputFlags(c)
	w := &waiting{}
	if k.status {
		w.define(c)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		body, err := a.createBody(c, k, args, o, w)
		if err != nil {
			return err
		}
		made, err := a.create(c.Context(), k, body, w)
		if err != nil {
			return err
		}
		return a.show(made, o)
	}
	return c
}

// createBody judges a command line and gives what is to be sent.
func (a *app) createBody(c *cobra.Command, k *kind, args []string, o *outputs, w *waiting) (map[string]any, error) {
	if err := o.check(c, nil); err != nil {
		return nil, err
	}
	if err := w.check(c); err != nil {
		return nil, err
	}
	for _, option := range k.options {
		if option.devices && !c.Flags().Changed(option.name) {
			return nil, misuse(c, "--%s is missing", option.name)
		}
	}
	all, err := gather(c, k.arguments, args, k.options)
	if err != nil {
		return nil, err
	}
	return a.attributes(c, all)
}

func (a *app) create(ctx context.Context, k *kind, body map[string]any, w *waiting) (rest.Object, error) {
	client, err := a.client(ctx, k)
	if err != nil {
		return nil, err
	}
	made, err := client.Create(ctx, k.Resource, body)
	if err != nil || !w.on {
		return made, err
	}
	return a.wait(ctx, client, k, made, w.timeout)
}

func (a *app) updateCommand(k *kind) *cobra.Command {
	c := &cobra.Command{
		Use: "update " + k.one(), Short: "Change a " + k.words,
		Args: exactly(k.one()), ValidArgsFunction: a.completeOne(k),
	}
	a.define(c, k.update)
	o := outputFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.check(c, nil); err != nil {
			return err
		}
		all, err := gather(c, nil, nil, k.update)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return misuse(c, "there is nothing to change")
		}
		body, err := a.attributes(c, all)
		if err != nil {
			return err
		}
		client, id, err := a.locate(c.Context(), k, args[0])
		if err != nil {
			return err
		}
		changed, err := client.Update(c.Context(), k.Resource, id, body)
		if err != nil {
			return err
		}
		return a.show(changed, o)
	}
	return c
}

func (a *app) showCommand(k *kind) *cobra.Command {
	c := &cobra.Command{
		Use: "show " + k.one(), Short: "Show a " + k.words,
		Args: exactly(k.one()), ValidArgsFunction: a.completeOne(k),
	}
	o := outputFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.check(c, nil); err != nil {
			return err
		}
		client, id, err := a.locate(c.Context(), k, args[0])
		if err != nil {
			return err
		}
		found, err := client.Get(c.Context(), k.Resource, id)
		if err != nil {
			return err
		}
		return a.show(found, o)
	}
	return c
}

// deleteCommand deletes what it can, as the OpenStack client does, and tells of
// each that stays.
func (a *app) deleteCommand(k *kind) *cobra.Command {
	return &cobra.Command{
		Use: "delete " + k.one() + "...", Short: "Delete " + k.words + "s",
		Args: exactly(k.one() + "..."), ValidArgsFunction: a.completion(k),
		RunE: func(c *cobra.Command, args []string) error {
			return a.deleteAll(c.Context(), k.words, args, func(text string) error { return a.remove(c.Context(), k, text) })
		},
	}
}

func (a *app) deleteAll(ctx context.Context, words string, args []string, remove func(text string) error) error {
	stay := 0
	for _, text := range args {
		err := remove(text)
		if err != nil && (len(args) == 1 || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			stay++
			a.complain(fmt.Errorf("%s: %w", text, err))
		}
	}
	if stay > 0 {
		return fmt.Errorf("%d of %d %ss were not deleted", stay, len(args), words)
	}
	return nil
}

func (a *app) remove(ctx context.Context, k *kind, text string) error {
	client, id, err := a.locate(ctx, k, text)
	if err != nil {
		return err
	}
	return client.Delete(ctx, k.Resource, id)
}

// locate finds whom an object is asked of, and its id.
func (a *app) locate(ctx context.Context, k *kind, text string) (*rest.Client, string, error) {
	id, err := a.find(ctx, k, text)
	if err != nil {
		return nil, "", err
	}
	client, err := a.client(ctx, k)
	return client, id, err
}

// listing are the options of a list beside its filters.
type listing struct {
	*outputs
	long   bool
	limit  int
	marker string
}

func (a *app) listCommand(k *kind) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List " + k.words + "s", Args: noMore}
	a.define(c, k.filters)
	l := &listing{outputs: listFlags(c)}
	c.Flags().BoolVar(&l.long, "long", false, "all columns")
	c.Flags().IntVar(&l.limit, "limit", 0, "at most `N`")
	c.Flags().StringVar(&l.marker, "marker", "", "those behind the one with this `UUID`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		columns := k.shown(l.long)
		if err := l.check(c, columns); err != nil {
			return err
		}
		if l.limit < 0 {
			return misuse(c, "--limit %d is negative", l.limit)
		}
		query, err := a.query(c, k.filters)
		if err != nil {
			return err
		}
		query["fields"] = attributesOf(columns, l.Options)
		if l.marker != "" {
			query.Set("marker", l.marker)
		}
		all, err := a.ask(c.Context(), k, query, l.limit)
		if err != nil {
			return err
		}
		return a.list(columns, all, l.outputs)
	}
	return c
}

func (a *app) ask(ctx context.Context, k *kind, query url.Values, limit int) ([]rest.Object, error) {
	client, err := a.client(ctx, k)
	if err != nil {
		return nil, err
	}
	return client.List(ctx, k.Resource, query, limit)
}
