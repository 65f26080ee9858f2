package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is for command lines that cannot be understood.
type usageError struct {
	command string
	message string
}

// Error implements error.
func (e *usageError) Error() string {
	return fmt.Sprintf("%s; see %s --help", e.message, e.command)
}

func misuse(c *cobra.Command, format string, args ...any) error {
	return &usageError{c.CommandPath(), fmt.Sprintf(format, args...)}
}

// noCommand is for commands that have others below them: a word that is left
// names none.
func noCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2 // letters that may be wrong
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return misuse(c, "there is no command %q; is it %s?", args[0], strings.Join(near, ", "))
	}
	return misuse(c, "there is no command %q", args[0])
}

// exactly wants these arguments. The last may stand for several, as "<NAME>...".
func exactly(names ...string) cobra.PositionalArgs {
	many := strings.HasSuffix(names[len(names)-1], "...")
	return func(c *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return misuse(c, "%s is missing", strings.Join(names[len(args):], " "))
		}
		if len(args) > len(names) && !many {
			return misuse(c, "%q is one argument too many", args[len(names)])
		}
		for i, text := range args {
			if text == "" {
				return misuse(c, "%s is empty", names[min(i, len(names)-1)])
			}
		}
		return nil
	}
}

// noMore wants no arguments.
func noMore(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse(c, "%q is one argument too many", args[0])
	}
	return nil
}

// synonyms lets flags be written with underscores, and as other clients of the
// API call them.
func synonyms(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	for canonical, others := range map[string][]string{
		"seg-id":   {"segmentation-id", "default-segmentation-id"},
		"project":  {"project-id", "tenant-id"},
		"endpoint": {"os-endpoint"},
	} {
		for _, other := range others {
			if name == other {
				return pflag.NormalizedName(canonical)
			}
		}
	}
	return pflag.NormalizedName(name)
}

// usageTemplate is cobra's without the flags that all commands share: the help
// of the program itself has them.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}
{{- if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Options:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

"{{.Root.Name}} --help" has the options of all commands.{{end}}
`
