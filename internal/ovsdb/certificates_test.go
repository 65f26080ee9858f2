package ovsdb

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"landbridge/internal/lab/testenv"
)

// The example in docs makes certificates that a switch and a listener accept of
// each other.
func TestTheExampleOfCertificates(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join("..", "..", "docs", "examples", "certificates.sh")
	for _, names := range [][]string{{"server.example.org"}, {"gw-1.example.org", "gw-2.example.org"}} {
		if out, err := exec.Command(script, append([]string{dir}, names...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s (Debian package openssl): %v: %s", script, err, out)
		}
	}
	of := func(name string) testenv.TLSFiles {
		return testenv.TLSFiles{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+"-key.pem")}
	}
	if info, err := os.Stat(of("server.example.org").Key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
	ours := of("server.example.org")
	b := listen(t, "ssl", ListenConfig{
		TLS:   TLS{CA: ours.CA, Certificate: ours.Cert, PrivateKey: ours.Key},
		Names: map[string][]string{"gw-1.example.org": {"sw0"}},
	})
	b.caller(t, "sw0", testenv.WithTLS(of("gw-2.example.org")))
	b.refuses(t, `of \"gw-2.example.org\"`)
	c := dialled(t, "sw0")
	b.caller(t, "sw0", testenv.WithTLS(of("gw-1.example.org")))
	c.Answer(b.next(t))
	testenv.Eventually(t, soon, "connected", c.Err)
	reach(t, c, blue())
}
