package cli

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/output"
	"landbridge/internal/cli/rest"
)

// quotaShow shows the limits of a project, or what they leave.
func (a *app) quotaShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show [" + ofProject + "]", Short: "Show how many objects a project may own; by default that of the token",
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly(ofProject)(c, args)
		},
	}
	byDefault := c.Flags().Bool("default", false, "what a project without limits of its own may own")
	usage := c.Flags().Bool("usage", false, "what it owns, too")
	o := outputFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *byDefault && *usage {
			return misuse(c, "--default and --usage exclude each other")
		}
		var columns []output.Column
		if *usage {
			columns = usageColumns()
		}
		if err := o.check(c, columns); err != nil {
			return err
		}
		api, project, err := a.quotaOf(c.Context(), args)
		if err != nil {
			return err
		}
		part := rest.Resource{Singular: quotas.Singular, Path: quotas.Path + "/" + url.PathEscape(project)}
		switch {
		case *usage:
			return a.showUsage(c.Context(), api, part, columns, o)
		case *byDefault:
			return a.showAnswer(o)(api.Get(c.Context(), part, "default"))
		}
		return a.showAnswer(o)(api.Get(c.Context(), quotas, project))
	}
	return c
}

// quotaOf finds the project of a command: the token's where none is given.
func (a *app) quotaOf(ctx context.Context, args []string) (api *rest.Client, project string, err error) {
	clients, err := a.connect(ctx)
	if err != nil || len(args) > 0 {
		return clients.API, first(args), err
	}
	own, err := clients.API.Get(ctx, rest.Resource{Singular: "project", Path: quotas.Path}, "project")
	return clients.API, own.Text("project_id"), err
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func usageColumns() []output.Column {
	return []output.Column{column("Resource", "resource"), column("Limit", "limit"), column("Used", "used"), column("Reserved", "reserved")}
}

// showUsage lists what the server limits, in the order of names.
func (a *app) showUsage(ctx context.Context, api *rest.Client, of rest.Resource, columns []output.Column, o *outputs) error {
	found, err := api.Get(ctx, of, "details")
	if err != nil {
		return err
	}
	var rows []rest.Object
	for name, v := range found {
		if row, ok := v.(map[string]any); ok {
			row["resource"] = name
			rows = append(rows, row)
		}
	}
	o.SortBy = []string{"resource"}
	return a.list(columns, rows, o)
}
