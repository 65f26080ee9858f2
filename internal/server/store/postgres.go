package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// The advisory locks that servers on one PostgreSQL database take: "landbrdg"
// and "landbrds" as numbers.
const (
	pgWriteLock  = 0x6c616e6462726467
	pgSchemaLock = 0x6c616e6462726473
)

func postgresDialect() dialect {
	return dialect{
		name: "postgresql", goose: goose.DialectPostgres,
		open: openPostgres, redact: redactURL,
		reading:  sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
		takeTurn: takePostgresTurn, lockSchema: lockPostgresSchema,
		now:      "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
		violated: violatedPostgres, outcome: postgresOutcome,
	}
}

func openPostgres(ctx context.Context, dsn string, pool Pool) (*bun.DB, error) {
	cfg, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*cfg)
	pool.apply(db, 10, time.Minute)
	if err := checkPostgres(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return bun.NewDB(db, plainText{pgdialect.New()}), nil
}

func postgresConfig(dsn string) (*pgx.ConnConfig, error) {
	u, err := parseURL(dsn)
	if err != nil {
		return nil, err
	}
	u.Scheme = "postgresql"
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", redactURL(dsn), withoutURL(err))
	}
	if cfg.Database == "" {
		return nil, fmt.Errorf("%s names no database: use postgresql://user:password@host/database", redactURL(dsn))
	}
	// bun writes values into the text of a statement, so that each is another
	// one: to prepare them would cost a round trip and keep nothing.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"standard_conforming_strings": "on", // bun's quoting relies on it
		"client_encoding":             "UTF8",
	} {
		cfg.RuntimeParams[name] = value
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "landbridge-server"
	}
	return cfg, nil
}

// checkPostgres refuses a database that cannot keep every name.
func checkPostgres(ctx context.Context, db *sql.DB) error {
	var encoding string
	if err := db.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database has the encoding %s; make it with: createdb --encoding=UTF8 --template=template0", encoding)
	}
	return nil
}

// takePostgresTurn waits for the lock of writers, which the end of the
// transaction gives back. A server that stands still in its turn loses it. The
// transaction is READ COMMITTED: what it reads after the lock, it reads anew.
func takePostgresTurn(ctx context.Context, db bun.IDB) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d; "+
		"SET LOCAL idle_in_transaction_session_timeout = %d; SELECT pg_advisory_xact_lock(%d)",
		patience.Milliseconds(), standstill.Milliseconds(), int64(pgWriteLock)))
	return err
}

func lockPostgresSchema(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", int64(pgSchemaLock)))
	return err
}

func violatedPostgres(err error) string {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refused.Code != "23505" { // unique_violation
		return ""
	}
	return ofRule(refused.ConstraintName)
}

// postgresOutcome goes by SQLSTATE where the server has answered.
func postgresOutcome(err error) outcome {
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if isLost(err) || pgconn.SafeToRetry(err) {
			return lost
		}
		return failed
	}
	switch said.Code {
	case "40001", "40P01", // serialization_failure, deadlock_detected
		"55P03": // lock_not_available, after lock_timeout
		return gaveWay
	case "57P01", "57P02", "57P03", // admin_shutdown, crash_shutdown, cannot_connect_now
		"25P03", "57P05", // idle session timeouts
		"53300", // too_many_connections
		"25006": // read_only_sql_transaction, while another server takes over
		return lost
	}
	if strings.HasPrefix(said.Code, "08") { // connection exceptions
		return lost
	}
	return failed
}

// withoutURL gives what is wrong with a URL without what quotes it.
func withoutURL(err error) error {
	if said, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && said.Unwrap() != nil {
		return said.Unwrap()
	}
	return errors.New("it cannot be read; parameters are those of libpq, as sslmode=verify-full")
}
