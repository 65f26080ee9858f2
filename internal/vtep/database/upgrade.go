package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// TLS names the PEM files for an ssl: address.
type TLS struct{ CA, Certificate, PrivateKey string }

// options are those of ovsdb-client.
func (t TLS) options() []string {
	var out []string
	for name, file := range map[string]string{"--ca-cert": t.CA, "--certificate": t.Certificate, "--private-key": t.PrivateKey} {
		if file != "" {
			out = append(out, name+"="+file)
		}
	}
	return out
}

// Upgraded is what Upgrade did: From and To are versions of the schema, equal
// where nothing had to be done.
type Upgraded struct{ From, To string }

// Upgrade brings a database up to UpgradedTo(installed), keeping all rows. The
// database is the file of a server that does not run, or the address of one that
// does (unix:, tcp:, ssl:). Where no schema is installed, what the database has
// is extended.
func Upgrade(ctx context.Context, database, installed string, tls TLS) (Upgraded, error) {
	if isAddress(database) {
		return upgradeServer(ctx, database, installed, tls)
	}
	return upgradeFile(ctx, database, installed)
}

func isAddress(s string) bool {
	scheme, _, found := strings.Cut(s, ":")
	return found && (scheme == "unix" || scheme == "tcp" || scheme == "ssl")
}

func upgradeFile(ctx context.Context, file, installed string) (u Upgraded, err error) {
	if file, err = filepath.EvalSymlinks(file); err != nil { // it, not the link, is replaced
		return u, err
	}
	unlock, err := lock(file)
	if err != nil {
		return u, err
	}
	defer unlock()
	have, err := schemaOf(file)
	if err != nil {
		return u, err
	}
	want, err := goal(have, installed)
	if u = (Upgraded{have.Version, want.Version}); err != nil || u.From == u.To {
		return u, err
	}
	return u, replace(file, want, func(fresh, schema string) error {
		return run(ctx, "ovsdb-tool", "convert", file, schema, fresh)
	})
}

func upgradeServer(ctx context.Context, address, installed string, tls TLS) (u Upgraded, err error) {
	text, err := output(ctx, "ovsdb-client", append(tls.options(), "get-schema", address, databaseName)...)
	if err != nil {
		return u, err
	}
	have, err := ParseSchema([]byte(text))
	if err != nil {
		return u, fmt.Errorf("%s: %w", address, err)
	}
	want, err := goal(have, installed)
	if u = (Upgraded{have.Version, want.Version}); err != nil || u.From == u.To {
		return u, err
	}
	dir, err := os.MkdirTemp("", "landbridge-db-")
	if err != nil {
		return u, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	schema := filepath.Join(dir, "vtep.ovsschema")
	if err := os.WriteFile(schema, want.JSON(), 0o600); err != nil {
		return u, err
	}
	return u, run(ctx, "ovsdb-client", append(tls.options(), "convert", address, schema)...)
}

// goal gives the schema that a database should have.
func goal(have Schema, installed string) (Schema, error) {
	newest, err := LoadSchema(installed)
	if errors.Is(err, fs.ErrNotExist) {
		return have.Extended(), nil
	}
	return have.UpgradedTo(newest), err
}

// toolWithin bounds what waits for a server, or converts very many rows.
const toolWithin = 5 * time.Minute

func run(ctx context.Context, program string, args ...string) error {
	_, err := output(ctx, program, args...)
	return err
}

// output runs one of Open vSwitch's tools.
func output(ctx context.Context, program string, args ...string) (string, error) {
	args = append([]string{"-vconsole:err", "-vsyslog:off"}, args...)
	var out, errs strings.Builder
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	// It must not go on after us, without the lock. The signal at our death is
	// bound to the thread that started it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	switch err := cmd.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w (Debian package openvswitch-common)", err)
	case err != nil:
		return "", fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}
