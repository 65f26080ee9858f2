package control

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"landbridge/bench/cpu"
	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/objects"
	"landbridge/bench/vtepdb"
	"landbridge/internal/lab/testenv"
)

// cost is that of one more change, in the middle of some.
type cost struct{ latency, server, agent time.Duration }

// A server that has used no more than busy for quiet is in no full pass.
const (
	quiet = 300 * time.Millisecond
	busy  = 5 * time.Millisecond
)

// change gives the cost of one more remote MAC, between two full passes: they have
// a figure of their own.
func (l *large) change() cost {
	b := l.b
	b.Helper()
	l.follow()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	c := load.NewClient(l.servers[0])
	defer c.Close()
	l.passOver()
	var latency, server, agent measure.Sample
	for n := range changes {
		beforeServer, beforeAgent := l.spent()
		began := time.Now()
		_, err := l.remoteMACs.Make(ctx, c, n)
		must(b, err)
		row, err := l.watch.Row(ctx, vtepdb.MAC(objects.RemoteMAC(n)), false)
		must(b, err)
		l.told()
		afterServer, afterAgent := l.spent()
		latency = append(latency, row.There.Sub(began))
		server, agent = append(server, afterServer-beforeServer), append(agent, afterAgent-beforeAgent)
	}
	return cost{latency.Median(), server.Median(), agent.Median()}
}

// passOver waits until the server is in no full pass.
func (l *large) passOver() {
	l.b.Helper()
	was, since := time.Duration(0), time.Now()
	testenv.Eventually(l.b, patience, "the server is between two full passes", func() error {
		now, _ := l.spent()
		if now-was > busy {
			was, since = now, time.Now()
		}
		if idle := time.Since(since); idle < quiet {
			return fmt.Errorf("it has been idle for %v, want %v", idle, quiet)
		}
		return nil
	})
}

// told waits until the server says that the last change is there.
func (l *large) told() {
	l.b.Helper()
	c := load.NewClient(l.servers[0])
	defer c.Close()
	testenv.Eventually(l.b, patience, "the remote connection is ACTIVE", func() error {
		_, err := c.Do(l.b.Context(), load.Request{Method: http.MethodGet, Path: objects.RemoteConnections("", "").Path, See: func(body []byte) error {
			if !strings.Contains(string(body), `"ACTIVE"`) {
				return fmt.Errorf("it is %s", body)
			}
			return nil
		}})
		return err
	})
}

// spent gives the CPU times of server and agent.
func (l *large) spent() (server, agent time.Duration) {
	l.b.Helper()
	server, err := cpu.Of(l.server.PID())
	must(l.b, err)
	agent, err = cpu.Of(l.agent.PID())
	must(l.b, err)
	return server, agent
}
