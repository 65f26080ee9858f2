package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func client(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(s.URL, (&net.Dialer{}).DialContext)
}

func TestCallsAreNeutrons(t *testing.T) {
	var method, path, sent string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body) // none with GET and DELETE
		b, _ := json.Marshal(body)
		method, path, sent = r.Method, r.URL.RequestURI(), string(b)
		switch {
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case body["l2_remote_gateways"] != nil, r.Method == http.MethodGet && !strings.Contains(r.URL.Path, "/7"):
			_, _ = w.Write([]byte(`{"l2_remote_gateways": [{"id": "7"}, {"id": "8"}]}`))
		default:
			_, _ = w.Write([]byte(`{"l2_remote_gateway": {"id": "7", "status": "DOWN", "status_reason": "dark"}}`))
		}
	})
	ctx := t.Context()
	one := func(o Object, err error) error {
		if err == nil && (o.ID() != "7" || o.Status() != "DOWN" || o.Reason() != "dark") {
			return errors.New("not read as written")
		}
		return err
	}
	two := func(list []Object, err error) error {
		if err == nil && (len(list) != 2 || list[1].ID() != "8") {
			return fmt.Errorf("list %v", list)
		}
		return err
	}
	for _, call := range []struct {
		do                 func() error
		method, path, sent string
	}{
		{func() error { return one(c.Create(ctx, RemoteGateways, Object{"name": "x"})) }, "POST", "/v2.0/l2-remote-gateways", `{"l2_remote_gateway":{"name":"x"}}`},
		{func() error { return one(c.Show(ctx, RemoteGateways, "7")) }, "GET", "/v2.0/l2-remote-gateways/7", `null`},
		{func() error { return one(c.Update(ctx, RemoteGateways, "7", Object{"name": "y"})) }, "PUT", "/v2.0/l2-remote-gateways/7", `{"l2_remote_gateway":{"name":"y"}}`},
		{func() error { return c.Delete(ctx, RemoteGateways, "7") }, "DELETE", "/v2.0/l2-remote-gateways/7", `null`},
		{func() error {
			return two(c.CreateAll(ctx, RemoteGateways, []Object{{"name": "x"}, {"name": "y"}}))
		}, "POST", "/v2.0/l2-remote-gateways", `{"l2_remote_gateways":[{"name":"x"},{"name":"y"}]}`},
		{func() error { return two(c.Find(ctx, RemoteGateways, "name", "a b")) }, "GET", "/v2.0/l2-remote-gateways?name=a+b", `null`},
		{func() error { return two(c.List(ctx, RemoteGateways)) }, "GET", "/v2.0/l2-remote-gateways", `null`},
	} {
		if err := call.do(); err != nil {
			t.Errorf("%s: %v", call.method, err)
		}
		if method != call.method || path != call.path || sent != call.sent {
			t.Errorf("sent %s %s %s, want %s %s %s", method, path, sent, call.method, call.path, call.sent)
		}
	}
}

func TestTokensAreShown(t *testing.T) {
	var shown []string
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { shown = append(shown, r.Header.Get("X-Auth-Token")) })
	if err := errors.Join(c.As("secret").Ready(t.Context()), c.Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(shown, []string{"secret", ""}) {
		t.Errorf("shown %q", shown)
	}
}

func TestRefusalsAreRead(t *testing.T) {
	for _, answer := range []struct{ body, want string }{
		{`{"NeutronError": {"type": "L2GatewayInUse", "message": "it is in use", "detail": ""}}`, "DELETE /v2.0/l2-gateways/7: 409 L2GatewayInUse: it is in use"},
		{`<html>`, "DELETE /v2.0/l2-gateways/7: 409 : without a NeutronError"},
	} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(answer.body))
		})
		err := c.Delete(t.Context(), Gateways, "7")
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Status != http.StatusConflict || err.Error() != answer.want {
			t.Errorf("got %v, want %s", err, answer.want)
		}
	}
}

func TestAwaitStatus(t *testing.T) {
	var calls atomic.Int32
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		status := "PENDING"
		if calls.Add(1) > 2 {
			status = "ACTIVE"
		}
		_, _ = w.Write([]byte(`{"l2_gateway_connection": {"id": "7", "status": "` + status + `", "status_reason": "soon"}}`))
	})
	if o, err := c.AwaitStatus(t.Context(), Connections, "7", "ACTIVE"); err != nil || o.Status() != "ACTIVE" {
		t.Errorf("%v, %v", o, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := c.AwaitStatus(ctx, Connections, "7", "DOWN")
	if err == nil || !strings.Contains(err.Error(), "DOWN") && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
