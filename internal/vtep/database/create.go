package database

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Create makes a database file with the extended form of an installed schema,
// and gives its version. A file that is there already stays as it is: made is
// false then, and it is an error if it lacks something.
func Create(ctx context.Context, file, installed string) (version string, made bool, err error) {
	schema, err := LoadSchema(installed)
	if err != nil {
		return "", false, err
	}
	unlock, err := lock(file)
	if err != nil {
		return "", false, err
	}
	defer unlock()
	have, err := schemaOf(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		schema = schema.Extended()
		return schema.Version, true, replace(file, schema, func(fresh, schema string) error {
			return run(ctx, "ovsdb-tool", "create", fresh, schema)
		})
	case err != nil:
		return "", false, err
	case have.UpgradedTo(schema).Version != have.Version:
		return have.Version, false, fmt.Errorf("%s is there already, with schema version %s, and lacks something: upgrade it (landbridge-vtepd db upgrade %s)",
			file, have.Version, file)
	}
	return have.Version, false, nil
}

// replace has a file made beside the one to be replaced, which is locked, and
// puts it into its place in one step.
func replace(file string, s Schema, build func(fresh, schema string) error) error {
	dir := newDir(file)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left goes with the next lock
	fresh, schema := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "vtep.ovsschema")
	if err := os.WriteFile(schema, s.JSON(), 0o600); err != nil {
		return err
	}
	if err := build(fresh, schema); err != nil {
		return err
	}
	if err := alike(fresh, file); err != nil {
		return err
	}
	if err := sync(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, file); err != nil {
		return err
	}
	return sync(filepath.Dir(file))
}

// sync has what was written of a file, or of a directory's names, on the disk.
func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// The first record of a file is its schema: a line with its length, and JSON.
const (
	standalone = "OVSDB JSON "
	clustered  = "OVSDB CLUSTER "
)

// schemaOf reads the schema of a database file.
func schemaOf(file string) (Schema, error) {
	f, err := os.Open(file)
	if err != nil {
		return Schema{}, err
	}
	defer func() { _ = f.Close() }()
	text, err := firstRecord(bufio.NewReader(f))
	if err != nil {
		return Schema{}, fmt.Errorf("%s: %w", file, err)
	}
	s, err := ParseSchema(text)
	if err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// maxSchema bounds a schema, that a broken file does not take all memory.
const maxSchema = 16 << 20

func firstRecord(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadString('\n')
	length, _, _ := strings.Cut(strings.TrimPrefix(head, standalone), " ")
	n, bad := strconv.ParseUint(length, 10, 32)
	switch {
	case strings.HasPrefix(head, clustered):
		return nil, errors.New("it is a clustered database, which only a running server can upgrade: give its address instead of the file")
	case err != nil, !strings.HasPrefix(head, standalone), bad != nil, n > maxSchema:
		return nil, errors.New("not a database file of ovsdb-server")
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	return text, err
}
