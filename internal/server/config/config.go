// Package config is the configuration of landbridge-server: a YAML file and
// flags that go before it, parsed into one checked struct.
package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/strictyaml"
)

// Config is a checked configuration.
type Config struct {
	Listen string // host:port
	// MetricsListen is where metrics and health are served, host:port; "": nowhere.
	MetricsListen string
	Database      string // a DSN of package store: "sqlite:/path"; it may hold a password
	// DatabaseManual leaves the schema to "landbridge-server db upgrade".
	DatabaseManual      bool
	DatabaseConnections int   // at most at a time; 0: the store's default
	MaxBulk             int64 // bytes that a bulk create of remote MACs may have
	Auth                Auth
	Keystone            *Keystone // where it is, and as whom we ask it; nil: nowhere
	APITLS              Pair      // what the API's listener shows; none: it does not speak TLS
	Owner               hwvtep.Owner
	LogLevel            slog.Level
	Resync              time.Duration // between two full passes

	Cloud Cloud

	Neutron Neutron
	Quotas  l2gw.Quota // of projects without limits of their own; of all kinds

	Control *Control // nil: this server has its agent inside

	Switches []string // the OVSDB addresses of the switches that we dial
	DialIn   []string // the OVSDB addresses that switches dial
	// SwitchNames has the switches that a certificate is for, by its name; nil:
	// every certificate of the authority is for all.
	SwitchNames map[string][]string
	TLS         TLS
}

// Neutron is what stands behind this server.
type Neutron struct {
	URL     *url.URL // nil: nothing
	CA      string   // PEM file for an https URL; "": the system's authorities
	Timeout time.Duration
}

// TLS names the PEM files for ssl: and pssl: addresses.
type TLS struct {
	CA, Certificate, PrivateKey string
}

// raw is the file as it is written.
type raw struct {
	Listen      strictyaml.Value   `yaml:"listen"`
	Database    strictyaml.Value   `yaml:"database"`
	Upgrade     strictyaml.Value   `yaml:"database_upgrade"`
	Connections strictyaml.Value   `yaml:"database_connections"`
	BulkLimit   strictyaml.Value   `yaml:"bulk_limit"`
	Owner       strictyaml.Value   `yaml:"owner"`
	LogLevel    strictyaml.Value   `yaml:"log_level"`
	Resync      strictyaml.Value   `yaml:"resync"`
	Metrics     strictyaml.Value   `yaml:"metrics_listen"`
	Auth        rawAuth            `yaml:"auth"`
	Keystone    rawKeystone        `yaml:"keystone"`
	APITLS      rawPair            `yaml:"api_tls"`
	Neutron     rawNeutron         `yaml:"neutron"`
	Quotas      rawQuotas          `yaml:"quotas"`
	Cloud       rawCloud           `yaml:"cloud"`
	Control     rawControl         `yaml:"control"`
	Switches    []strictyaml.Value `yaml:"switches"`
	SwitchCerts []rawSwitchCert    `yaml:"switch_certificates"`
	TLS         rawTLS             `yaml:"tls"`
}

type rawNeutron struct {
	URL     strictyaml.Value `yaml:"url"`
	CA      strictyaml.Value `yaml:"ca"`
	Timeout strictyaml.Value `yaml:"timeout"`
}

type rawTLS struct {
	CA          strictyaml.Value `yaml:"ca"`
	Certificate strictyaml.Value `yaml:"certificate"`
	PrivateKey  strictyaml.Value `yaml:"private_key"`
}

// Load reads the file, "" for none, and the flags that were given, by name; a
// flag goes before the file. Errors name the file and line, or the flag, the
// value and the rule.
func Load(file string, given map[string][]string) (Config, error) {
	r, c, err := read(file, given)
	if err != nil {
		return Config{}, err
	}
	return c.config(r)
}

// LoadDatabase is Load for what needs the database alone: it gives its DSN, and
// checks nothing else.
func LoadDatabase(file string, given map[string][]string) (string, error) {
	r, c, err := read(file, given)
	if err != nil {
		return "", err
	}
	return c.database(r.Database)
}

func read(file string, given map[string][]string) (r raw, c checker, err error) {
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return r, c, fmt.Errorf("read the configuration: %w", err)
		}
		if err := strictyaml.Decode(file, data, &r); err != nil {
			return r, c, err
		}
	}
	c = checker{file: file, flags: map[string]bool{}}
	for name, values := range given {
		for _, f := range flags {
			if f.Name == name {
				f.put(&r, values)
				c.flags[name] = true
			}
		}
	}
	return r, c, nil
}
