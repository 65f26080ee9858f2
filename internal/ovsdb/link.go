package ovsdb

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"landbridge/internal/ovsdb/wire"
)

// link is a connection that speaks JSON-RPC 1.0. One goroutine reads from it, any may
// write.
type link struct {
	conn    net.Conn
	in      *wire.Scanner
	intake  *intake
	writing sync.Mutex
}

func newLink(conn net.Conn) *link {
	in := &intake{conn: conn}
	return &link{conn: conn, in: wire.NewScanner(in), intake: in}
}

// intake counts the bytes that come.
type intake struct {
	conn     net.Conn
	got      atomic.Uint64
	most     uint64        // bytes that may come; 0: any number
	patience time.Duration // how long the next ones may take; 0: whatever the deadline of conn says
}

// Read implements io.Reader.
func (i *intake) Read(b []byte) (int, error) {
	if i.most > 0 {
		left := i.most - min(i.most, i.got.Load())
		if left == 0 {
			return 0, fmt.Errorf("more than %d bytes came", i.most)
		}
		b = b[:min(uint64(len(b)), left)]
	}
	if i.patience > 0 {
		if err := i.conn.SetReadDeadline(time.Now().Add(i.patience)); err != nil {
			return 0, err
		}
	}
	n, err := i.conn.Read(b)
	i.got.Add(uint64(n))
	return n, err
}

// send writes one message. After an error half of it may have gone out, so that the
// connection is of no use any more.
func (l *link) send(text []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(callWithin)); err != nil {
		return err
	}
	_, err := l.conn.Write(text)
	return err
}

// answer answers a request of the other side: it may try whether the connection is
// alive.
func (l *link) answer(m wire.Message) error {
	switch {
	case m.ID == nil: // a notification
		return nil
	case m.Method == methodEcho && m.Params != nil:
		return l.send(wire.AppendAnswer(nil, m.ID, string(m.Params), "null"))
	}
	return l.send(wire.AppendAnswer(nil, m.ID, "null", `"unknown method, or no parameters"`))
}

// failure is an error that the other side has answered.
type failure struct{ text string }

func (f *failure) Error() string { return "it answers " + f.text }

// call makes a request and waits for its answer, before anybody else reads from the
// link. result reads what the answer is.
func (l *link) call(method string, params []byte, result func(in *wire.Scanner)) error {
	id := `"` + method + `"`
	sent := l.send(wire.AppendRequest(nil, id, method, params))
	for {
		m, err := l.in.Message(wire.Handler{Result: func() { result(l.in) }})
		switch {
		case err != nil:
			return foremost(sent, err)
		case m.Method != "":
			err = l.answer(m)
		case string(m.ID) != id:
		case m.Error != nil:
			return &failure{string(m.Error)}
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// foremost is the error that says why a request has no answer. Who refuses a
// certificate says so to whoever reads, while writing just fails.
func foremost(sent, read error) error {
	var op *net.OpError
	if sent != nil && (!errors.As(read, &op) || op.Op != "remote error") {
		return sent
	}
	return read
}
