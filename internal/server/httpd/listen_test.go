package httpd

import (
	"net"
	"strings"
	"testing"
)

func TestListenLoopback(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "127.8.9.10:0", "[::1]:0", "[::ffff:127.0.0.1]:0"} {
		l, err := ListenLoopback(t.Context(), addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			t.Errorf("%s listens on %s", addr, ip)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestListenLoopbackRefuses(t *testing.T) {
	for addr, part := range map[string]string{
		":9696":                  "without a host it means every address: there is no authentication",
		"0.0.0.0:9696":           "0.0.0.0 is not loopback: there is no authentication",
		"[::]:9696":              ":: is not loopback",
		"192.0.2.1:9696":         "192.0.2.1 is not loopback",
		"[::ffff:192.0.2.1]:1":   "192.0.2.1 is not loopback",
		"[fe80::1]:9696":         "use a loopback address: 127.0.0.1, [::1] or localhost",
		"127.0.0.1":              "is not host:port",
		"127.0.0.1:http":         `port "http" is not a number`,
		"127.0.0.1:65536":        `port "65536" is not a number`,
		"":                       "is not host:port",
		"nowhere.invalid:9696":   `host "nowhere.invalid"`,
		"127.0.0.1:-1":           "is not a number",
		"http://127.0.0.1:9696/": "is not host:port",
	} {
		l, err := ListenLoopback(t.Context(), addr)
		if err == nil {
			_ = l.Close()
			t.Errorf("%q: listens on %s", addr, l.Addr())
			continue
		}
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v, wanted %q in it", addr, err, part)
		}
	}
}

func TestPortInUse(t *testing.T) {
	first, err := ListenLoopback(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	second, err := ListenLoopback(t.Context(), first.Addr().String())
	if err == nil {
		_ = second.Close()
		t.Fatal("two listeners have one port")
	}
	if !strings.Contains(err.Error(), "another program has the port") || !strings.Contains(err.Error(), first.Addr().String()) {
		t.Errorf("port in use: %v", err)
	}
}
