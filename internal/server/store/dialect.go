package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
)

// dialect is all that differs between databases.
type dialect struct {
	name  string // the folder of its migrations
	goose goose.Dialect
	// open makes the connection pool for a DSN, and checks that the database
	// answers and can keep what we write.
	open func(ctx context.Context, dsn string, pool Pool) (*bun.DB, error)
	// redact gives a DSN without what must not be shown.
	redact func(dsn string) string
	// reading is the transaction that sees one state of the database.
	reading sql.TxOptions
	// takeTurn holds a write transaction that has just begun until no other is
	// left, and keeps others waiting until it ends; what it reads afterwards is
	// what the last of them has written. nil: transactions begin so.
	takeTurn func(ctx context.Context, db bun.IDB) error
	// lockSchema keeps other servers from changing the schema for as long as
	// the connection lives. nil: not needed.
	lockSchema func(ctx context.Context, conn *sql.Conn) error
	// cluster finds out whether a node of a Galera cluster answers. nil: none can.
	cluster func(ctx context.Context, db bun.IDB) (*galera, error)
	// now is an expression for the database's clock, in microseconds since 1970.
	now string
	// violated names the unique index that refused a row, "" where err is
	// something else. Indexes have the same names in all dialects.
	violated func(err error) (index string)
	// outcome tells what an error of a transaction means for trying it again.
	outcome func(err error) outcome
}

// outcome is what an error means for trying again.
type outcome int

const (
	// failed: trying again gives the same.
	failed outcome = iota
	// gaveWay: the transaction has been undone, or not begun, for the sake of
	// others.
	gaveWay
	// lost: the database, or the connection to it, is gone. Of a commit nobody
	// knows whether it was made.
	lost
)

// Pool bounds the connections to a database; zero values are defaults.
type Pool struct {
	Connections int           // at most at a time; default 10, for SQLite 8
	Lifetime    time.Duration // after which one is closed; default an hour
	// patient waits for answers as long as the caller does: for changes of the
	// schema, which take their time.
	patient bool
}

// dialectOf finds the dialect by the scheme of a DSN. What SQLAlchemy writes
// behind a plus, the name of a Python driver, is passed over.
func dialectOf(dsn string) (dialect, error) {
	scheme, _, _ := strings.Cut(dsn, ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	switch scheme {
	case "sqlite":
		return sqliteDialect(), nil
	case "postgresql", "postgres":
		return postgresDialect(), nil
	case "mysql", "mariadb":
		return mysqlDialect(), nil
	}
	return dialect{}, fmt.Errorf("database scheme %q is not known: use sqlite:/path/file.db, "+
		"postgresql://user:password@host/database or mysql://user:password@host/database", scheme)
}

// apply sets the bounds of a pool. A connection that has been idle for a while
// is closed by us before somebody between closes it silently.
func (p Pool) apply(db *sql.DB, connections int, idle time.Duration) {
	if p.Connections > 0 {
		connections = p.Connections
	}
	lifetime := time.Hour
	if p.Lifetime > 0 {
		lifetime = p.Lifetime
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idle)
	db.SetConnMaxLifetime(lifetime)
}

// The unique indexes behind the rules of uniqueness.
const (
	oneConnection       = "uq_l2gatewayconnections_network"
	oneRemoteAddr       = "uq_l2remotegateways_ipaddr"
	oneRemoteConnection = "uq_l2remotegatewayconnections_network"
	oneTunnelKey        = "uq_l2remotegatewayconnections_key"
	oneRemoteMAC        = "uq_l2remotemacs_mac"
)

// ofRule gives the name of an index that stands behind a rule, "" for others.
func ofRule(index string) string {
	switch index {
	case oneConnection, oneRemoteAddr, oneRemoteConnection, oneTunnelKey, oneRemoteMAC:
		return index
	}
	return ""
}
