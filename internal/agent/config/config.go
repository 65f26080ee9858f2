// Package config is the configuration of landbridge-agent: a YAML file and
// flags that go before it, parsed into one checked struct.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"landbridge/internal/hwvtep"
	"landbridge/internal/oslomsg"
	"landbridge/internal/ovsdb"
	"landbridge/internal/strictyaml"
)

// Config is a checked configuration.
type Config struct {
	Host     string // no other agent has the same
	Bus      oslomsg.Config
	Down     time.Duration // how long the servers may not be heard of
	Switches []string      // the OVSDB addresses of the databases that it dials
	DialIn   []string      // the OVSDB addresses that switches dial
	// SwitchNames has the switches that a certificate is for, by its name; nil:
	// every certificate of the authority is for all.
	SwitchNames map[string][]string
	TLS         ovsdb.TLS // of ssl: and pssl: addresses
	Owner       hwvtep.Owner
	LogLevel    slog.Level
	// MetricsListen is where metrics and health are served, host:port; "": nowhere.
	MetricsListen string
}

// key is one setting: a key of the file, and a flag unless it is a secret.
type key struct {
	name, flag string
	many       bool
	fallback   string
	usage      string
	at         func(*file) *[]strictyaml.Value
	// set takes a value in. Its error is the rule that the value breaks.
	set func(c *Config, value string) error
}

const noMetrics = "none"

// keys lists every setting, in the order of the documentation.
func keys() []key {
	one := func(at func(*file) *strictyaml.Value) func(*file) *[]strictyaml.Value {
		return func(f *file) *[]strictyaml.Value {
			if v := at(f); v.Set {
				return &[]strictyaml.Value{*v}
			}
			return &[]strictyaml.Value{}
		}
	}
	text := func(field func(*Config) *string) func(*Config, string) error {
		return func(c *Config, v string) error { *field(c) = v; return nil }
	}
	return []key{
		{name: "host", flag: "host", usage: "name of this agent among all (default: the machine's name)", at: one(func(f *file) *strictyaml.Value { return &f.Host }), set: setHost},
		{name: "transport_url", at: one(func(f *file) *strictyaml.Value { return &f.Transport }), set: setTransport},
		{name: "agent_down_time", flag: "agent-down-time", fallback: "2s", usage: "how long the servers may not be heard of; as the servers have it", at: one(func(f *file) *strictyaml.Value { return &f.Down }), set: setDown},
		{name: "switches", flag: "switch", many: true, usage: "OVSDB address of a switch: tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH; ptcp:PORT:IP or pssl:PORT:IP for switches that dial in (repeatable)", at: func(f *file) *[]strictyaml.Value { return &f.Switches }, set: addSwitch},
		{name: "tls.ca", flag: "tls-ca", usage: "PEM file of the authority that signed the switches' certificates, for ssl:", at: one(func(f *file) *strictyaml.Value { return &f.TLS.CA }), set: text(func(c *Config) *string { return &c.TLS.CA })},
		{name: "tls.certificate", flag: "tls-certificate", usage: "PEM file of our certificate, for ssl:", at: one(func(f *file) *strictyaml.Value { return &f.TLS.Certificate }), set: text(func(c *Config) *string { return &c.TLS.Certificate })},
		{name: "tls.private_key", flag: "tls-private-key", usage: "PEM file of its private key, for ssl:", at: one(func(f *file) *strictyaml.Value { return &f.TLS.PrivateKey }), set: text(func(c *Config) *string { return &c.TLS.PrivateKey })},
		{name: "owner", flag: "owner", fallback: string(hwvtep.DefaultOwner), usage: "word that the names of our logical switches begin with; as the servers have it", at: one(func(f *file) *strictyaml.Value { return &f.Owner }), set: setOwner},
		{name: "log_level", flag: "log-level", fallback: "info", usage: "debug, info, warn or error", at: one(func(f *file) *strictyaml.Value { return &f.LogLevel }), set: setLevel},
		{name: "metrics_listen", flag: "metrics-listen", fallback: "127.0.0.1:9797", usage: "address of metrics and health, host:port; none for none", at: one(func(f *file) *strictyaml.Value { return &f.Metrics }), set: setMetrics},
	}
}

