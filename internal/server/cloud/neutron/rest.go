package neutron

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"landbridge/internal/l2gw"
)

// rest is Neutron's REST API, used as an administrator.
type rest struct {
	// client gives a client whose endpoint ends in "/v2.0/", logged in.
	client func(context.Context) (*gophercloud.ServiceClient, error)
	// may tells why nothing may be changed any more.
	may func() error
}

// chunk is how many ids one request may name: URLs have an end.
const chunk = 50

// network gives one network, with l2gw's error where there is none.
func (r rest) network(ctx context.Context, id string) (l2gw.Network, error) {
	var body struct{ Network networkDocument }
	err := r.get(ctx, "networks/"+url.PathEscape(id), nil, &body)
	if status(err) == http.StatusNotFound || err == nil && body.Network.ID != id {
		return l2gw.Network{}, l2gw.ErrNetworkNotFound(id)
	}
	return body.Network.network(), err
}

// allNetworks gives all networks.
func (r rest) allNetworks(ctx context.Context) ([]l2gw.Network, error) {
	found, err := list[networkDocument](ctx, r, "networks", nil)
	out := make([]l2gw.Network, 0, len(found))
	for _, d := range found {
		out = append(out, d.network())
	}
	return out, err
}

// networks gives those of these networks that there are.
func (r rest) networks(ctx context.Context, ids []string) ([]l2gw.Network, error) {
	var out []l2gw.Network
	for part := range slices.Chunk(ids, chunk) {
		found, err := list[networkDocument](ctx, r, "networks", url.Values{"id": part})
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			out = append(out, d.network())
		}
	}
	return out, nil
}

// portsBy gives the ports that have one of these values for an attribute.
func (r rest) portsBy(ctx context.Context, attribute string, values []string) ([]portDocument, error) {
	var out []portDocument
	for part := range slices.Chunk(values, chunk) {
		found, err := list[portDocument](ctx, r, "ports", url.Values{attribute: part, "fields": portFields})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// subnets gives the subnets of networks.
func (r rest) subnets(ctx context.Context, networks []string) ([]subnetDocument, error) {
	var out []subnetDocument
	for part := range slices.Chunk(networks, chunk) {
		found, err := list[subnetDocument](ctx, r, "subnets", url.Values{
			"network_id": part, "fields": {"id", "network_id", "gateway_ip"},
		})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// portsOf gives the ports of gateways that a deployment has made.
func (r rest) portsOf(ctx context.Context, deployment string) ([]portDocument, error) {
	return list[portDocument](ctx, r, "ports", url.Values{"device_owner": {gatewayOwner}, "device_id": {deployment}, "fields": portFields})
}

// agents gives all agents.
func (r rest) agents(ctx context.Context) ([]agentDocument, error) {
	return list[agentDocument](ctx, r, "agents", nil)
}

// admits tells which security groups let in anybody but members of groups.
func (r rest) admits(ctx context.Context, groups []string) (map[string]bool, error) {
	var rules []ruleDocument
	for part := range slices.Chunk(groups, chunk) {
		found, err := list[ruleDocument](ctx, r, "security-group-rules", url.Values{
			"security_group_id": part, "direction": {"ingress"},
			"fields": {"security_group_id", "direction", "remote_group_id"},
		})
		if err != nil {
			return nil, err
		}
		rules = append(rules, found...)
	}
	return admitting(groups, rules), nil
}

// createPort makes a port of a gateway, without addresses.
func (r rest) createPort(ctx context.Context, p map[string]any) (portDocument, error) {
	client, err := r.changing(ctx)
	if err != nil {
		return portDocument{}, err
	}
	var body struct{ Port portDocument }
	_, err = client.Post(ctx, client.ServiceURL("ports"), map[string]any{"port": p}, &body, nil)
	return body.Port, plain(err)
}

// remove deletes "ports/ID" or "agents/ID"; what is not there is gone already.
func (r rest) remove(ctx context.Context, path string) error {
	client, err := r.changing(ctx)
	if err != nil {
		return err
	}
	_, err = client.Delete(ctx, client.ServiceURL(path), nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return plain(err)
}

// changing gives a client to change something now. It may have taken a login.
func (r rest) changing(ctx context.Context) (*gophercloud.ServiceClient, error) {
	client, err := r.client(ctx)
	if err == nil {
		err = r.may()
	}
	return client, err
}

func (r rest) get(ctx context.Context, path string, query url.Values, into any) error {
	client, err := r.client(ctx)
	if err != nil {
		return err
	}
	at := client.ServiceURL(path)
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	_, err = client.Get(ctx, at, into, nil)
	return plain(err)
}

// maxPages bounds a list that leads round in a circle.
const maxPages = 10000

// list gives all of a collection, page by page where Neutron wants it so.
func list[T any](ctx context.Context, r rest, collection string, query url.Values) ([]T, error) {
	var out []T
	plural := strings.ReplaceAll(collection, "-", "_")
	for range maxPages {
		body := map[string]raw{}
		if err := r.get(ctx, collection, query, &body); err != nil {
			return nil, err
		}
		var page []T
		var links []struct{ Rel, Href string }
		if err := errors.Join(body[plural].into(&page), body[plural+"_links"].into(&links)); err != nil {
			return nil, fmt.Errorf("list of %s: %w", collection, err)
		}
		out = append(out, page...)
		next := ""
		for _, l := range links {
			if l.Rel == "next" {
				next = l.Href
			}
		}
		if next == "" {
			return out, nil
		}
		u, err := url.Parse(next)
		if err != nil {
			return nil, fmt.Errorf("list of %s: next page: %w", collection, err)
		}
		query = u.Query()
	}
	return nil, fmt.Errorf("list of %s: it has more than %d pages", collection, maxPages)
}

// status is the status of an answer that is an error; 0 where there is none.
func status(err error) int {
	if bad, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return bad.Actual
	}
	return 0
}
