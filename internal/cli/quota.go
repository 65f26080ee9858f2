package cli

import (
	"math"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/output"
	"landbridge/internal/cli/rest"
)

// quotas are called by the ids of projects, which nobody looks up.
var quotas = rest.Resource{Singular: "quota", Plural: "quotas", Path: "quotas"}

const ofProject = "<PROJECT-ID>"

func (a *app) quotaGroup() *cobra.Command {
	group := &cobra.Command{
		Use: "quota", Short: "How many objects projects may own", Args: noCommand,
		RunE: func(c *cobra.Command, _ []string) error { return misuse(c, "what to do with quotas is missing") },
	}
	group.AddCommand(a.quotaShow(), a.quotaSet(), a.quotaDelete(), a.quotaList())
	return group
}

func (a *app) quotaSet() *cobra.Command {
	c := &cobra.Command{
		Use: "set " + ofProject, Short: "Change how many objects a project may own",
		Args: exactly(ofProject), ValidArgsFunction: cobra.NoFileCompletions,
	}
	var limits []input
	for _, k := range kinds() {
		limits = append(limits, input{
			name: k.noun, attribute: k.Singular, usage: "`N` " + k.words + "s; -1: any number", low: -1, high: math.MaxInt32,
		})
	}
	a.define(c, limits)
	check := c.Flags().Bool("check-limit", false, "refuse limits below what it owns")
	o := outputFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		body, err := a.limitsOf(c, limits, o)
		if err != nil {
			return err
		}
		if *check {
			body["check_limit"] = true
		}
		clients, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		return a.showAnswer(o)(clients.API.Update(c.Context(), quotas, args[0], body))
	}
	return c
}

// limitsOf judges a command line and gives the limits that it has.
func (a *app) limitsOf(c *cobra.Command, limits []input, o *outputs) (map[string]any, error) {
	if err := o.check(c, nil); err != nil {
		return nil, err
	}
	all, err := gather(c, nil, nil, limits)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, misuse(c, "there is no limit to set")
	}
	return a.attributes(c, all)
}

func (a *app) showAnswer(o *outputs) func(rest.Object, error) error {
	return func(found rest.Object, err error) error {
		if err != nil {
			return err
		}
		return a.show(found, o)
	}
}

func (a *app) quotaDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete " + ofProject + "...", Short: "Take the limits of their own from projects",
		Args: exactly(ofProject + "..."), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			clients, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			return a.deleteAll(c.Context(), "quota", args, func(project string) error {
				return clients.API.Delete(c.Context(), quotas, project)
			})
		},
	}
}

func (a *app) quotaList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the projects that have limits of their own", Args: noMore}
	o := listFlags(c)
	columns := []output.Column{column("Project ID", "project_id")}
	for _, k := range kinds() {
		columns = append(columns, column(k.title(), k.Singular))
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := o.check(c, columns); err != nil {
			return err
		}
		clients, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		all, err := clients.API.List(c.Context(), quotas, nil, 0)
		if err != nil {
			return err
		}
		return a.list(columns, all, o)
	}
	return c
}
