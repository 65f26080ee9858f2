package oslomsg

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// python runs a script of testdata with oslo.messaging of Debian's package. Its
// lines come by the channel; stop ends it in good order.
func python(t *testing.T, script string, args ...string) (lines <-chan string, stop func()) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/" + script}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = t.Output()
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatalf("%v (Debian package python3-oslo.messaging)", err)
	}
	all := make(chan string, 100)
	go func() {
		defer close(all)
		for s := bufio.NewScanner(out); s.Scan(); {
			all <- s.Text()
		}
	}()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		_ = in.Close() // a client does not read
		kill := time.AfterFunc(soon, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		for range all {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", script, err)
		}
	}
	t.Cleanup(stop)
	return all, stop
}

// line waits for a line of a script.
func line(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case text, ok := <-lines:
		if !ok {
			t.Fatal("the script has ended")
		}
		return text
	case <-time.After(soon):
		t.Fatal("the script says nothing")
	}
	return ""
}

// We call a server of OpenStack's own library.
func TestPythonServer(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	lines, stop := python(t, "server.py", broker.Get(t).URL(""), cfg.Exchange, to.Name, to.Host)
	if got := line(t, lines); got != "ready" {
		t.Fatal(got)
	}
	c := newClient(t, cfg)
	ctx := AdminContext()
	m := Message{Topic: to.Name, Method: "add", Version: "1.1", Args: map[string]int{"a": 2, "b": 3}, Context: ctx}
	var sum struct {
		Sum       int
		RequestID string `json:"request_id"`
	}
	for _, m.Host = range []string{"", to.Host} {
		if err := c.Call(in(t, soon), m, &sum); err != nil || sum.Sum != 5 || sum.RequestID != ctx["request_id"] {
			t.Errorf("host %q: %+v: %v", m.Host, sum, err)
		}
	}
	var text string
	m.Namespace, m.Version = "named", "2.0"
	if err := c.Call(in(t, soon), m, &text); err != nil || text != "named" {
		t.Errorf("%q: %v", text, err)
	}
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "large", Args: map[string]int{"n": 1 << 20}, Context: ctx}, &text); err != nil || len(text) != 1<<20 {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	for want, m := range map[string]Message{
		"builtins.ValueError: no such \u2603":                                         {Method: "fail"},
		"oslo_messaging.rpc.dispatcher.NoSuchMethod: Endpoint does not support":       {Method: "absent"},
		"oslo_messaging.rpc.dispatcher.UnsupportedVersion: Endpoint does not support": {Method: "add", Version: "9.9"},
	} {
		m.Topic, m.Context = to.Name, ctx
		err := c.Call(in(t, soon), m, nil)
		var remote *RemoteError
		if !errors.As(err, &remote) || !strings.HasPrefix(remote.Error(), want) || !strings.Contains(strings.Join(remote.Trace, ""), "Traceback") {
			t.Errorf("%s: %+v: %v", m.Method, remote, err)
		}
	}
	notes(t, c, to, lines)
	stop()
}

func notes(t *testing.T, c *Client, to Topic, lines <-chan string) {
	t.Helper()
	note := func(text string) Message {
		return Message{Topic: to.Name, Method: "note", Args: map[string]string{"text": text}, Context: AdminContext()}
	}
	host := note("cast host")
	host.Host = to.Host
	for what, err := range map[string]error{
		"cast": c.Cast(in(t, soon), note("cast")), "cast host": c.Cast(in(t, soon), host), "fanout": c.Fanout(in(t, soon), note("fanout")),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	got := []string{line(t, lines), line(t, lines), line(t, lines)}
	slices.Sort(got)
	if want := []string{"note cast", "note cast host", "note fanout"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A client of OpenStack's own library calls us.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	var heard diary
	newServer(t, cfg, Service{Topics: []Topic{to}, Concurrency: 2, Handlers: map[string]Handler{
		"echo": echo,
		"request": func(_ context.Context, r Request) (any, error) {
			return []any{r.Namespace, r.Version, r.Context["request_id"], r.Reply}, nil
		},
		"plain": func(context.Context, Request) (any, error) { return nil, errors.New("broken \u2603") },
		"named": func(context.Context, Request) (any, error) {
			return nil, &RemoteError{Class: "KeyError", Module: "builtins", Message: "key"}
		},
		"wait": func(ctx context.Context, r Request) (any, error) {
			var args struct{ Seconds int }
			if err := json.Unmarshal(r.Args, &args); err != nil {
				return nil, err
			}
			select {
			case <-time.After(time.Duration(args.Seconds) * time.Second):
				return "waited", nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		"note": func(_ context.Context, r Request) (any, error) { heard.add(string(r.Args)); return nil, nil },
	}})
	lines, _ := python(t, "client.py", broker.Get(t).URL(""), cfg.Exchange, to.Name, to.Host)
	for _, want := range []string{
		`["call", {"text": "\u2603 <&>", "n": null}]`,
		`["call host", ["n", "1.1", "req-1", true]]`,
		`["builtin", "RuntimeError", "broken \u2603"]`,
		`["named", "KeyError", "'key\\n'"]`,
		`["unknown", "RemoteError", "Remote error: NoSuchMethod Endpoint does not support RPC method absent"]`,
		`["timeout", "MessagingTimeout", "Timed out waiting for a reply to message ID`,
		`["monitored", "waited"]`,
		`["cast", null]`, `["cast host", null]`, `["fanout", null]`,
	} {
		if got := line(t, lines); !strings.HasPrefix(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	count(t, "notes", 3, heard.len)
	slices.Sort(heard.lines)
	if want := []string{`{"text": "cast host"}`, `{"text": "cast"}`, `{"text": "fanout"}`}; !slices.Equal(heard.lines, want) {
		t.Errorf("%q", heard.lines)
	}
}
