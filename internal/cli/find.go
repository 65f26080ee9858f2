package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"landbridge/internal/cli/rest"
	"landbridge/internal/ethernet"
)

// client is whom objects of a kind are asked of.
func (a *app) client(ctx context.Context, k *kind) (*rest.Client, error) {
	c, err := a.connect(ctx)
	if k.cloud {
		return c.Networks, err
	}
	return c.API, err
}

// find gives the id of what a user calls so. What looks like a UUID is one.
func (a *app) find(ctx context.Context, k *kind, text string) (string, error) {
	if uuid.Validate(text) == nil {
		return text, nil
	}
	query, err := a.called(ctx, k, text)
	if err != nil {
		return "", err
	}
	c, err := a.client(ctx, k)
	if err != nil {
		return "", err
	}
	query.Set("fields", "id")
	all, err := c.List(ctx, k.Resource, query, 0)
	if bad, ok := errors.AsType[*rest.Error](err); ok && k.cloud && bad.Status == http.StatusNotFound {
		return "", fmt.Errorf("%q is not a UUID, and %s knows no networks by name: give the network's UUID", text, c.Base)
	}
	if err != nil {
		return "", err
	}
	return only(k, text, all)
}

// called gives the filters that find what is called so.
func (a *app) called(ctx context.Context, k *kind, text string) (url.Values, error) {
	if k.key == "mac" {
		m, err := ethernet.ParseMAC(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a UUID nor a MAC address", text)
		}
		return url.Values{"mac": {m.String()}}, nil
	}
	if k.key != "" {
		return url.Values{k.key: {text}}, nil
	}
	names := strings.Split(text, "/")
	if len(names) != len(k.parts) {
		return nil, fmt.Errorf("%q is neither a UUID nor of the form %s", text, k.form())
	}
	query := url.Values{}
	for i, p := range k.parts {
		if names[i] == "" {
			return nil, fmt.Errorf("%q is neither a UUID nor of the form %s", text, k.form())
		}
		id, err := a.find(ctx, p.refers(), names[i])
		if err != nil {
			return nil, err
		}
		query.Set(p.attribute, id)
	}
	return query, nil
}

// form is how one without a name is called.
func (k *kind) form() string {
	var words []string
	for _, p := range k.parts {
		words = append(words, strings.ToUpper(p.name))
	}
	return strings.Join(words, "/")
}

// manyShown is how many ids an error lists.
const manyShown = 5

func only(k *kind, text string, all []rest.Object) (string, error) {
	if len(all) == 0 {
		return "", fmt.Errorf("no %s is called %q", k.words, text)
	}
	if len(all) == 1 {
		return all[0].Text("id"), nil
	}
	var ids []string
	for _, o := range all[:min(len(all), manyShown)] {
		ids = append(ids, o.Text("id"))
	}
	if len(all) > manyShown {
		ids = append(ids, "…")
	}
	return "", fmt.Errorf("%d %ss are called %q: give the UUID (%s)", len(all), k.words, text, strings.Join(ids, ", "))
}
