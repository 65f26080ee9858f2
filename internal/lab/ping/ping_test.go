package ping

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// pair gives two joined namespaces, 192.0.2.1 and 192.0.2.2.
func pair(t *testing.T) (a, b *netns.Namespace) {
	t.Helper()
	testenv.RequireRoot(t)
	a, b = testenv.Namespace(t, "a"), testenv.Namespace(t, "b")
	err := errors.Join(
		netns.Veth(a, "eth0", b, "eth0"),
		a.AddAddr("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		b.AddAddr("eth0", netip.MustParsePrefix("192.0.2.2/24")),
		a.AddAddr("eth0", netip.MustParsePrefix("2001:db8::1/64")),
		b.AddAddr("eth0", netip.MustParsePrefix("2001:db8::2/64")),
	)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

func TestCountAccountsForEveryRequest(t *testing.T) {
	a, _ := pair(t)
	r, err := Count(t.Context(), a, netip.MustParseAddr("192.0.2.2"), 300, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent != 300 || r.Received != 300 || r.Duplicates != 0 || r.Lost() != 0 || r.RTT <= 0 {
		t.Errorf("%s, RTT %v", r, r.RTT)
	}
}

func TestIPv6(t *testing.T) {
	a, _ := pair(t)
	r, err := Count(t.Context(), a, netip.MustParseAddr("2001:db8::2"), 30, time.Millisecond)
	if err != nil || r.Sent != 30 || r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("%s, %v", r, err)
	}
}

// What is as large as a link carries passes whole; nothing larger is sent.
func TestSizes(t *testing.T) {
	a, b := pair(t)
	if err := errors.Join(a.SetMTU("eth0", 1400), b.SetMTU("eth0", 1400)); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"192.0.2.2", "2001:db8::2"} {
		for size, passes := range map[int]bool{0: true, 1400: true, 1401: false} {
			r, err := CountSized(t.Context(), a, netip.MustParseAddr(to), size, 3, time.Millisecond)
			if err != nil || (r.Lost() == 0) != passes || (r.SendError == nil) != passes {
				t.Errorf("%d bytes to %s: %s, %v", size, to, r, err)
			}
		}
	}
}

func TestLossIsSeen(t *testing.T) {
	a, _ := pair(t)
	r, err := Count(t.Context(), a, netip.MustParseAddr("192.0.2.9"), 3, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent != 3 || r.Received != 0 || r.Lost() != 3 || r.RTT != 0 {
		t.Errorf("nobody answers, but: %s", r)
	}
}

func TestSendErrorIsTold(t *testing.T) {
	a, _ := pair(t)
	r, err := Count(t.Context(), a, netip.MustParseAddr("198.51.100.1"), 1, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.SendError == nil || r.Lost() != 1 {
		t.Errorf("there is no route, but: %s", r)
	}
}

func TestPingersOfOneNamespaceAreToldApart(t *testing.T) {
	a, _ := pair(t)
	dst := netip.MustParseAddr("192.0.2.2")
	first, err := Start(a, dst, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Count(t.Context(), a, dst, 50, time.Millisecond)
	if err != nil {
		t.Error(err)
	}
	if r := first.Stop(); r.Lost() != 0 || r.Duplicates != 0 || r.Sent < 2 {
		t.Errorf("first: %s", r)
	}
	if second.Lost() != 0 || second.Duplicates != 0 {
		t.Errorf("second: %s", second)
	}
}

func TestCountEndsWithItsContext(t *testing.T) {
	a, _ := pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	r, err := Count(ctx, a, netip.MustParseAddr("192.0.2.2"), 100_000, time.Millisecond)
	if err != nil || r.Sent == 0 || r.Sent > 1000 {
		t.Errorf("%s, %v", r, err)
	}
}

func TestUntilEndsWithItsContext(t *testing.T) {
	a, _ := pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := Until(ctx, a, netip.MustParseAddr("192.0.2.9"), time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := Until(t.Context(), a, netip.MustParseAddr("192.0.2.2"), time.Millisecond); err != nil {
		t.Error(err)
	}
}

func TestResultReadsWell(t *testing.T) {
	r := Result{Sent: 3, Received: 1, Duplicates: 2, SendError: errors.New("no route")}
	if got, want := r.String(), "3 sent, 1 received, 2 lost, 2 duplicates: no route"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