// file is the shape of the configuration file.
type file struct {
	Host      strictyaml.Value   `yaml:"host"`
	Transport strictyaml.Value   `yaml:"transport_url"`
	Down      strictyaml.Value   `yaml:"agent_down_time"`
	Switches  []strictyaml.Value `yaml:"switches"`
	Certs     []fileCert         `yaml:"switch_certificates"`
	TLS       fileTLS            `yaml:"tls"`
	Owner     strictyaml.Value   `yaml:"owner"`
	LogLevel  strictyaml.Value   `yaml:"log_level"`
	Metrics   strictyaml.Value   `yaml:"metrics_listen"`
}

type fileTLS struct {
	CA          strictyaml.Value `yaml:"ca"`
	Certificate strictyaml.Value `yaml:"certificate"`
	PrivateKey  strictyaml.Value `yaml:"private_key"`
}

// fileCert says which switches a certificate is for.
type fileCert struct {
	Certificate strictyaml.Value   `yaml:"certificate"`
	Switches    []strictyaml.Value `yaml:"switches"`
}

// Options is where a Config comes from: flags, and the file that they name.
type Options struct {
	flags *pflag.FlagSet
	file  string
}

// NewOptions adds the flags.
func NewOptions(flags *pflag.FlagSet) *Options {
	o := &Options{flags: flags}
	flags.StringVar(&o.file, "config", "", "configuration file (YAML); flags go before it")
	for _, k := range keys() {
		switch {
		case k.flag == "":
		case k.many:
			flags.StringArray(k.flag, nil, k.usage)
		default:
			flags.String(k.flag, k.fallback, k.usage)
		}
	}
	return o
}

// Config reads the file, where one is named, lays the flags over it and checks
// the result. Errors name the file and line, or the flag, the value and the rule.
func (o *Options) Config() (c Config, err error) {
	var f file
	if o.file != "" {
		data, err := os.ReadFile(o.file)
		if err != nil {
			return c, fmt.Errorf("read the configuration: %w", err)
		}
		if err := strictyaml.Decode(o.file, data, &f); err != nil {
			return c, err
		}
	}
	for _, k := range keys() {
		if err := o.take(&c, k, *k.at(&f)); err != nil {
			return Config{}, err
		}
	}
	if err := o.takeCerts(&c, f.Certs); err != nil {
		return Config{}, err
	}
	if c.Host == "" {
		name, err := os.Hostname()
		if err == nil {
			err = setHost(&c, name)
		}
		if err != nil {
			return Config{}, fmt.Errorf("host is not set, and the machine's name %q cannot be used: %w", name, err)
		}
	}
	return c, c.check()
}

// take gives one setting the flag's values, else the file's, else the fallback.
func (o *Options) take(c *Config, k key, inFile []strictyaml.Value) error {
	if k.flag != "" && o.flags.Changed(k.flag) {
		for _, v := range flagValues(o.flags.Lookup(k.flag)) {
			if err := k.set(c, v); err != nil {
				return &strictyaml.Error{File: "--" + k.flag, Value: v, Rule: err.Error()}
			}
		}
		return nil
	}
	if len(inFile) == 0 && k.fallback != "" {
		return k.set(c, k.fallback)
	}
	for i, v := range inFile {
		name := k.name
		if k.many {
			name = fmt.Sprintf("%s[%d]", k.name, i)
		}
		if err := k.set(c, v.Text); err != nil {
			if k.flag == "" {
				v.Text = "…" // it may have a password in it
			}
			return v.Bad(o.file, name, "%v", err)
		}
	}
	return nil
}

// takeCerts takes in which switches certificates are for.
func (o *Options) takeCerts(c *Config, certs []fileCert) error {
	for i, v := range certs {
		key := fmt.Sprintf("switch_certificates[%d].certificate", i)
		_, twice := c.SwitchNames[v.Certificate.Text]
		switch {
		case v.Certificate.Text == "":
			return v.Certificate.Bad(o.file, key, "must be a name of the certificate: its subject, common name or a subject alternative name")
		case twice:
			return v.Certificate.Bad(o.file, key, "is given twice")
		case len(v.Switches) == 0:
			return v.Certificate.Bad(o.file, key, "is for no switch: give switches")
		}
		if c.SwitchNames == nil {
			c.SwitchNames = map[string][]string{}
		}
		for _, sw := range v.Switches {
			c.SwitchNames[v.Certificate.Text] = append(c.SwitchNames[v.Certificate.Text], sw.Text)
		}
	}
	return nil
}

