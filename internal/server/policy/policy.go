// Package policy says who may do what, in the language of oslo.policy: a rule
// for each action, all of which a file can replace.
//
// Of an object only its project counts. So whatever the rules are, an identity
// reaches with an action nothing, what its project owns, or everything.
package policy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"landbridge/internal/server/identity"
	"landbridge/internal/strictyaml"
)

// Policy is a set of rules that is complete: each action has one.
type Policy struct {
	rules map[string]check
	texts map[string]string
}

// Default gives the rules where no file replaces any.
func Default() *Policy {
	p, err := build("", nil)
	if err != nil {
		panic(err) // a test reads them
	}
	return p
}

// Load gives the rules with those of a YAML file in place of the defaults:
// "action": "rule". A file may add rules for its own rules to refer to. Errors
// name the file, the line and the rule.
func Load(file string) (*Policy, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	given := map[string]strictyaml.Value{}
	if err := strictyaml.Decode(file, data, &given); err != nil {
		return nil, err
	}
	return build(file, given)
}

func build(file string, given map[string]strictyaml.Value) (*Policy, error) {
	texts := map[string]strictyaml.Value{}
	for _, r := range defaults {
		texts[r.Name] = strictyaml.Value{Text: r.Rule, Set: true}
	}
	maps.Copy(texts, given)
	p := &Policy{rules: map[string]check{}, texts: map[string]string{}}
	for name, text := range texts {
		c, err := parse(text.Text)
		if err != nil {
			return nil, text.Bad(file, name, "%v", err)
		}
		p.rules[name], p.texts[name] = c, text.Text
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if err := p.link(name); err != nil {
			text := texts[name]
			return nil, text.Bad(file, name, "%v", err)
		}
	}
	return p, p.unused(file, given)
}

// link has the references of a rule lead to what they name, and judges it.
func (p *Policy) link(name string) error {
	if err := p.follow(p.rules[name], []string{name}); err != nil {
		return err
	}
	return walk(p.rules[name], func(c check) error {
		if n, ok := c.(not); ok && n.aboutOwner() {
			return fmt.Errorf("not of whose an object is, is not supported")
		}
		return nil
	})
}

// follow sets the references below a check; path has the rules that lead to it.
func (p *Policy) follow(c check, path []string) error {
	return walk(c, func(c check) error {
		r, ok := c.(*reference)
		if !ok {
			return nil
		}
		if slices.Contains(path, r.name) {
			return fmt.Errorf("it refers to itself: %s", strings.Join(append(path, r.name), " → "))
		}
		to, known := p.rules[r.name]
		if !known {
			return fmt.Errorf("there is no rule %q", r.name)
		}
		r.to = to
		return p.follow(to, append(slices.Clone(path), r.name))
	})
}

// unused refuses rules that nothing asks for: most likely an action misspelt.
func (p *Policy) unused(file string, given map[string]strictyaml.Value) error {
	used := map[string]bool{}
	for _, r := range defaults {
		used[r.Name] = true
	}
	for _, c := range p.rules {
		_ = walk(c, func(c check) error { // it gives no error
			if r, ok := c.(*reference); ok {
				used[r.name] = true
			}
			return nil
		})
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !used[name] {
			text := given[name]
			return text.Bad(file, name, "is no action, and no other rule refers to it; landbridge-server policy lists the actions")
		}
	}
	return nil
}

// Reach tells what an identity reaches with an action: the objects of its
// project, and those of all projects. An action without a rule is nobody's.
func (p *Policy) Reach(i identity.Identity, action string) (own, every bool) {
	c, ok := p.rules[action]
	if !ok {
		return false, false
	}
	every = c.passes(i, false)
	return every || c.passes(i, true), every
}
