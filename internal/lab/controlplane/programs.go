package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// The groups of the first server and the first agent.
const (
	firstServer = 61000
	firstAgent  = 61100
)

// program is what servers and agents have in common.
type program struct {
	*testenv.Program
	// Group is the system group that it runs in, alone, so that nftables tells
	// its connections from those of others.
	Group int

	metrics string
}

// Server is a landbridge-server, with a client of its API.
type Server struct {
	program
	*rest.Client
}

// Agent is a landbridge-agent.
type Agent struct {
	program
	Host string
}

func (w *World) program(name, binary, config, metrics string, group int) program {
	p := program{metrics: metrics, Group: group}
	p.Program = &testenv.Program{
		Name: name, Log: w.file(name + ".log"), Within: startWithin,
		Command: func() *exec.Cmd {
			return exec.Command("setpriv", fmt.Sprint("--regid=", group), "--clear-groups",
				filepath.Join(testenv.Programs(), binary), "--config", config)
		},
		Ready: func() error {
			_, err := p.read("/readyz")
			return err
		},
	}
	return p
}

func client(listen string) *rest.Client {
	return rest.New("http://"+listen, (&net.Dialer{}).DialContext)
}

// read gives a page of a program's metrics.
func (p program) read(path string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metrics+path, nil)
	if err != nil {
		return "", err
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, res.StatusCode, text)
	}
	return string(text), err
}

// Shows tells, by nil, that a program shows a metric: its name with labels and
// value.
func (p program) Shows(line string) error {
	text, err := p.read("/metrics")
	if err == nil && !strings.Contains(text, "\n"+line+"\n") {
		err = fmt.Errorf("no %s", line)
	}
	return err
}

// serves tells whether an agent serves a switch.
func (a *Agent) serves(o *testenv.OVSDB) bool {
	text, err := a.read("/metrics")
	return err == nil && strings.Contains(text, `landbridge_agent_assignment_epoch{database="`+o.TCP+`"}`)
}

// Leader waits until one of two servers leads, and gives it and the other.
func (w *World) Leader(t testing.TB) (leads, other *Server) {
	t.Helper()
	testenv.Eventually(t, startWithin, "a server leads", func() error {
		for i, s := range w.Servers {
			if s.Shows("landbridge_server_leader 1") == nil {
				leads, other = s, w.Servers[1-i]
				return nil
			}
		}
		return errors.New("none does")
	})
	return leads, other
}

// Serving waits until a switch is served, and gives its agent and one of the
// others.
func (w *World) Serving(t testing.TB, i int) (serves, other *Agent) {
	t.Helper()
	testenv.Eventually(t, startWithin, fmt.Sprintf("switch %d is served", i), func() error {
		for j, a := range w.Agents {
			if a.serves(w.Switches[i]) {
				serves, other = a, w.Agents[(j+1)%len(w.Agents)]
				return nil
			}
		}
		return errors.New("nobody serves it")
	})
	return serves, other
}
