package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"landbridge/internal/l2gw"
)

// load loads a file of the given text; "" is none.
func load(t *testing.T, text string, given map[string][]string) (Config, error) {
	t.Helper()
	if text == "" {
		return Load("", given)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load("f.yaml", given)
}

func TestDefaults(t *testing.T) {
	cfg, err := load(t, "", map[string][]string{"cloud-file": {"cloud.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen: "127.0.0.1:9696", Database: "sqlite:/var/lib/landbridge/server.db", MaxBulk: 64 << 20, Owner: "landbridge",
		LogLevel: slog.LevelInfo, Resync: 30 * time.Second, Cloud: Cloud{File: "cloud.yaml"},
		MetricsListen: "127.0.0.1:9796", Neutron: Neutron{Timeout: 5 * time.Minute}, Quotas: l2gw.Quota{}.With(nil),
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("%+v, want %+v", cfg, want)
	}
}

func TestFlagsGoBeforeTheFile(t *testing.T) {
	const file = `
listen: 127.0.0.1:1
log_level: warn
cloud: {file: a.yaml, announce: b.yaml}
switches: ["tcp:192.0.2.1:6640"]
`
	cfg, err := load(t, file, map[string][]string{
		"listen": {"[::1]:2"}, "switch": {"unix:/run/a.sock", "ssl:192.0.2.2:6640"}, "tls-ca": {"ca.pem"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen: "[::1]:2", Database: defaultDatabase, MaxBulk: 64 << 20, Owner: defaultOwner, LogLevel: slog.LevelWarn, Resync: 30 * time.Second,
		Cloud: Cloud{File: "a.yaml", Announce: "b.yaml"}, Switches: []string{"unix:/run/a.sock", "ssl:192.0.2.2:6640"}, TLS: TLS{CA: "ca.pem"},
		MetricsListen: "127.0.0.1:9796", Neutron: Neutron{Timeout: 5 * time.Minute}, Quotas: l2gw.Quota{}.With(nil),
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("%+v, want %+v", cfg, want)
	}
}

// What looks after the database needs no more of a configuration than that.
func TestLoadDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(file, []byte("database: postgresql+psycopg2://u:p@h/d\nlisten: nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		given map[string][]string
		want  string
	}{
		{"", nil, defaultDatabase},
		{file, nil, "postgresql+psycopg2://u:p@h/d"},
		{file, map[string][]string{"database": {"mysql://u@h/d"}}, "mysql://u@h/d"},
	} {
		if got, err := LoadDatabase(c.file, c.given); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	if got, err := LoadDatabase("", map[string][]string{"database": {"x"}}); err == nil {
		t.Errorf("got %q", got)
	}
}

func TestEveryFlagSetsItsKey(t *testing.T) {
	for _, f := range Flags() {
		var r raw
		f.put(&r, []string{"value"})
		if text := find(reflect.ValueOf(r), strings.Split(f.Key, ".")); text != "value" {
			t.Errorf("--%s sets %s to %q", f.Name, f.Key, text)
		}
	}
}

// find gives the text of a key of a raw file.
func find(v reflect.Value, path []string) string {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") != path[0] {
			continue
		}
		f := v.Field(i)
		switch {
		case len(path) > 1:
			return find(f, path[1:])
		case f.Kind() == reflect.Slice:
			f = f.Index(0)
		}
		return f.FieldByName("Text").String()
	}
	return "no such key"
}

func TestBadInput(t *testing.T) {
	const cloud = "cloud: {file: c.yaml}\n"
	flag := func(name, value string) map[string][]string {
		return map[string][]string{name: {value}, "cloud-file": {"c.yaml"}}
	}
	for _, c := range []struct {
		name  string
		file  string
		given map[string][]string
		want  string
	}{
		{name: "nothing", want: "--cloud-file"},
		{name: "an unknown key", file: cloud + "lisen: x\n", want: `f.yaml:2: unknown field "lisen"`},
		{name: "not host:port", file: cloud + "listen: 9696\n", want: `f.yaml:2: listen: "9696": is not host:port`},
		{name: "a port out of range", file: cloud + "listen: 127.0.0.1:70000\n", want: "0-65535"},
		{name: "all addresses", given: flag("listen", ":9696"), want: `--listen ":9696": is not a loopback address, and without auth.strategy keystone`},
		{name: "a public address", given: flag("listen", "192.0.2.1:9696"), want: "not a loopback address"},
		{name: "every IPv6 address", given: flag("listen", "[::]:9696"), want: "not a loopback address"},
		{name: "a host name", given: flag("listen", "gw.example:9696"), want: "not a loopback address"},
		{name: "another database", given: flag("database", "oracle:x"), want: `--database "oracle:…": is not a database`},
		{name: "a database with a password", given: flag("database", "oracle://u:secret@h/d"), want: `--database "oracle:…": is not a database`},
		{name: "when to upgrade", given: flag("database-upgrade", "never"), want: `--database-upgrade "never": must be auto or manual`},
		{name: "no bulk", given: flag("bulk-limit", "0"), want: `--bulk-limit "0": must be a number of MiB`},
		{name: "a size", file: cloud + "bulk_limit: 64MiB\n", want: `f.yaml:2: bulk_limit: "64MiB": must be a number of MiB`},
		{name: "one connection", given: flag("database-connections", "1"), want: `--database-connections "1": must be a number from 2`},
		{name: "no path of the database", given: flag("database", "sqlite:"), want: "write sqlite:PATH"},
		{name: "another driver", file: "cloud: {driver: aws, file: c.yaml}\n", want: `f.yaml:1: cloud.driver: "aws"`},
		{name: "announcement over the cloud's file", given: flag("announce-file", "c.yaml"), want: "would be overwritten"},
		{name: "an owner with a slash", given: flag("owner", "a/b"), want: `--owner "a/b": must be a word`},
		{name: "an empty owner", given: flag("owner", ""), want: "must be a word"},
		{name: "a log level", file: cloud + "log_level: loud\n", want: `f.yaml:2: log_level: "loud"`},
		{name: "resync", given: flag("resync", "5"), want: `--resync "5": must be a time`},
		{name: "resync too short", given: flag("resync", "10ms"), want: "from 1s to 1h"},
		{name: "a bad switch", file: cloud + "switches:\n  - unix:/a\n  - udp:1.2.3.4:5\n", want: `f.yaml:4: switches[1]: "udp:1.2.3.4:5"`},
		{name: "a bad switch by flag", given: flag("switch", "tcp:1.2.3.4"), want: `--switch "tcp:1.2.3.4"`},
		{name: "a switch twice", file: cloud + "switches: ['unix:/a', 'unix:/a']\n", want: "given twice"},
		{name: "ssl without authority", given: flag("switch", "ssl:192.0.2.1:6640"), want: "--tls-ca"},
		{name: "a certificate without key", given: flag("tls-certificate", "c.pem"), want: "--tls-private-key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.file, c.given)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q in one line", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent.yaml"), nil); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("error %v", err)
	}
}

const example = "../../../docs/examples/landbridge-server.yaml"

func TestTheExampleIsRightAndWhole(t *testing.T) {
	cfg, err := Load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Cloud.File == "" || len(cfg.Switches) < 2 || cfg.TLS.CA == "" {
		t.Errorf("%+v", cfg)
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(reflect.TypeFor[raw]()) {
		if !regexp.MustCompile(`(?m)^ *` + key + `:`).Match(text) {
			t.Errorf("the example lacks the key %q", key)
		}
	}
	for _, f := range Flags() {
		if f.Default != "" && !strings.Contains(string(text), f.Default) {
			t.Errorf("the example does not tell the default %q of %s", f.Default, f.Key)
		}
	}
}

func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		keys = append(keys, f.Tag.Get("yaml"))
		if strings.HasPrefix(f.Type.Name(), "raw") {
			keys = append(keys, keysOf(f.Type)...)
		}
	}
	return keys
}
