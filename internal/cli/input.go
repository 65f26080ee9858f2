package cli

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/device"
)

// input is an argument or an option that stands for an attribute. Text that is
// nothing else is sent as it is.
type input struct {
	name      string // of the option; or of the argument, as help shows it
	attribute string
	usage     string       // of the option
	refers    func() *kind // it is the name or UUID of one of these
	low, high int64        // it is a number within these; 0, 0: it is none
	boolean   bool
	address   bool
	devices   bool // a list of them; the option may be repeated
	words     bool // a list of words with commas between; the option may be repeated
}

// as is the input as an argument.
func (i input) as(argument string) input {
	i.name = argument
	return i
}

// list tells whether the option may be repeated.
func (i input) list() bool { return i.devices || i.words }

// define adds the options to a command.
func (a *app) define(c *cobra.Command, options []input) {
	for _, o := range options {
		if o.list() {
			c.Flags().StringArray(o.name, nil, o.usage)
			continue
		}
		c.Flags().String(o.name, "", o.usage)
		if o.refers != nil {
			complete := a.completion(o.refers())
			// The error is for options that do not exist.
			_ = c.RegisterFlagCompletionFunc(o.name, func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return complete(c, nil, begun)
			})
		}
	}
}

// given is an input with what the command line has for it.
type given struct {
	input
	texts []string
}

// gather gives the arguments and the options that a command line has.
func gather(c *cobra.Command, arguments []input, texts []string, options []input) ([]given, error) {
	var all []given
	for i, text := range texts {
		all = append(all, given{arguments[i], []string{text}})
	}
	for _, o := range options {
		if !c.Flags().Changed(o.name) {
			continue
		}
		g := given{input: o}
		var err error
		if o.list() {
			g.texts, err = c.Flags().GetStringArray(o.name)
		} else {
			g.texts = []string{""}
			g.texts[0], err = c.Flags().GetString(o.name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

// attributes makes what a body has. Whatever can be judged without the server
// is judged before it is asked for names.
func (a *app) attributes(c *cobra.Command, all []given) (map[string]any, error) {
	out := map[string]any{}
	for _, g := range all {
		v, err := g.value()
		if err != nil {
			return nil, misuse(c, "%v", err)
		}
		out[g.attribute] = v
	}
	for _, g := range all {
		if g.refers == nil {
			continue
		}
		id, err := a.find(c.Context(), g.refers(), g.texts[0])
		if err != nil {
			return nil, err
		}
		out[g.attribute] = id
	}
	return out, nil
}

func (g given) value() (any, error) {
	text := g.texts[0]
	switch {
	case g.devices:
		return parseDevices(g.texts)
	case g.words:
		return parseWords(g.texts), nil
	case g.refers != nil && text == "":
		return nil, fmt.Errorf("%s is empty", g.name)
	case g.boolean:
		b, err := parseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		return b, nil
	case g.low != g.high:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < g.low || n > g.high {
			return nil, fmt.Errorf("%s: %q is not a number within %d–%d", g.name, text, g.low, g.high)
		}
		return n, nil
	case g.address:
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not an IPv4 or IPv6 address", g.name, text)
		}
		return ip.String(), nil
	}
	return text, nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither True nor False", text)
}

// parseWords gives all words of an option; "" is none.
func parseWords(texts []string) []string {
	words := []string{}
	for _, text := range texts {
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return words
}

func parseDevices(texts []string) ([]device.Device, error) {
	var all []device.Device
	for _, text := range texts {
		d, err := device.Parse(text)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.Name == d.Name {
				return nil, fmt.Errorf("the device %q is there twice: give all its interfaces at once", d.Name)
			}
		}
		all = append(all, d)
	}
	return all, nil
}

// query makes filters of options.
func (a *app) query(c *cobra.Command, options []input) (url.Values, error) {
	all, err := gather(c, nil, nil, options)
	if err != nil {
		return nil, err
	}
	out := url.Values{}
	for _, g := range all {
		text := g.texts[0]
		if g.refers != nil && text == "" {
			return nil, misuse(c, "--%s is empty", g.name)
		}
		if g.refers != nil {
			if text, err = a.find(c.Context(), g.refers(), text); err != nil {
				return nil, err
			}
		}
		out.Set(g.attribute, text)
	}
	return out, nil
}