func flagValues(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

// check sees to what concerns several settings, and to those that must be there.
func (c *Config) check() error {
	ssl := slices.IndexFunc(c.Switches, func(s string) bool { return strings.HasPrefix(s, "ssl:") })
	pssl := slices.IndexFunc(c.DialIn, func(s string) bool { return strings.HasPrefix(s, "pssl:") })
	switch {
	case len(c.Bus.Hosts) == 0:
		return errors.New("transport_url is not set: write into the configuration how the servers are reached, as rabbit://USER:PASSWORD@HOST:5672/landbridge")
	case len(c.Switches)+len(c.DialIn) == 0:
		return errors.New("switches is not set: name the databases that this agent can serve, in the configuration or by --switch")
	case ssl >= 0 && c.TLS.CA == "":
		return fmt.Errorf("switch %s: an ssl: address needs the authority of its certificate; give --tls-ca, or tls.ca in the configuration", c.Switches[ssl])
	case (c.TLS.Certificate == "") != (c.TLS.PrivateKey == ""):
		return errors.New("a certificate for ssl: needs its private key: give both --tls-certificate and --tls-private-key, or tls.certificate and tls.private_key")
	case pssl >= 0 && (c.TLS.CA == "" || c.TLS.Certificate == ""):
		return fmt.Errorf("switch %s: a pssl: address needs the authority of the switches' certificates and one of our own; give --tls-ca, --tls-certificate and --tls-private-key, or tls in the configuration", c.DialIn[pssl])
	case c.SwitchNames != nil && !c.allByTLS():
		return errors.New("switch_certificates: needs switches that dial in, all of them by pssl: addresses")
	}
	return nil
}

// allByTLS tells whether switches dial in, and all of them by pssl:.
func (c *Config) allByTLS() bool {
	return len(c.DialIn) > 0 && !slices.ContainsFunc(c.DialIn, func(s string) bool { return !strings.HasPrefix(s, "pssl:") })
}

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
	word     = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
)

func setHost(c *Config, v string) error {
	if c.Host = v; !hostName.MatchString(v) {
		return errors.New("must be a name of 1 to 128 letters, digits, dots, dashes and underscores")
	}
	return nil
}

func setTransport(c *Config, v string) (err error) {
	if c.Bus, err = oslomsg.ParseURL(v); err != nil {
		return fmt.Errorf("%w; write rabbit://USER:PASSWORD@HOST:5672/landbridge", err)
	}
	return nil
}

func setDown(c *Config, v string) (err error) {
	if c.Down, err = time.ParseDuration(v); err != nil || c.Down < time.Second || c.Down > time.Minute {
		return errors.New("must be a time from 1s to 1m, as 2s")
	}
	return nil
}

func addSwitch(c *Config, v string) error {
	check, out := ovsdb.ParseAddress, &c.Switches
	if ovsdb.IsListen(v) {
		check, out = ovsdb.ParseListen, &c.DialIn
	}
	if err := check(v); err != nil {
		return err
	}
	if slices.Contains(*out, v) {
		return errors.New("is given twice")
	}
	*out = append(*out, v)
	return nil
}

func setOwner(c *Config, v string) error {
	if c.Owner = hwvtep.Owner(v); !word.MatchString(v) {
		return errors.New("must be a word of 1 to 64 letters, digits, dots, dashes and underscores")
	}
	return nil
}

func setLevel(c *Config, v string) error {
	if c.LogLevel.UnmarshalText([]byte(v)) != nil {
		return errors.New("is not a log level; write debug, info, warn or error")
	}
	return nil
}

func setMetrics(c *Config, v string) error {
	if c.MetricsListen = v; v == noMetrics {
		c.MetricsListen = ""
		return nil
	}
	if _, _, err := net.SplitHostPort(v); err != nil {
		return fmt.Errorf("is not host:port; write for example 127.0.0.1:9797, or %s", noMetrics)
	}
	return nil
}
