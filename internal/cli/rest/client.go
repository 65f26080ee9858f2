// Package rest speaks to an API of Neutron's kind: envelopes around objects,
// lists in pages, errors as NeutronError.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client is a user of one endpoint.
type Client struct {
	HTTP   *http.Client
	Base   string // what stands before /v2.0
	Tokens Tokens // nil: no authentication
}

// Tokens is where a Client has its token from.
type Tokens interface {
	Token() string
	// Renew gives another token where the server no longer takes this one.
	Renew(ctx context.Context, stale string) (string, error)
}

// New makes a Client of an endpoint as catalogues and users write it: with or
// without the version, with or without a slash at the end.
func New(endpoint string, h *http.Client, tokens Tokens) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the endpoint %q is not a URL such as http://127.0.0.1:9696", endpoint)
	}
	base := strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v2.0")
	return &Client{HTTP: h, Base: strings.TrimRight(base, "/"), Tokens: tokens}, nil
}

// call does one request. What is nil is not sent, or not read.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	target := c.Base + "/v2.0/" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	answer, err := c.authorized(ctx, method, target, body)
	if err != nil {
		return c.explain(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		return readError(answer)
	}
	if out == nil {
		return nil
	}
	d := json.NewDecoder(answer.Body)
	d.UseNumber()
	if err := d.Decode(out); err != nil && ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fmt.Errorf("the answer of %s cannot be read as JSON: %w", c.Base, err)
	}
	return nil
}

// authorized sends a request, and once more with a new token where the first
// has run out meanwhile.
func (c *Client) authorized(ctx context.Context, method, target string, body []byte) (*http.Response, error) {
	token := ""
	if c.Tokens != nil {
		token = c.Tokens.Token()
	}
	answer, err := c.send(ctx, method, target, body, token)
	if err != nil || answer.StatusCode != http.StatusUnauthorized || c.Tokens == nil {
		return answer, err
	}
	fresh, err := c.Tokens.Renew(ctx, token)
	if err != nil || fresh == token {
		return answer, nil // the refusal says more than why there is no other token
	}
	_ = answer.Body.Close()
	return c.send(ctx, method, target, body, fresh)
}

func (c *Client) send(ctx context.Context, method, target string, body []byte, token string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "landbridge")
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	return c.HTTP.Do(r)
}

// explain says in words what keeps the server from being reached.
func (c *Client) explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) { // err has the cause, which says less
		return context.Canceled
	}
	bad, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	where := c.Base
	if u, err := url.Parse(c.Base); err == nil {
		where = u.Redacted()
	}
	if bad.Timeout() {
		return fmt.Errorf("%s has not answered in time (--http-timeout): %w", where, bad.Err)
	}
	return fmt.Errorf("%s cannot be reached: %w", where, bad.Err)
}

// Error is an answer that is no success.
type Error struct {
	Status    int
	Type      string // of Neutron, such as L2GatewayInUse; "" where the server told none
	Message   string // one line
	RequestID string // to be found in the server's log
}

// Error implements error in one line. Faults of the server have their request
// id, by which its log tells more.
func (e *Error) Error() string {
	if e.Status >= http.StatusInternalServerError && e.RequestID != "" {
		return fmt.Sprintf("%s (%d, %s)", e.Message, e.Status, e.RequestID)
	}
	return fmt.Sprintf("%s (%d)", e.Message, e.Status)
}

// maxErrorBody is how much of an error is read, in bytes.
const maxErrorBody = 64 << 10

func readError(answer *http.Response) error {
	e := &Error{Status: answer.StatusCode, RequestID: answer.Header.Get("X-Openstack-Request-Id")}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxErrorBody)) // an answer cut off says enough
	e.Type, e.Message = messageOf(body)
	if e.Message == "" {
		e.Message = answer.Request.URL.Redacted() + " answers " + answer.Status
	}
	if to := answer.Header.Get("Location"); to != "" && answer.StatusCode/100 == 3 {
		e.Message += ", which leads to " + to + ": give that --endpoint"
	}
	e.Message = strings.Join(strings.Fields(e.Message), " ")
	return e
}

// messageOf takes the message out of what Neutron, or Keystone's middleware,
// answers.
func messageOf(body []byte) (kind, message string) {
	type said struct{ Type, Message string }
	var n struct{ NeutronError, Error json.RawMessage }
	if json.Unmarshal(body, &n) != nil {
		return "", ""
	}
	for _, raw := range []json.RawMessage{n.NeutronError, n.Error} {
		var s said
		if json.Unmarshal(raw, &s) == nil && s.Message != "" {
			return s.Type, s.Message
		}
		if json.Unmarshal(raw, &s.Message) == nil && s.Message != "" { // as Neutron's own faults are
			return "", s.Message
		}
	}
	return "", ""
}
