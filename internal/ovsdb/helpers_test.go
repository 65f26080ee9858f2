package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 60 * time.Second // tests with -race on a busy machine

var (
	node   = locator("10.0.0.11", hwvtep.Key{})
	node2  = locator("10.0.0.12", hwvtep.Key{})
	remote = locator("203.0.113.2", hwvtep.NewKey(456))
)

func locator(addr string, key hwvtep.Key) hwvtep.Locator {
	return hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr(addr), Key: key}
}

func mac(n int) ethernet.MAC {
	return ethernet.MAC{2, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}
}

// testLog keeps what is logged.
type testLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *testLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *testLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// start runs a client until the end of the test.
func start(t testing.TB, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	runs(t, c.Run)
	return c
}

// runs has something run until the end of the test.
func runs(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// connected is start, waiting for the connection.
func connected(t testing.TB, db *testenv.OVSDB) *Client {
	t.Helper()
	c := start(t, Config{Address: db.Unix})
	testenv.Eventually(t, soon, "connected", c.Err)
	return c
}

// apply applies a delta that must not fail.
func apply(t testing.TB, c *Client, deltas ...hwvtep.Delta) {
	t.Helper()
	for name, err := range c.Apply(context.Background(), deltas) {
		t.Fatalf("apply %s: %v", name, err)
	}
}

// reach makes a logical switch what is desired.
func reach(t testing.TB, c *Client, desired *hwvtep.LogicalSwitch) {
	t.Helper()
	apply(t, c, hwvtep.Diff(c.LogicalSwitch(desired.Name), desired))
	if got := c.LogicalSwitch(desired.Name); !got.Equal(desired) {
		t.Fatalf("after Apply: %+v, want %+v", got, desired)
	}
}

// shows waits until the client shows a logical switch like that.
func shows(t testing.TB, c *Client, want *hwvtep.LogicalSwitch) {
	t.Helper()
	testenv.Eventually(t, soon, "the client shows "+want.Name, func() error {
		if err := c.Err(); err != nil {
			return err
		}
		if got := c.LogicalSwitch(want.Name); !got.Equal(want) {
			return fmt.Errorf("got %+v, want %+v", got, want)
		}
		return nil
	})
}

// blue is a logical switch with a bit of everything.
func blue() *hwvtep.LogicalSwitch {
	s := hwvtep.NewLogicalSwitch("landbridge/blue", hwvtep.NewKey(123))
	s.Description, s.Replication = "blue", hwvtep.SourceNode
	s.Ucast.Add(hwvtep.Ucast{MAC: mac(1), Locator: node})
	s.Ucast.Add(hwvtep.Ucast{MAC: mac(2), Addr: netip.MustParseAddr("192.168.0.2"), Locator: remote})
	s.AddMcast(hwvtep.UnknownDst, node)
	s.AddMcast(hwvtep.UnknownDst, remote)
	s.AddMcast(hwvtep.AcceptOnly, node2)
	s.SetFilter(remote, hwvtep.FilterDHCP|hwvtep.FilterGateway)
	s.Gateways = hwvtep.SetOf(netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("fd00::1"))
	return s
}

func errorIs(err error, parts ...string) error {
	if err == nil {
		return errors.New("no error")
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			return fmt.Errorf("error %w, want %q in it", err, p)
		}
	}
	return nil
}
