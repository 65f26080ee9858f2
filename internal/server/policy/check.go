package policy

import (
	"slices"
	"strings"

	"landbridge/internal/server/identity"
)

// check is a parsed rule. own says whether the object in question belongs to
// the identity's project.
type check interface {
	passes(i identity.Identity, own bool) bool
	// aboutOwner tells whether the outcome depends on own.
	aboutOwner() bool
}

// constant is "@" (true) or "!" (false).
type constant bool

func (c constant) passes(identity.Identity, bool) bool { return bool(c) }

func (constant) aboutOwner() bool { return false }

// role is "role:NAME".
type role string

func (r role) passes(i identity.Identity, _ bool) bool { return i.HasRole(string(r)) }

func (role) aboutOwner() bool { return false }

// owner is "project_id:%(project_id)s".
type owner struct{}

func (owner) passes(i identity.Identity, own bool) bool { return own && i.ProjectID != "" }

func (owner) aboutOwner() bool { return true }

// literal is "user_id:VALUE", and others that compare a property of the
// identity with a value.
type literal struct {
	property func(identity.Identity) string
	value    string
}

func (l literal) passes(i identity.Identity, _ bool) bool { return l.property(i) == l.value }

func (literal) aboutOwner() bool { return false }

// properties are those that a literal compares, by their names in oslo.policy.
var properties = map[string]func(identity.Identity) string{
	"user_id":           func(i identity.Identity) string { return i.UserID },
	"user_domain_id":    func(i identity.Identity) string { return i.UserDomainID },
	"project_id":        func(i identity.Identity) string { return i.ProjectID },
	"tenant_id":         func(i identity.Identity) string { return i.ProjectID },
	"project_domain_id": func(i identity.Identity) string { return i.ProjectDomainID },
	"domain_id":         func(i identity.Identity) string { return i.DomainID },
	"system_scope": func(i identity.Identity) string {
		if i.System {
			return "all"
		}
		return ""
	},
}

// reference is "rule:NAME". to is set when all rules are known.
type reference struct {
	name string
	to   check
}

func (r *reference) passes(i identity.Identity, own bool) bool { return r.to.passes(i, own) }

func (r *reference) aboutOwner() bool { return r.to.aboutOwner() }

type not struct{ check }

func (n not) passes(i identity.Identity, own bool) bool { return !n.check.passes(i, own) }

type all []check

func (a all) passes(i identity.Identity, own bool) bool {
	return !slices.ContainsFunc(a, func(c check) bool { return !c.passes(i, own) })
}

func (a all) aboutOwner() bool { return slices.ContainsFunc(a, check.aboutOwner) }

type either []check

func (e either) passes(i identity.Identity, own bool) bool {
	return slices.ContainsFunc(e, func(c check) bool { return c.passes(i, own) })
}

func (e either) aboutOwner() bool { return slices.ContainsFunc(e, check.aboutOwner) }

// walk visits a check and those within it, down to references.
func walk(c check, visit func(check) error) error {
	if err := visit(c); err != nil {
		return err
	}
	var within []check
	switch c := c.(type) {
	case not:
		within = []check{c.check}
	case all:
		within = c
	case either:
		within = c
	}
	for _, w := range within {
		if err := walk(w, visit); err != nil {
			return err
		}
	}
	return nil
}

// known are the kinds of checks, for messages.
func known() string {
	names := []string{"role", "rule"}
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
