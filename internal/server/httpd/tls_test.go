package httpd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// secure serves with a certificate until the test ends.
func secure(t *testing.T, files testenv.TLSFiles) (addr string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	certificate, err := OpenCertificate(log, files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ListenLoopback(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, Watched(certificate.Listener(l)), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS == nil || r.ProtoMajor != 1 {
				t.Errorf("TLS %v, %s", r.TLS, r.Proto)
			}
			hello(w, r)
		}), Limits{}, log)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// shown gives the name in the certificate that a server shows.
func shown(t *testing.T, addr string, authority testenv.TLSFiles) (string, error) {
	t.Helper()
	pem, err := os.ReadFile(authority.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Get("https://" + addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	return res.TLS.PeerCertificates[0].Subject.CommonName, nil
}

func TestTLS(t *testing.T) {
	authority := testenv.NewAuthority(t)
	files, renewed := authority.Issue(t, "first"), authority.Issue(t, "renewed")
	addr := secure(t, files)
	if name, err := shown(t, addr, files); name != "first" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	// A key that does not fit leaves what was there; the two that fit count.
	for _, step := range []struct{ from, to, want string }{{renewed.Key, files.Key, "first"}, {renewed.Cert, files.Cert, "renewed"}} {
		if err := os.Rename(step.from, step.to); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 10*time.Second, "certificate "+step.want, func() error {
			name, err := shown(t, addr, files)
			if err == nil && name != step.want {
				err = errors.New(name)
			}
			return err
		})
	}
}

func TestSilentAndPlainClientsOfTLS(t *testing.T) {
	files := testenv.NewAuthority(t).Issue(t, "s")
	addr := secure(t, files)
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	if got := send(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.Contains(got, "400 Bad Request") {
		t.Errorf("plain HTTP: %q", got)
	}
	if _, err := shown(t, addr, files); err != nil {
		t.Error(err)
	}
}

func TestBadCertificate(t *testing.T) {
	files := testenv.NewAuthority(t).Issue(t, "s")
	for _, f := range [][2]string{{files.Cert, "/none"}, {files.Key, files.Key}, {files.CA, files.Key}} {
		_, err := OpenCertificate(slog.Default(), f[0], f[1])
		if err == nil || !strings.Contains(err.Error(), f[0]) || !strings.Contains(err.Error(), f[1]) {
			t.Errorf("%v: %v", f, err)
		}
	}
}
