package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"landbridge/internal/server/identity"
)

// document is what Keystone answers about a token: GET /v3/auth/tokens.
type document struct {
	Token struct {
		ExpiresAt time.Time `json:"expires_at"`
		User      subject   `json:"user"`
		Project   subject   `json:"project"`
		Domain    subject   `json:"domain"`
		System    struct {
			All bool `json:"all"`
		} `json:"system"`
		Roles []subject `json:"roles"`
	} `json:"token"`
}

// subject is anything of Keystone's with a name.
type subject struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain struct {
		ID string `json:"id"`
	} `json:"domain"`
}

func (d document) identity() identity.Identity {
	t := d.Token
	who := identity.Identity{
		UserID: t.User.ID, UserName: t.User.Name, UserDomainID: t.User.Domain.ID,
		ProjectID: t.Project.ID, ProjectName: t.Project.Name, ProjectDomainID: t.Project.Domain.ID,
		DomainID: t.Domain.ID, System: t.System.All,
	}
	for _, r := range t.Roles {
		who.Roles = append(who.Roles, r.Name)
	}
	return who
}

// validate asks Keystone once.
func (k *Keystone) validate(ctx context.Context, token string) (a answer, err error) {
	if err := k.places.Acquire(ctx, 1); err != nil {
		return a, fmt.Errorf("too many ask at once: %w", err)
	}
	defer k.places.Release(1)
	client, err := k.cfg.Session.keystone(ctx)
	if err != nil {
		return a, err
	}
	var d document
	_, err = client.Get(ctx, client.ServiceURL("auth", "tokens")+"?nocatalog", &d, &gophercloud.RequestOpts{
		MoreHeaders: map[string]string{"X-Subject-Token": token}, OkCodes: []int{http.StatusOK, http.StatusNonAuthoritativeInfo},
	})
	if err != nil {
		return a, judge(err)
	}
	a = answer{d.identity(), d.Token.ExpiresAt}
	if a.who.UserID == "" || !k.now().Before(a.until) {
		return a, ErrInvalid
	}
	return a, nil
}

// judge tells an answer about the token from one about ourselves.
func judge(err error) error {
	if bad, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		switch bad.Actual {
		case http.StatusNotFound, http.StatusBadRequest:
			return ErrInvalid
		case http.StatusForbidden:
			return fmt.Errorf("our own user may not look at tokens: it needs the role admin or service: %w", reason(err))
		}
	}
	return reason(err)
}
