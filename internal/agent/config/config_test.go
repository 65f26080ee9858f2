package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"landbridge/internal/ovsdb"
)

// load reads a file and flags.
func load(t *testing.T, text string, args ...string) (Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("agent", pflag.ContinueOnError)
	o := NewOptions(flags)
	if text != "" {
		path := filepath.Join(t.TempDir(), "a.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o.Config()
}

const least = "transport_url: 'rabbit://u:p@h/v'\n"

func TestDefaults(t *testing.T) {
	c, err := load(t, least, "--switch", "tcp:192.0.2.1:6640")
	if err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	if c.Host != host || c.Down != 2*time.Second || c.Owner != "landbridge" || c.MetricsListen != "127.0.0.1:9797" ||
		c.LogLevel != slog.LevelInfo || len(c.Switches) != 1 || c.Bus.VHost != "v" {
		t.Errorf("%+v", c)
	}
}

func TestFlagsGoBeforeTheFile(t *testing.T) {
	text := least + `host: a
switches: ['tcp:192.0.2.1:6640', 'ssl:192.0.2.2:6640']
tls: {ca: ca.pem, certificate: c.pem, private_key: k.pem}
owner: o
log_level: warn
metrics_listen: none
agent_down_time: 4s
`
	c, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "a" || len(c.Switches) != 2 || c.TLS != (ovsdb.TLS{CA: "ca.pem", Certificate: "c.pem", PrivateKey: "k.pem"}) ||
		c.Owner != "o" || c.LogLevel != slog.LevelWarn || c.MetricsListen != "" || c.Down != 4*time.Second {
		t.Errorf("%+v", c)
	}
	c, err = load(t, text, "--host", "b", "--switch", "unix:/s", "--agent-down-time", "3s", "--owner", "p", "--log-level", "debug", "--metrics-listen", "127.0.0.1:1")
	if err != nil || c.Host != "b" || len(c.Switches) != 1 || c.Switches[0] != "unix:/s" || c.Down != 3*time.Second ||
		c.Owner != "p" || c.LogLevel != slog.LevelDebug || c.MetricsListen != "127.0.0.1:1" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSwitchesThatDialIn(t *testing.T) {
	c, err := load(t, least+`switches: ['pssl:6640:127.0.0.1']
switch_certificates: [{certificate: a, switches: [sw1, sw2]}]
tls: {ca: ca.pem, certificate: c.pem, private_key: k.pem}
`)
	if err != nil || len(c.Switches) != 0 || len(c.DialIn) != 1 || strings.Join(c.SwitchNames["a"], " ") != "sw1 sw2" {
		t.Errorf("%+v, %v", c, err)
	}
	for text, says := range map[string]string{
		"switches: ['pssl:6640:127.0.0.1']": "a pssl: address needs the authority",
		"switches: ['ptcp:6640:127.0.0.1']\nswitch_certificates: [{certificate: a, switches: [s]}]": "all of them by pssl: addresses",
		"switches: ['tcp:192.0.2.1:6640']\nswitch_certificates: [{certificate: a, switches: [s]}]":  "needs switches that dial in",
		"switch_certificates: [{certificate: a}]":                                                   `switch_certificates[0].certificate: "a": is for no switch`,
		"switch_certificates: [{switches: [s]}]":                                                    "must be a name of the certificate",
		"switch_certificates: [{certificate: a, switches: [s]}, {certificate: a, switches: [s]}]":   `switch_certificates[1].certificate: "a": is given twice`,
		"switches: ['ptcp:x']": `switches[0]: "ptcp:x"`,
	} {
		if _, err := load(t, least+text+"\n"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBadValues(t *testing.T) {
	sw := "switches: ['tcp:192.0.2.1:6640']\n"
	for text, says := range map[string]string{
		sw:                                  "transport_url is not set",
		least:                               "switches is not set",
		least + sw + "host: 'a b'":          `a.yaml:3: host: "a b": must be a name`,
		least + sw + "agent_down_time: 1ms": `agent_down_time: "1ms": must be a time from 1s to 1m`,
		least + sw + "owner: a/b":           `owner: "a/b": must be a word`,
		least + sw + "log_level: loud":      `log_level: "loud": is not a log level`,
		least + sw + "metrics_listen: x":    `metrics_listen: "x": is not host:port`,
		least + sw + "colour: x":            "colour",
		least + "switches: [x]":             `switches[0]: "x"`,

		least + "switches: ['unix:/a', 'unix:/a']":          `switches[1]: "unix:/a": is given twice`,
		least + "switches: ['ssl:192.0.2.1:6640']":          "needs the authority",
		least + sw + "tls: {certificate: c}":                "needs its private key",
		"transport_url: 'rabbit://u:secret@h:bad/v'\n" + sw: `transport_url: "…": transport_url: host 1`,
	} {
		_, err := load(t, text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := load(t, least+sw, "--host", "a b"); err == nil || !strings.Contains(err.Error(), `--host: "a b": must be`) {
		t.Errorf("a flag: %v", err)
	}
	flags := pflag.NewFlagSet("agent", pflag.ContinueOnError)
	o := NewOptions(flags)
	o.file = "/nowhere.yaml"
	if _, err := o.Config(); err == nil || !strings.Contains(err.Error(), "/nowhere.yaml") {
		t.Errorf("no file: %v", err)
	}
}

// The example is right, and explains every key and flag.
func TestTheExample(t *testing.T) {
	const path = "../../../docs/examples/landbridge-agent.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("agent", pflag.ContinueOnError)
	o := NewOptions(flags)
	o.file = path
	if _, err := o.Config(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(text), "\nswitch_certificates:") {
		t.Error("the example lacks switch_certificates")
	}
	for _, k := range keys() {
		last := k.name[strings.LastIndexByte(k.name, '.')+1:]
		if !regexp.MustCompile(`(?m)^ *` + last + `:`).Match(text) {
			t.Errorf("the example lacks %s", k.name)
		}
		if k.flag != "" && !strings.Contains(string(text), "--"+k.flag) {
			t.Errorf("the example does not name --%s", k.flag)
		}
	}
}
