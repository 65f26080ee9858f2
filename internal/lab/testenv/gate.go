package testenv

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Gate stands between clients and the server of an OVSDB address, and can hold
// back what the clients send: as if they had been stopped in the middle of it.
type Gate struct {
	Address string // tcp:HOST:PORT, for the clients

	target string
	mu     sync.Mutex
	cond   *sync.Cond
	left   int // bytes that may still pass; -1: any number
	closed bool
}

// NewGate starts an open gate in front of a unix: address. It ends with its
// test.
func NewGate(t testing.TB, address string) *Gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{Address: "tcp:" + l.Addr().String(), target: strings.TrimPrefix(address, "unix:"), left: -1}
	g.cond = sync.NewCond(&g.mu)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { g.join(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		g.set(func() { g.closed = true })
		all.Wait()
	})
	return g
}

// Hold lets that many bytes pass to the server, and no more until Open.
func (g *Gate) Hold(after int) { g.set(func() { g.left = after }) }

// Open lets everything pass.
func (g *Gate) Open() { g.set(func() { g.left = -1 }) }

func (g *Gate) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	g.cond.Broadcast()
}

// join connects a client with the server until one of them hangs up.
func (g *Gate) join(client net.Conn) {
	server, err := net.Dial("unix", g.target)
	if err != nil {
		_ = client.Close()
		return
	}
	hangUp := sync.OnceFunc(func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer hangUp()
	var back sync.WaitGroup
	defer back.Wait()
	back.Go(func() {
		_, _ = io.Copy(client, server)
		hangUp()
	})
	defer hangUp()
	buffer := make([]byte, 4096)
	for {
		n, err := client.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			pass := g.pass(len(rest))
			if pass == 0 {
				return
			}
			if _, err := server.Write(rest[:pass]); err != nil {
				return
			}
			rest = rest[pass:]
		}
		if err != nil {
			return
		}
	}
}

// pass waits until some of n bytes may pass and gives how many; 0 at the end.
func (g *Gate) pass(n int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.left == 0 && !g.closed {
		g.cond.Wait()
	}
	switch {
	case g.closed:
		return 0
	case g.left < 0:
		return n
	}
	n = min(n, g.left)
	g.left -= n
	return n
}
