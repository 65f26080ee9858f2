package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct{ in, wrong string }{
		{"tcp:192.0.2.1:6640", ""},
		{"tcp:[2001:db8::1]:6640", ""},
		{"ssl:switch.example:6640", ""},
		{"unix:/run/openvswitch/db.sock", ""},
		{"unix:/with a space/50%/db?#.sock", ""},
		{"", "use tcp:HOST:PORT"},
		{"192.0.2.1:6640", "use tcp:HOST:PORT"},
		{"udp:192.0.2.1:6640", "use tcp:HOST:PORT"},
		{"tcp:192.0.2.1", "want HOST:PORT"},
		{"tcp::6640", "want HOST:PORT"},
		{"tcp:2001:db8::1:6640", "in brackets"},
		{"ssl:192.0.2.1:port", "not a port"},
		{"ssl:192.0.2.1:0", "not a port"},
		{"tcp:192.0.2.1:65536", "not a port"},
		{"unix:db.sock", "must be absolute"},
		{"ptcp:6640", "for switches to dial"},
	} {
		err := ParseAddress(c.in)
		if c.wrong == "" && err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		if c.wrong != "" {
			if err := errorIs(err, c.wrong, fmt.Sprintf("%q", c.in)); err != nil {
				t.Errorf("%q: %v", c.in, err)
			}
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"tcp:192.0.2.1:6640", "unix:/a b", "ssl:[::1]:1", "ptcp:", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAddress(s)
		if err == nil && a.scheme+":"+a.target != s {
			t.Fatalf("%q became %+v", s, a)
		}
	})
}

func TestClientSpeaksEveryTransport(t *testing.T) {
	authority := testenv.NewAuthority(t)
	db := testenv.StartOVSDB(t, testenv.WithTLS(authority.Issue(t, "server")))
	mine := authority.Issue(t, "client")
	odd := filepath.Join(db.Dir, "a %20 b?")
	if err := os.Symlink(strings.TrimPrefix(db.Unix, "unix:"), odd); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{db.Unix, db.TCP, db.SSL, "unix:" + odd} {
		c := start(t, Config{Address: address, TLS: TLS{CA: mine.CA, Certificate: mine.Cert, PrivateKey: mine.Key}})
		testenv.Eventually(t, soon, address, c.Err)
		want := blue()
		want.Name += address
		reach(t, c, want)
	}
}

func TestErrSaysWhatIsWrong(t *testing.T) {
	authority, stranger := testenv.NewAuthority(t), testenv.NewAuthority(t)
	db := testenv.StartOVSDB(t, testenv.WithTLS(authority.Issue(t, "server")))
	mine, theirs := authority.Issue(t, "client"), stranger.Issue(t, "client")
	files := func(f testenv.TLSFiles) TLS { return TLS{CA: f.CA, Certificate: f.Cert, PrivateKey: f.Key} }
	other := testenv.StartOVSDB(t, testenv.WithSchema(testenv.ChangedSchema(t, func(s map[string]any) { s["name"] = "Open_vSwitch" })))
	poor := testenv.StartOVSDB(t, testenv.WithSchema(testenv.SchemaWithout(t, "Physical_Switch.tunnel_ips")))
	for _, c := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"nobody listens", Config{Address: "unix:" + filepath.Join(t.TempDir(), "none")}, []string{"no such file"}},
		{"another authority", Config{Address: db.SSL, TLS: files(theirs)}, []string{"certificate is not of the given authority"}},
		{"no certificate", Config{Address: db.SSL, TLS: TLS{CA: mine.CA}}, []string{"server refuses", "certificate"}},
		{"a stranger's certificate", Config{Address: db.SSL, TLS: TLS{CA: mine.CA, Certificate: theirs.Cert, PrivateKey: theirs.Key}}, []string{"server refuses"}},
		{"another database", Config{Address: other.Unix}, []string{"no database hardware_vtep"}},
		{"a schema that lacks a column", Config{Address: poor.Unix}, []string{"lacks what is needed", "tunnel_ips"}},
	} {
		client := start(t, c.cfg)
		testenv.Eventually(t, soon, c.name, func() error { return errorIs(client.Err(), c.want...) })
		for _, err := range client.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, blue())}) {
			if !errors.Is(err, ErrNotConnected) {
				t.Errorf("%s: Apply: %v", c.name, err)
			}
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	authority := testenv.NewAuthority(t)
	mine, other := authority.Issue(t, "mine"), authority.Issue(t, "other")
	for _, c := range []struct {
		tls  TLS
		want string
	}{
		{TLS{}, "needs the certificate of the authority"},
		{TLS{CA: "/nowhere.pem"}, "no such file"},
		{TLS{CA: mine.Key}, "no certificate"},
		{TLS{CA: mine.CA, Certificate: mine.Cert}, "given together"},
		{TLS{CA: mine.CA, Certificate: mine.Cert, PrivateKey: other.Key}, "does not match"},
	} {
		_, err := New(Config{Address: "ssl:192.0.2.1:6640", TLS: c.tls})
		if err := errorIs(err, c.want); err != nil {
			t.Error(err)
		}
	}
}

func TestClientComesBack(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	want := blue()
	reach(t, c, want)
	for name, interrupt := range map[string]func(){
		"stop": func() { db.Stop(t); gone(t, c, want); db.Start(t) },
		"kill": func() { db.Kill(t); gone(t, c, want); db.Start(t) },
	} {
		c.Take()
		interrupt()
		shows(t, c, want)
		if !c.Take().Resync {
			t.Errorf("after a %s: no Resync", name)
		}
	}
	db.Wipe(t)
	testenv.Eventually(t, soon, "the empty database is shown", func() error {
		if names := c.LogicalSwitchNames(); len(names) > 0 {
			return fmt.Errorf("%q", names)
		}
		return c.Err()
	})
	reach(t, c, want)
}

// gone waits until the client knows that the connection is lost; what it shows
// stays.
func gone(t *testing.T, c *Client, want *hwvtep.LogicalSwitch) {
	t.Helper()
	testenv.Eventually(t, soon, "the connection is known to be lost", func() error { return errorIs(c.Err(), "") })
	if got := c.LogicalSwitch(want.Name); !got.Equal(want) {
		t.Errorf("while disconnected: %+v", got)
	}
}
