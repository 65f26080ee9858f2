// Package config is the configuration of landbridge-server: a YAML file and
// flags that go before it, parsed into one checked struct.
package config

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/strictyaml"
)

// Config is a checked configuration.
type Config struct {
	Listen   string // host:port
	Database string // a DSN of package store: "sqlite:/path"
	Owner    hwvtep.Owner
	LogLevel slog.Level
	Resync   time.Duration // between two full passes

	CloudFile    string
	AnnounceFile string // "": none

	Switches []string // the OVSDB addresses of the switches
	TLS      TLS
}

// TLS names the PEM files for ssl: addresses.
type TLS struct {
	CA, Certificate, PrivateKey string
}

// raw is the file as it is written.
type raw struct {
	Listen   strictyaml.Value   `yaml:"listen"`
	Database strictyaml.Value   `yaml:"database"`
	Owner    strictyaml.Value   `yaml:"owner"`
	LogLevel strictyaml.Value   `yaml:"log_level"`
	Resync   strictyaml.Value   `yaml:"resync"`
	Cloud    rawCloud           `yaml:"cloud"`
	Switches []strictyaml.Value `yaml:"switches"`
	TLS      rawTLS             `yaml:"tls"`
}

type rawCloud struct {
	Driver   strictyaml.Value `yaml:"driver"`
	File     strictyaml.Value `yaml:"file"`
	Announce strictyaml.Value `yaml:"announce"`
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
	var r raw
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return Config{}, fmt.Errorf("read the configuration: %w", err)
		}
		if err := strictyaml.Decode(file, data, &r); err != nil {
			return Config{}, err
		}
	}
	c := checker{file: file, flags: map[string]bool{}}
	for name, values := range given {
		for _, f := range flags {
			if f.Name == name {
				f.put(&r, values)
				c.flags[name] = true
			}
		}
	}
	return c.config(r)
}
