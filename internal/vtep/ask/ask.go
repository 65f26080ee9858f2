// Package ask asks a running vtepd over its control socket, and shows what it
// answers: as tables for people, or as the JSON that it is.
package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Client speaks with the vtepd of a socket.
type Client struct {
	socket string
	http   *http.Client
}

// New makes a client of the control socket at that path.
func New(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Client{socket, &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// do gives the body of an answer, which has to be closed.
func (c *Client) do(ctx context.Context, method, path string, query url.Values) (io.ReadCloser, error) {
	u := url.URL{Scheme: "http", Host: "vtepd", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("no vtepd answers on %s: is it running, and is this its --socket?", c.socket)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s is its owner's alone: ask as the user that runs vtepd", c.socket)
	case err != nil:
		return nil, fmt.Errorf("ask vtepd: %w", err)
	case resp.StatusCode == http.StatusOK:
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("ask vtepd: %w", err)
	}
	return nil, errors.New(strings.TrimSpace(string(text)))
}

// read gives an answer's JSON, as it is and taken in.
func (c *Client) read(ctx context.Context, method, path string, query url.Values, into any) ([]byte, error) {
	body, err := c.do(ctx, method, path, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	raw, err := io.ReadAll(body)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return nil, fmt.Errorf("read what vtepd answers: %w", err)
	}
	return raw, nil
}

// Thaw lets a MAC move again, and says where it was frozen.
func (c *Client) Thaw(ctx context.Context, mac string, w io.Writer) error {
	var networks []string
	if _, err := c.read(ctx, http.MethodPost, "/thaw", url.Values{"mac": {mac}}, &networks); err != nil {
		return err
	}
	if len(networks) == 0 {
		return fmt.Errorf("%s is frozen in no network", mac)
	}
	_, err := fmt.Fprintf(w, "thawed in %s\n", strings.Join(networks, ", "))
	return err
}

// Capture writes dropped packets as pcapng, until there are count (0: no end) or
// ctx ends, which is no error.
func (c *Client) Capture(ctx context.Context, reasons []string, count int, w io.Writer) error {
	query := url.Values{"reason": reasons}
	if count != 0 {
		query.Set("count", fmt.Sprint(count))
	}
	body, err := c.do(ctx, http.MethodGet, "/capture", query)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if _, err = io.Copy(w, body); ctx.Err() != nil {
		return nil
	}
	return err
}
