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

// migrate brings the schema up to this program's version. Servers that start
// at once on an empty database may get into each other's way: each step is a
// transaction, so one of them makes it, and the others find it made when they
// look again.
func migrate(ctx context.Context, db *sql.DB, d dialect) error {
	files, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return err
	}
	const tries, pause = 10, 50 * time.Millisecond
	for try := 1; ; try++ {
		err := migrateOnce(ctx, db, d, files)
		if err == nil || errors.Is(err, errNewer) || try == tries {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// errNewer is a database that a newer program has made or changed.
var errNewer = errors.New("the database has a newer schema than this program knows")

func migrateOnce(ctx context.Context, db *sql.DB, d dialect, files fs.FS) error {
	p, err := goose.NewProvider(d.goose, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > known {
		return fmt.Errorf("%w: version %d, known are those up to %d; start a newer landbridge-server, "+
			"or restore the backup made before the upgrade", errNewer, have, known)
	}
	_, err = p.Up(ctx)
	return err
}
