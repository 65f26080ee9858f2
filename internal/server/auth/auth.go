// Package auth guards the API: Keystone says who sends a request, the policy
// what they may do.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"landbridge/internal/server/identity"
	"landbridge/internal/server/keystone"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/policy"
)

// Guard implements neutronapi.Guard.
type Guard struct {
	// Tokens knows whose a token is, as keystone.Keystone does.
	Tokens interface {
		Identify(ctx context.Context, token string) (identity.Identity, error)
	}
	// Policy gives the rules that count now.
	Policy func() *policy.Policy
	// URI is where clients get tokens.
	URI string
}

// Admit finds out who sends a request by its X-Auth-Token, and puts the
// identity into the context.
func (g Guard) Admit(r *http.Request) (context.Context, error) {
	who, err := g.Tokens.Identify(r.Context(), r.Header.Get("X-Auth-Token"))
	switch _, down := errors.AsType[*keystone.UnavailableError](err); {
	case errors.Is(err, keystone.ErrInvalid):
		return nil, g.challenge()
	case down:
		return nil, neutronapi.Errorf(http.StatusServiceUnavailable, "The identity service cannot be asked who has this token; try again.")
	case err != nil:
		return nil, err
	}
	return identity.With(r.Context(), who), nil
}

// challenge is what Keystone's middleware answers, to the letter.
func (g Guard) challenge() error {
	return &neutronapi.Error{
		Status: http.StatusUnauthorized, Message: "The request you have made requires authentication.",
		Challenge: fmt.Sprintf("Keystone uri=%q", g.URI),
	}
}

// Access implements neutronapi.Guard.
func (g Guard) Access(ctx context.Context, action string) neutronapi.Access {
	who, _ := identity.Of(ctx) // nobody has no roles
	own, every := g.Policy().Reach(who, action)
	return neutronapi.Access{Project: who.ProjectID, Own: own, All: every}
}

// LogAttrs tells a log who has sent the request of a context.
func LogAttrs(ctx context.Context) []slog.Attr {
	who, ok := identity.Of(ctx)
	if !ok {
		return nil
	}
	return []slog.Attr{slog.String("user", who.UserID), slog.String("project", who.ProjectID)}
}
