package peers

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 20 * time.Second

func listen(t *testing.T, own string, port uint16, peers ...string) *Link {
	t.Helper()
	var addrs []netip.Addr
	for _, p := range peers {
		addrs = append(addrs, netip.MustParseAddr(p))
	}
	l, err := Listen(netip.MustParseAddr(own), port, addrs, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

// freePort gives one of UDP that nobody has at an address.
func freePort(t *testing.T, at string) uint16 {
	t.Helper()
	c, err := net.ListenPacket("udp", at+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return uint16(c.LocalAddr().(*net.UDPAddr).Port)
}

func TestPeersHearEachOtherAndNobodyElse(t *testing.T) {
	port := freePort(t, "127.0.0.2")
	a := listen(t, "127.0.0.2", port, "127.0.0.3")
	b := listen(t, "127.0.0.3", port, "127.0.0.2")
	stranger := listen(t, "127.0.0.4", port, "127.0.0.3")
	if _, err := stranger.conn.WriteToUDPAddrPort([]byte("no claims"), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), port)); err != nil {
		t.Fatal(err)
	}
	stranger.Send([]Claim{{Of("stolen"), 99}})
	var claims []Claim
	for i := range 2*mostClaims + 1 {
		claims = append(claims, Claim{Of("net"), uint64(i)})
	}
	a.Send(claims)
	var got []Claim
	deadline := time.After(soon)
	for len(got) < len(claims) {
		select {
		case m := <-b.Heard():
			if m.From != netip.MustParseAddr("127.0.0.2") {
				t.Errorf("heard of %s", m.From)
			}
			got = append(got, m.Claims...)
		case <-deadline:
			t.Fatalf("%d of %d claims", len(got), len(claims))
		}
	}
	if !slices.Equal(got, claims) {
		t.Error("other claims than were sent")
	}
}

func TestAnAddressThatComesLater(t *testing.T) {
	l, err := Listen(netip.MustParseAddr("192.0.2.77"), 14789, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_ = l.conn.Close()
	taken := listen(t, "127.0.0.2", freePort(t, "127.0.0.2"))
	if _, err := Listen(netip.MustParseAddr("127.0.0.2"), taken.port, nil, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("one port for two")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode([]Claim{{Of("net"), 3}}))
	f.Add(encode(nil))
	f.Add([]byte("LBWAN"))
	f.Fuzz(func(t *testing.T, p []byte) {
		claims, err := decode(p)
		if err == nil && string(encode(claims)) != string(p) {
			t.Errorf("%x becomes %v", p, claims)
		}
	})
}
