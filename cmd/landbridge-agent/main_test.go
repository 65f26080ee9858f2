package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBadStarts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	file := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(file, []byte("transport_url: 'rabbit://u:secret@127.0.0.1:1/v'\nswitches: ['tcp:127.0.0.1:1']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no servers":                        {nil, "transport_url is not set"},
		"an unknown flag":                   {[]string{"--hots", "x"}, "unknown flag: --hots"},
		"a stray word":                      {[]string{"now"}, "unknown command"},
		"a configuration that is not there": {[]string{"--config", "/nowhere.yaml"}, "/nowhere.yaml"},
		"a port of metrics in use":          {[]string{"--config", file, "--metrics-listen", taken.Addr().String()}, "another program has the port"},
		"an authority that is not there":    {[]string{"--config", file, "--metrics-listen", "none", "--switch", "ssl:127.0.0.1:1", "--tls-ca", "/nowhere.pem"}, "/nowhere.pem"},
		"a name that is none":               {[]string{"--config", file, "--host", "a/b"}, `--host: "a/b"`},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command()
			cmd.SetArgs(c.args)
			if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
	if version() == "" {
		t.Error("the program has no version")
	}
}
