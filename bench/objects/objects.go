// Package objects is what benchmarks ask an API of Neutron's kind for: the
// requests that make objects, and what is read from the answers.
package objects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"landbridge/bench/load"
)

// Kind is a kind of objects that are made, shown, listed and deleted.
type Kind struct {
	Name   string // of one, and its envelope: "network"
	Plural string // the envelope of several
	Path   string // of the collection: "/v2.0/networks"
	// Body gives the attributes of the object with a number, as JSON.
	Body func(n int) string
}

// Post makes the object with a number; see is that of load.Request.
func (k Kind) Post(n int, see func([]byte) error) load.Request {
	return load.Request{Method: http.MethodPost, Path: k.Path, Body: fmt.Appendf(nil, `{%q:%s}`, k.Name, k.Body(n)), See: see}
}

// Bulk makes n objects, numbered from from on, by one request.
func (k Kind) Bulk(from, n int, see func([]byte) error) load.Request {
	all := make([]string, n)
	for i := range all {
		all[i] = k.Body(from + i)
	}
	return load.Request{Method: http.MethodPost, Path: k.Path, Body: fmt.Appendf(nil, `{%q:[%s]}`, k.Plural, strings.Join(all, ",")), See: see}
}

// At is a request for one object, as GET or DELETE.
func (k Kind) At(method, id string) load.Request {
	return load.Request{Method: method, Path: k.Path + "/" + id}
}

// ID reads the ID of the one object in an answer.
func (k Kind) ID(body []byte) (string, error) {
	var answer map[string]struct{ ID string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	if answer[k.Name].ID == "" {
		return "", fmt.Errorf("an answer without %s.id: %s", k.Name, body)
	}
	return answer[k.Name].ID, nil
}

// IDs reads the IDs of the objects in an answer.
func (k Kind) IDs(body []byte) ([]string, error) {
	var answer map[string][]struct{ ID string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	var out []string
	for _, v := range answer[k.Plural] {
		out = append(out, v.ID)
	}
	if len(out) == 0 {
		return nil, errors.New("an answer without " + k.Plural)
	}
	return out, nil
}

// Make makes one object and gives its ID.
func (k Kind) Make(ctx context.Context, c *load.Client, n int) (id string, err error) {
	_, err = c.Do(ctx, k.Post(n, func(body []byte) (err error) {
		id, err = k.ID(body)
		return err
	}))
	return id, err
}
