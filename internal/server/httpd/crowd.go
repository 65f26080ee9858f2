package httpd

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// crowd bounds the connections of a server. Where one too many comes, the one
// goes that has waited longest without a request being answered – idle, silent
// or slow with its header – so that others are still served however many of
// those there are.
type crowd struct {
	most    int
	mu      sync.Mutex
	seats   map[net.Conn]*seat
	waiting list.List // of *seat; who has waited longest is in front
}

// seat is the place of one connection.
type seat struct {
	conn  net.Conn
	busy  int           // requests that are being answered
	place *list.Element // among those that wait; nil: not there
}

type seatKey struct{}

func newCrowd(most int) *crowd { return &crowd{most: most, seats: map[net.Conn]*seat{}} }

// enter is http.Server.ConnContext.
func (c *crowd) enter(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &seat{conn: conn}
	s.place = c.waiting.PushBack(s)
	c.seats[conn] = s
	if len(c.seats) > c.most {
		c.evict()
	}
	return context.WithValue(ctx, seatKey{}, s)
}

// evict closes the connection that has waited longest, the new one where all
// others are busy. It leaves when the server sees it.
func (c *crowd) evict() {
	first := c.waiting.Front()
	gone := c.waiting.Remove(first).(*seat)
	gone.place = nil
	delete(c.seats, gone.conn)
	_ = gone.conn.Close() // nothing can be done about it
}

// turn is http.Server.ConnState.
func (c *crowd) turn(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.seats[conn]; s != nil {
		delete(c.seats, conn)
		c.leave(s)
	}
}

func (c *crowd) leave(s *seat) {
	if s.place != nil {
		c.waiting.Remove(s.place)
		s.place = nil
	}
}

// wrap tells which connections are busy.
func (c *crowd) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := r.Context().Value(seatKey{}).(*seat); ok {
			c.work(s, 1)
			defer c.work(s, -1)
		}
		next.ServeHTTP(w, r)
	})
}

func (c *crowd) work(s *seat, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.busy += more
	c.leave(s)
	if s.busy == 0 && c.seats[s.conn] == s {
		s.place = c.waiting.PushBack(s)
	}
}
