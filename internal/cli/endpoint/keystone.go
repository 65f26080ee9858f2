package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/config"

	"landbridge/internal/cli/rest"
)

// login gets a token of Keystone and looks the endpoints up in the catalogue.
func login(ctx context.Context, c cloud, o Options, h *http.Client) (Clients, error) {
	if c.auth.IdentityEndpoint == "" {
		return Clients{}, errors.New("no address of Keystone: set OS_AUTH_URL, or --os-auth-type none where the server asks for no token")
	}
	c.auth.AllowReauth = c.auth.TokenID == ""
	provider, err := config.NewProviderClient(ctx, c.auth, config.WithHTTPClient(*h))
	if err != nil {
		return Clients{}, fmt.Errorf("no token from Keystone (%s): %w", c.auth.IdentityEndpoint, reason(err))
	}
	t := tokens{provider}
	networks, err := find(provider, c.opts, "network")
	if err != nil {
		networks = ""
	}
	api := o.Endpoint
	if api == "" {
		api = c.NetworkEndpoint
	}
	if api == "" {
		if api, err = find(provider, c.opts, o.ServiceType); err != nil {
			return Clients{}, err
		}
	}
	if networks == "" {
		networks = api
	}
	return authorized(api, networks, h, t)
}

func authorized(api, networks string, h *http.Client, t rest.Tokens) (c Clients, err error) {
	if c.API, err = rest.New(api, h, t); err != nil {
		return c, err
	}
	c.Networks, err = rest.New(networks, h, t)
	return c, err
}

func find(provider *gophercloud.ProviderClient, o gophercloud.EndpointOpts, service string) (string, error) {
	o.ApplyDefaults(service)
	endpoint, err := provider.EndpointLocator(o)
	if err == nil {
		return endpoint, nil
	}
	where := ""
	if o.Region != "" {
		where = " in region " + o.Region
	}
	return "", fmt.Errorf("the catalogue has no %s endpoint of type %q%s: give --endpoint, --service-type or --os-region-name", o.Availability, service, where)
}

// reason is what Keystone says, or what kept it from saying anything.
func reason(err error) error {
	bad, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return oneLine(err)
	}
	var answer struct{ Error struct{ Message string } }
	if json.Unmarshal(bad.Body, &answer) == nil && answer.Error.Message != "" {
		return oneLine(fmt.Errorf("%s (%d)", answer.Error.Message, bad.Actual))
	}
	return fmt.Errorf("it answers %d %s", bad.Actual, http.StatusText(bad.Actual))
}

// tokens are those of a gophercloud provider.
type tokens struct{ provider *gophercloud.ProviderClient }

// Token implements rest.Tokens.
func (t tokens) Token() string { return t.provider.Token() }

// Renew implements rest.Tokens.
func (t tokens) Renew(ctx context.Context, stale string) (string, error) {
	if err := t.provider.Reauthenticate(ctx, stale); err != nil {
		return "", reason(err)
	}
	return t.provider.Token(), nil
}
