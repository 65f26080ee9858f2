// Package identity is who sends a request, as Keystone knows them.
package identity

import (
	"context"
	"slices"
	"strings"
)

// Identity is a user, for what it acts, and the roles that it has there. The
// scope is a project, a domain, the system, or nothing.
type Identity struct {
	UserID, UserName, UserDomainID          string
	ProjectID, ProjectName, ProjectDomainID string // "": the scope is no project
	DomainID                                string // "": the scope is no domain
	System                                  bool   // the scope is the whole deployment
	Roles                                   []string
}

// HasRole tells whether it has a role; case does not count, as in oslo.policy.
func (i Identity) HasRole(name string) bool {
	return slices.ContainsFunc(i.Roles, func(r string) bool { return strings.EqualFold(r, name) })
}

type key struct{}

// With gives a context of a request that this identity has sent.
func With(ctx context.Context, i Identity) context.Context { return context.WithValue(ctx, key{}, i) }

// Of gives who has sent the request of a context; false where nobody was asked.
func Of(ctx context.Context) (Identity, bool) {
	i, ok := ctx.Value(key{}).(Identity)
	return i, ok
}
