package config

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/strictyaml"
)

// checker turns a raw configuration into a checked one.
type checker struct {
	file  string
	flags map[string]bool // those that were given
}

func (c checker) config(r raw) (cfg Config, err error) {
	cfg = Config{
		TLS: TLS{CA: r.TLS.CA.Text, Certificate: r.TLS.Certificate.Text, PrivateKey: r.TLS.PrivateKey.Text},
	}
	for _, check := range []func() error{
		func() error { cfg.Keystone, err = c.keystone(r.Keystone); return err },
		func() error { cfg.Auth, err = c.auth(r, cfg.Keystone != nil); return err },
		func() error { cfg.Listen, err = c.listen(r.Listen, cfg.Auth); return err },
		func() error { cfg.APITLS, err = c.apiTLS(r.APITLS); return err },
		func() error { cfg.MetricsListen, err = c.metrics(r.Metrics, cfg.Listen); return err },
		func() error { cfg.Neutron, err = c.neutron(r.Neutron, cfg.Listen); return err },
		func() error { cfg.Quotas, err = c.quotas(r.Quotas); return err },
		func() error { cfg.Database, err = c.database(r.Database); return err },
		func() error { cfg.DatabaseManual, err = c.upgrade(r.Upgrade); return err },
		func() error { cfg.MaxBulk, err = c.bulk(r.BulkLimit); return err },
		func() error { cfg.DatabaseConnections, err = c.connections(r.Connections); return err },
		func() error { cfg.Cloud, err = c.cloud(r.Cloud, cfg); return err },
		func() error { cfg.Owner, err = c.owner(r.Owner); return err },
		func() error { cfg.LogLevel, err = c.level(r.LogLevel); return err },
		func() error { cfg.Resync, err = c.resync(r.Resync); return err },
		func() error { cfg.Switches, cfg.DialIn, err = c.switches(r.Switches); return err },
		func() error { cfg.Control, err = c.control(r.Control, r.Switches); return err },
		func() error { return c.tls(r.TLS, slices.Concat(cfg.Switches, cfg.DialIn)) },
		func() error { cfg.SwitchNames, err = c.switchCerts(r.SwitchCerts, cfg.DialIn); return err },
	} {
		if err := check(); err != nil {
			return Config{}, err
		}
	}
	return cfg, nil
}

// bad makes the error of a value, which names where the value comes from.
func (c checker) bad(key string, v strictyaml.Value, rule string, args ...any) error {
	name, _, _ := strings.Cut(key, "[")
	for _, f := range flags {
		if f.Key == name && (c.flags[f.Name] || c.file == "") {
			return fmt.Errorf("--%s %q: %s", f.Name, v.Text, fmt.Sprintf(rule, args...))
		}
	}
	return v.Bad(c.file, key, rule, args...)
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

var databases = []string{"sqlite", "postgresql", "postgres", "mysql", "mariadb"}

// database gives the DSN. It may hold a password: no error quotes it.
func (c checker) database(v strictyaml.Value) (string, error) {
	dsn := v.Or(defaultDatabase)
	scheme, rest, _ := strings.Cut(dsn, ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	if slices.Contains(databases, scheme) && rest != "" {
		return dsn, nil
	}
	v.Text = scheme + ":…"
	return "", c.bad("database", v, "is not a database; write sqlite:PATH, for example %s, "+
		"postgresql://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME", defaultDatabase)
}

func (c checker) upgrade(v strictyaml.Value) (manual bool, err error) {
	switch v.Or(auto) {
	case auto:
		return false, nil
	case "manual":
		return true, nil
	}
	return false, c.bad("database_upgrade", v, "must be auto or manual")
}

func (c checker) bulk(v strictyaml.Value) (bytes int64, err error) {
	n, err := strconv.ParseUint(v.Or(defaultBulkLimit), 10, 10)
	if err != nil || n == 0 {
		return 0, c.bad("bulk_limit", v, "must be a number of MiB, from 1 to 1023")
	}
	return int64(n) << 20, nil
}

func (c checker) connections(v strictyaml.Value) (int, error) {
	n, err := strconv.ParseUint(v.Or(defaultConnections), 10, 10)
	if err != nil || n == 1 {
		return 0, c.bad("database_connections", v, "must be a number from 2 to 1023, or 0 for what suits the database")
	}
	return int(n), nil
}

var word = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func (c checker) owner(v strictyaml.Value) (hwvtep.Owner, error) {
	text := v.Or(defaultOwner)
	if !word.MatchString(text) {
		return "", c.bad("owner", v, "must be a word of 1 to 64 letters, digits, dots, dashes and underscores")
	}
	return hwvtep.Owner(text), nil
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

func (c checker) level(v strictyaml.Value) (slog.Level, error) {
	level, ok := levels[v.Or(defaultLogLevel)]
	if !ok {
		return 0, c.bad("log_level", v, "is not a log level; write debug, info, warn or error")
	}
	return level, nil
}

func (c checker) resync(v strictyaml.Value) (time.Duration, error) {
	d, err := time.ParseDuration(v.Or(defaultResync))
	if err != nil || d < time.Second || d > time.Hour {
		return 0, c.bad("resync", v, "must be a time from 1s to 1h, as 30s or 5m")
	}
	return d, nil
}
