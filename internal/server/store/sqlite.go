package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// inMemory is SQLite's name for a database that lives with its connection.
const inMemory = ":memory:"

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite", goose: goose.DialectSQLite3,
		open: openSQLite, redact: func(dsn string) string { return dsn }, reading: sql.TxOptions{ReadOnly: true},
		now:      "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000",
		violated: violatedSQLite, outcome: sqliteOutcome,
	}
}

// openSQLite opens a file, or memory. What is committed survives a loss of
// power (synchronous=FULL); readers and the writer do not wait for each other
// (WAL); a writer waits for those of other processes.
func openSQLite(ctx context.Context, dsn string, pool Pool) (*bun.DB, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	uri, err := sqliteURI(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		return nil, err
	}
	if path == inMemory {
		db.SetMaxOpenConns(1)
	} else {
		pool.apply(db, 8, 0)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; does its directory exist, and may this program write there?", err), db.Close())
	}
	return bun.NewDB(db, plainText{sqlitedialect.New()}), nil
}

func sqliteURI(path string) (string, error) {
	if path == "" {
		return "", errors.New("the name has no path: use sqlite:/path/file.db")
	}
	if path != inMemory {
		abs, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		path = (&url.URL{Path: abs}).EscapedPath()
	}
	settings := url.Values{
		"_busy_timeout": {"10000"}, // ms
		"_journal_mode": {"WAL"},
		"_foreign_keys": {"on"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
	}
	return "file:" + path + "?" + settings.Encode(), nil
}

// violatedSQLite finds the index by its columns, which are what SQLite names.
func violatedSQLite(err error) string {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok || failed.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return ""
	}
	_, columns, _ := strings.Cut(failed.Error(), "UNIQUE constraint failed: ")
	columns, _, _ = strings.Cut(columns, " (")
	switch columns {
	case "l2gatewayconnections.l2_gateway_id, l2gatewayconnections.network_id":
		return oneConnection
	case "l2remotegateways.ipaddr":
		return oneRemoteAddr
	case "l2remotegatewayconnections.l2_gateway_id, l2remotegatewayconnections.network_id, " +
		"l2remotegatewayconnections.l2_remote_gateway_id":
		return oneRemoteConnection
	case "l2remotegatewayconnections.l2_gateway_id, l2remotegatewayconnections.l2_remote_gateway_id, " +
		"l2remotegatewayconnections.segmentation_id":
		return oneTunnelKey
	case "l2remotemacs.rgw_connection, l2remotemacs.mac":
		return oneRemoteMAC
	}
	return ""
}

// sqliteOutcome: a file is never lost, but it may be locked for long.
func sqliteOutcome(err error) outcome {
	refused, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return failed
	}
	const primary = 0xff // the rest of a code is detail
	switch refused.Code() & primary {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return gaveWay
	}
	return failed
}
