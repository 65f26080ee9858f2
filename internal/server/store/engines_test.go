package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
)

// servers has the database servers that the tests of this package share.
var servers testenv.Databases

func TestMain(m *testing.M) {
	code := m.Run()
	if err := servers.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Engine is a database that a Store can be on.
type Engine struct {
	Name string
	// New makes an empty database.
	New func(t testing.TB) Place
	// Start starts a server of its own, that a test may stop; nil for SQLite.
	Start func(t testing.TB) *testenv.DatabaseServer
	// Lock is what makes a transaction the one that writes.
	Lock string
	// Columns lists table, column, type, and whether it may be NULL; Indexes
	// index, table, column in order, and whether it is unique.
	Columns, Indexes string
}

// Place is where a test has its database.
type Place struct {
	DSN string
	raw func(t testing.TB) *sql.DB
}

// Raw opens the database beside the store, as another program would.
func (p Place) Raw(t testing.TB) *sql.DB {
	t.Helper()
	db := p.raw(t)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// On is a place in a server.
func On(d testenv.Database) Place { return Place{DSN: d.URL(), raw: d.Connect} }

// Engines gives all databases.
func Engines() []Engine {
	return []Engine{
		{
			Name: "sqlite",
			New: func(t testing.TB) Place {
				path := filepath.Join(t.TempDir(), "test.db")
				return Place{DSN: "sqlite:" + path, raw: func(t testing.TB) *sql.DB {
					db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_foreign_keys=on")
					if err != nil {
						t.Fatal(err)
					}
					return db
				}}
			},
			Lock: "SELECT 1",
			Columns: `SELECT m.name, p.name, p.type, NOT p."notnull" FROM sqlite_master m JOIN pragma_table_info(m.name) p
				WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`,
			Indexes: `SELECT m.name, m.tbl_name, i.name, l."unique" FROM sqlite_master m JOIN pragma_index_info(m.name) i
				JOIN pragma_index_list(m.tbl_name) l ON l.name = m.name
				WHERE m.type = 'index' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, i.seqno`,
		},
		{
			Name:  "postgresql",
			New:   func(t testing.TB) Place { return On(servers.Postgres(t).NewDatabase(t)) },
			Start: testenv.StartPostgres,
			Lock:  fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(pgWriteLock)),
			Columns: `SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
				WHERE table_schema = current_schema()`,
			Indexes: `SELECT i.relname, t.relname, a.attname, x.indisunique FROM pg_index x
				JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
				JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
				JOIN pg_attribute a ON a.attrelid = i.oid
				WHERE NOT x.indisprimary ORDER BY i.relname, a.attnum`,
		},
		{
			Name:  "mariadb",
			New:   func(t testing.TB) Place { return On(servers.MariaDB(t).NewDatabase(t)) },
			Start: testenv.StartMariaDB,
			Lock:  "UPDATE write_turns SET turn = turn + 1",
			Columns: `SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
				WHERE table_schema = DATABASE()`,
			Indexes: `SELECT index_name, table_name, column_name, NOT non_unique FROM information_schema.statistics
				WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY' ORDER BY index_name, seq_in_index`,
		},
	}
}

// each runs a test on every database.
func each(t *testing.T, test func(t *testing.T, e Engine)) {
	t.Helper()
	for _, e := range Engines() {
		t.Run(e.Name, func(t *testing.T) { test(t, e) })
	}
}

// eachServer runs a test on every database that is a server.
func eachServer(t *testing.T, test func(t *testing.T, e Engine)) {
	t.Helper()
	each(t, func(t *testing.T, e Engine) {
		if e.Start != nil {
			test(t, e)
		}
	})
}

// openOn opens a Store that ends with its test.
func openOn(t testing.TB, p Place, opts ...Option) *Store {
	t.Helper()
	s, err := Open(t.Context(), p.DSN, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// schemaText describes all tables, columns and indexes, in words that are the
// same for all databases.
func schemaText(t testing.TB, e Engine, db *sql.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	rows(t, db, e.Columns, func(table, column, kind string, nullable bool) {
		out[table+"."+column] = fmt.Sprintf("%s, may be NULL: %v", kindOfColumn(kind), nullable)
	})
	rows(t, db, e.Indexes, func(index, table, column string, unique bool) {
		if out[index] == "" {
			out[index] = fmt.Sprintf("unique: %v, %s:", unique, table)
		}
		out[index] += " " + column
	})
	for name := range out {
		if strings.HasPrefix(name, "goose_db_version") || strings.HasPrefix(name, "write_turns.") {
			delete(out, name)
		}
	}
	return out
}

func rows(t testing.TB, db *sql.DB, query string, see func(a, b, c string, d bool)) {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var a, b, c string
		var d bool
		if err := found.Scan(&a, &b, &c, &d); err != nil {
			t.Fatal(err)
		}
		see(a, b, c, d)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
}

func kindOfColumn(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case strings.Contains(kind, "char"), strings.Contains(kind, "text"):
		return "text"
	case kind == "boolean", kind == "tinyint":
		return "boolean"
	case kind == "int", kind == "integer":
		return "integer"
	}
	return kind
}
