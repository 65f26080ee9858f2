package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"landbridge/internal/server/identity"
	"landbridge/internal/server/keystone"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/policy"
)

// tokens are the identities that tokens stand for, and errors.
type tokens map[string]any

func (t tokens) Identify(_ context.Context, token string) (identity.Identity, error) {
	switch v := t[token].(type) {
	case identity.Identity:
		return v, nil
	case error:
		return identity.Identity{}, v
	}
	return identity.Identity{}, keystone.ErrInvalid
}

func newGuard() Guard {
	p := policy.Default()
	return Guard{URI: "http://k:5000", Policy: func() *policy.Policy { return p }, Tokens: tokens{
		"admin":  identity.Identity{UserID: "u", ProjectID: "p", Roles: []string{"admin"}},
		"member": identity.Identity{UserID: "m", ProjectID: "q", Roles: []string{"member"}},
		"down":   &keystone.UnavailableError{Err: errors.New("refused by 10.0.0.1")},
		"broken": errors.New("a fault"),
	}}
}

func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v2.0/l2-gateways", nil)
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	return r
}

func TestAdmit(t *testing.T) {
	g := newGuard()
	for token, want := range map[string]*neutronapi.Error{
		"":       {Status: 401, Message: "The request you have made requires authentication.", Challenge: `Keystone uri="http://k:5000"`},
		"nobody": {Status: 401, Message: "The request you have made requires authentication.", Challenge: `Keystone uri="http://k:5000"`},
		"down":   {Status: 503, Message: "The identity service cannot be asked who has this token; try again."},
	} {
		_, err := g.Admit(request(token))
		if got, ok := errors.AsType[*neutronapi.Error](err); !ok || *got != *want {
			t.Errorf("%q: %+v, want %+v", token, err, want)
		}
	}
	if _, err := g.Admit(request("broken")); err == nil || err.Error() != "a fault" {
		t.Error(err)
	}
}

func TestAccess(t *testing.T) {
	g := newGuard()
	for token, want := range map[string]neutronapi.Access{
		"admin":  {Project: "p", Own: true, All: true},
		"member": {Project: "q"},
	} {
		ctx, err := g.Admit(request(token))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Access(ctx, "create_l2_gateway"); got != want {
			t.Errorf("%s: %+v, want %+v", token, got, want)
		}
		attrs := LogAttrs(ctx)
		if len(attrs) != 2 || attrs[1].Value.String() != want.Project {
			t.Errorf("the log says %v", attrs)
		}
	}
	if got := g.Access(t.Context(), "create_l2_gateway"); got != (neutronapi.Access{}) || LogAttrs(t.Context()) != nil {
		t.Errorf("whom nobody has asked reaches %+v", got)
	}
}
