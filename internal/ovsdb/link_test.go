package ovsdb

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// What may come of a connection is bounded, by bytes and by the time without any.
func TestIntake(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	go func() { _, _ = theirs.Write([]byte("12345678")) }()
	in := &intake{conn: ours, most: 6}
	for _, want := range []int{4, 2} {
		if n, err := in.Read(make([]byte, 4)); n != want || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	if _, err := in.Read(make([]byte, 4)); errorIs(err, "more than 6 bytes came") != nil {
		t.Error(err)
	}
	in.most, in.patience = 0, 10*time.Millisecond
	if n, err := in.Read(make([]byte, 4)); n != 2 || err != nil || in.got.Load() != 8 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, err := in.Read(make([]byte, 4)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// A refusal is told to who reads.
func TestForemostError(t *testing.T) {
	sent, closed := errors.New("broken pipe"), errors.New("closed")
	alert := &net.OpError{Op: "remote error", Err: errors.New("bad certificate")}
	for _, c := range []struct{ sent, read, want error }{
		{nil, closed, closed}, {sent, closed, sent}, {sent, alert, alert}, {nil, alert, alert},
	} {
		if got := foremost(c.sent, c.read); !errors.Is(got, c.want) {
			t.Errorf("%v and %v give %v", c.sent, c.read, got)
		}
	}
}
