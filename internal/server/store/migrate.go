package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// Schema tells how new the schema of a database is.
type Schema struct {
	Have  int64 // the version of the database; 0: empty
	Known int64 // the newest that this program knows, and works with
}

var (
	// errNewer is a database that a newer program has made or changed.
	errNewer = errors.New("the database has a newer schema than this program knows")
	// errOlder is a database that waits for landbridge-server db upgrade.
	errOlder = errors.New("the database has an older schema than this program needs")
)

// migrator changes the schema of a database, or looks at it.
type migrator struct {
	dialect
	db *sql.DB
}

// onSchema does something with the schema of a database that no other server
// changes meanwhile.
func onSchema(ctx context.Context, dsn string, do func(migrator) error) error {
	d, err := dialectOf(dsn)
	if err != nil {
		return err
	}
	db, err := d.open(ctx, dsn, Pool{patient: true})
	if err != nil {
		return fmt.Errorf("open the database %s: %w", d.redact(dsn), err)
	}
	return errors.Join(migrator{d, db.DB}.alone(ctx, do), db.Close())
}

// alone does something while no other server is at the schema. The lock goes
// with its connection.
func (m migrator) alone(ctx context.Context, do func(migrator) error) error {
	if m.lockSchema == nil {
		return do(m)
	}
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := m.lockSchema(ctx, conn); err != nil {
		return fmt.Errorf("wait for other servers that start: %w", err)
	}
	return do(m)
}

// upgrade brings the schema up to this program's version, and gives what it
// was. Where nothing locks (SQLite), servers that start at once on an empty
// database may get into each other's way: each step is a transaction, so one of
// them makes it, and the others find it made when they look again.
func (m migrator) upgrade(ctx context.Context) (was Schema, err error) {
	tries, pause := 1, 50*time.Millisecond
	if m.lockSchema == nil {
		tries = 40
	}
	for {
		was, err = m.upgradeOnce(ctx)
		if tries--; err == nil || tries == 0 || errors.Is(err, errNewer) {
			return was, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return was, errors.Join(err, ctx.Err())
		}
	}
}

func (m migrator) upgradeOnce(ctx context.Context) (Schema, error) {
	p, err := m.provider()
	if err != nil {
		return Schema{}, err
	}
	was, err := schemaOf(ctx, p)
	if err == nil && was.Have < was.Known {
		_, err = p.Up(ctx)
	}
	return was, err
}

// check refuses a schema that is not this program's.
func (m migrator) check(ctx context.Context) error {
	p, err := m.provider()
	if err != nil {
		return err
	}
	have, err := schemaOf(ctx, p)
	if err == nil && have.Have < have.Known {
		err = fmt.Errorf("%w: version %d, needed is %d; make a backup, then run: landbridge-server db upgrade",
			errOlder, have.Have, have.Known)
	}
	return err
}

func (m migrator) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+m.name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(m.goose, m.db, files, goose.WithDisableGlobalRegistry(true))
}

func schemaOf(ctx context.Context, p *goose.Provider) (s Schema, err error) {
	if s.Have, s.Known, err = p.GetVersions(ctx); err == nil && s.Have > s.Known {
		err = fmt.Errorf("%w: version %d, known are those up to %d; start a newer landbridge-server, "+
			"or restore the backup made before the upgrade", errNewer, s.Have, s.Known)
	}
	return s, err
}

// Upgrade brings the schema of a database up to this program's version, and
// gives what it was before. A newer one is refused.
func Upgrade(ctx context.Context, dsn string) (was Schema, err error) {
	err = onSchema(ctx, dsn, func(m migrator) error {
		was, err = m.upgrade(ctx)
		return err
	})
	return was, err
}

// Version tells how new the schema of a database is. Of one that is newer than
// this program knows, it tells with an error.
func Version(ctx context.Context, dsn string) (s Schema, err error) {
	err = onSchema(ctx, dsn, func(m migrator) error {
		p, err := m.provider()
		if err != nil {
			return err
		}
		s, err = schemaOf(ctx, p)
		return err
	})
	return s, err
}
