package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Resource is a kind of object: how envelopes and paths call it.
type Resource struct {
	Singular, Plural string // l2_gateway, l2_gateways
	Path             string // l2-gateways
}

// Object is an object as the server shows it. Integers are int64, lists []any,
// objects map[string]any.
type Object map[string]any

// Text gives an attribute that is text; "" where it is not.
func (o Object) Text(name string) string {
	s, _ := o[name].(string)
	return s
}

// UnmarshalJSON implements json.Unmarshaler: integers stay such.
func (o *Object) UnmarshalJSON(text []byte) error {
	var raw map[string]any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return err
	}
	for name, v := range raw {
		raw[name] = plain(v)
	}
	*o = raw
	return nil
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // what does not fit is shown as infinite
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
	}
	return v
}

// Get asks for one object.
func (c *Client) Get(ctx context.Context, r Resource, id string) (Object, error) {
	return c.one(ctx, r, http.MethodGet, r.Path+"/"+url.PathEscape(id), nil)
}

// Create makes an object of its attributes.
func (c *Client) Create(ctx context.Context, r Resource, attributes any) (Object, error) {
	return c.one(ctx, r, http.MethodPost, r.Path, map[string]any{r.Singular: attributes})
}

// Update changes attributes of an object.
func (c *Client) Update(ctx context.Context, r Resource, id string, attributes any) (Object, error) {
	return c.one(ctx, r, http.MethodPut, r.Path+"/"+url.PathEscape(id), map[string]any{r.Singular: attributes})
}

// Delete removes an object.
func (c *Client) Delete(ctx context.Context, r Resource, id string) error {
	return c.call(ctx, http.MethodDelete, r.Path+"/"+url.PathEscape(id), nil, nil, nil)
}

// ErrNoBulk is for servers that make objects one by one only.
var ErrNoBulk = errors.New("the server takes no bulk requests")

// CreateAll makes many objects in one request: all or none. What the server
// answers for each is not kept.
func (c *Client) CreateAll(ctx context.Context, r Resource, attributes []any) error {
	err := c.call(ctx, http.MethodPost, r.Path, nil, map[string]any{r.Plural: attributes}, nil)
	bad, ok := errors.AsType[*Error](err)
	if ok && bad.Status == http.StatusBadRequest && refusesBulk(bad.Message) {
		return ErrNoBulk
	}
	return err
}

// refusesBulk tells by its words, Neutron's or ours, since Neutron's API has
// no other sign.
func refusesBulk(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "bulk") && strings.Contains(message, "not supported")
}

func (c *Client) one(ctx context.Context, r Resource, method, path string, in any) (Object, error) {
	var envelope map[string]json.RawMessage
	if err := c.call(ctx, method, path, nil, in, &envelope); err != nil {
		return nil, err
	}
	var o Object
	if err := json.Unmarshal(envelope[r.Singular], &o); err != nil || o == nil {
		return nil, fmt.Errorf("the answer of %s has no %q", c.Base, r.Singular)
	}
	return o, nil
}

// List asks for the objects that a query lets pass, page by page where the
// server pages; limit is the most that are wanted, 0 for all.
func (c *Client) List(ctx context.Context, r Resource, query url.Values, limit int) ([]Object, error) {
	all := []Object{}
	for {
		if limit > 0 {
			query = with(query, "limit", strconv.Itoa(limit-len(all)))
		}
		var answer map[string]json.RawMessage
		if err := c.call(ctx, http.MethodGet, r.Path, query, nil, &answer); err != nil {
			return nil, err
		}
		page, next, err := r.page(answer)
		if err != nil {
			return nil, fmt.Errorf("the list of %s cannot be read: %w", c.Base, err)
		}
		all = append(all, page...)
		if len(page) == 0 || next == nil || (limit > 0 && len(all) >= limit) {
			return all, nil
		}
		query = next
	}
}

func with(q url.Values, name, value string) url.Values {
	out := url.Values{name: {value}}
	for k, v := range q {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// page takes a list apart: its objects, and the query of the next page. Of the
// link only the query is used: behind a proxy the rest need not lead here.
func (r Resource) page(answer map[string]json.RawMessage) (objects []Object, next url.Values, err error) {
	raw, ok := answer[r.Plural]
	if !ok {
		return nil, nil, fmt.Errorf("it has no %q", r.Plural)
	}
	if err := json.Unmarshal(raw, &objects); err != nil {
		return nil, nil, err
	}
	raw, ok = answer[r.Plural+"_links"]
	if !ok {
		return objects, nil, nil
	}
	var links []struct{ Rel, Href string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return nil, nil, err
	}
	for _, l := range links {
		if l.Rel != "next" {
			continue
		}
		u, err := url.Parse(l.Href)
		if err != nil {
			return nil, nil, err
		}
		return objects, u.Query(), nil
	}
	return objects, nil, nil
}
