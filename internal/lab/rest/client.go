// Package rest does what an administrator does with Landbridge's REST API. It
// knows the envelopes and leaves the attributes as they are.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Object is the attributes of a resource.
type Object map[string]any

// ID is the object's id.
func (o Object) ID() string { return o.text("id") }

// Status is the status of a connection.
func (o Object) Status() string { return o.text("status") }

// Reason is the status_reason of a connection.
func (o Object) Reason() string { return o.text("status_reason") }

func (o Object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// Kind is a kind of resource, by the name of its envelope.
type Kind string

// The kinds of resources.
const (
	Gateways          Kind = "l2_gateway"
	Connections       Kind = "l2_gateway_connection"
	RemoteGateways    Kind = "l2_remote_gateway"
	RemoteConnections Kind = "l2_remote_gateway_connection"
	RemoteMACs        Kind = "l2_remote_mac"
)

// Path is the path of the kind's collection.
func (k Kind) Path() string { return "/v2.0/" + strings.ReplaceAll(k.plural(), "_", "-") }

func (k Kind) plural() string { return string(k) + "s" }

// Error is an answer that refuses.
type Error struct {
	Status        int // of HTTP
	Type, Message string
	request       string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.request, e.Status, e.Type, e.Message)
}

// callWithin bounds one call.
const callWithin = 20 * time.Second

// Client calls one server.
type Client struct {
	base, token string
	http        *http.Client
}

// New makes a client; dial opens its connections.
func New(base string, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Client {
	return &Client{base: base, http: &http.Client{
		Timeout: callWithin,
		// Without connections that stay, a server that was killed and started
		// again costs no call.
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
	}}
}

// As gives a client that shows a token of Keystone.
func (c *Client) As(token string) *Client {
	as := *c
	as.token = token
	return &as
}

// Ready gives nil where the server answers.
func (c *Client) Ready(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/", nil, nil)
}

// Create makes an object.
func (c *Client) Create(ctx context.Context, k Kind, attributes Object) (Object, error) {
	return c.one(ctx, k, http.MethodPost, k.Path(), attributes)
}

// CreateAll makes objects in bulk: all of them, in their order, or none.
func (c *Client) CreateAll(ctx context.Context, k Kind, list []Object) ([]Object, error) {
	var answer map[string][]Object
	err := c.call(ctx, http.MethodPost, k.Path(), map[string][]Object{k.plural(): list}, &answer)
	return answer[k.plural()], err
}

// Show reads an object.
func (c *Client) Show(ctx context.Context, k Kind, id string) (Object, error) {
	return c.one(ctx, k, http.MethodGet, k.Path()+"/"+id, nil)
}

// Update changes attributes of an object.
func (c *Client) Update(ctx context.Context, k Kind, id string, attributes Object) (Object, error) {
	return c.one(ctx, k, http.MethodPut, k.Path()+"/"+id, attributes)
}

// List reads all objects of a kind.
func (c *Client) List(ctx context.Context, k Kind) ([]Object, error) {
	var answer map[string][]Object
	err := c.call(ctx, http.MethodGet, k.Path(), nil, &answer)
	return answer[k.plural()], err
}

// Find reads the objects of a kind that have a value of an attribute.
func (c *Client) Find(ctx context.Context, k Kind, attribute, value string) ([]Object, error) {
	var answer map[string][]Object
	err := c.call(ctx, http.MethodGet, k.Path()+"?"+url.Values{attribute: {value}}.Encode(), nil, &answer)
	return answer[k.plural()], err
}

// Delete removes an object.
func (c *Client) Delete(ctx context.Context, k Kind, id string) error {
	return c.call(ctx, http.MethodDelete, k.Path()+"/"+id, nil, nil)
}

func (c *Client) one(ctx context.Context, k Kind, method, path string, attributes Object) (Object, error) {
	var body any
	if attributes != nil {
		body = map[Kind]Object{k: attributes}
	}
	var answer map[Kind]Object
	err := c.call(ctx, method, path, body, &answer)
	return answer[k], err
}

func (c *Client) call(ctx context.Context, method, path string, body, answer any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, &sent)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("X-Auth-Token", c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response, method+" "+path)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// refusal reads Neutron's form of an error.
func refusal(response *http.Response, request string) error {
	var body struct {
		NeutronError struct{ Type, Message string }
	}
	e := &Error{Status: response.StatusCode, Message: "without a NeutronError", request: request}
	if json.NewDecoder(response.Body).Decode(&body) == nil && body.NeutronError.Message != "" {
		e.Type, e.Message = body.NeutronError.Type, body.NeutronError.Message
	}
	return e
}
