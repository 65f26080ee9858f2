package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
)

func mysqlDialect() dialect {
	return dialect{
		name: "mysql", goose: goose.DialectMySQL,
		open: openMySQL, redact: redactURL,
		reading:  sql.TxOptions{ReadOnly: true}, // REPEATABLE READ by the session
		takeTurn: takeMySQLTurn, lockSchema: lockMySQLSchema, cluster: onGalera,
		now:      "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
		violated: violatedMySQL, outcome: mysqlOutcome,
	}
}

// mysqlIdle is after how many seconds of silence the server ends a session. With
// MySQL, one that stands still in its turn to write loses it by that.
const mysqlIdle = 2 * patience

// mysqlSession is what each connection begins with, so that neither the
// server's nor the operator's defaults matter.
var mysqlSession = []string{
	"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
	fmt.Sprintf("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "+
		"foreign_key_checks = 1, unique_checks = 1, innodb_lock_wait_timeout = %d, wait_timeout = %d"+
		" /*M!100300 , idle_transaction_timeout = %d */", // MariaDB's alone
		int(patience.Seconds()), int(mysqlIdle.Seconds()), int(standstill.Seconds())),
}

func openMySQL(ctx context.Context, dsn string, pool Pool) (*bun.DB, error) {
	cfg, err := mysqlConfig(dsn)
	if err != nil {
		return nil, err
	}
	if !pool.patient {
		cfg.ReadTimeout, cfg.WriteTimeout = silenceLimit, silenceLimit
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(prepared{connector, mysqlSession})
	pool.apply(db, 10, mysqlIdle/2)
	if err := checkMySQL(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return bun.NewDB(db, plainText{mysqldialect.New()}), nil
}

// prepared is a connector whose connections begin with some statements.
type prepared struct {
	driver.Connector
	statements []string
}

// Connect implements driver.Connector.
func (p prepared) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range p.statements {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, s, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// checkMySQL refuses a server without a collation that tells all names apart.
// The migrations take the first for MariaDB, the second for MySQL.
func checkMySQL(ctx context.Context, db *sql.DB) error {
	var found int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.collations "+
		"WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')").Scan(&found)
	if err == nil && found == 0 {
		err = errors.New("the server is too old: MariaDB 10.6 or MySQL 8.0.17 is needed")
	}
	return err
}

// takeMySQLTurn waits for the row of writers, which the end of the transaction
// gives back. It is written, not only locked, because a Galera cluster lets
// servers on different nodes lock the same row, and finds at the commit who has
// written it.
func takeMySQLTurn(ctx context.Context, db bun.IDB) error {
	done, err := db.ExecContext(ctx, "UPDATE write_turns SET turn = turn + 1 WHERE id = 1")
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n != 1 {
		err = errors.New("table write_turns has lost its row; put it back: INSERT INTO write_turns VALUES (1, 0)")
	}
	return err
}

// lockMySQLSchema waits for a lock that is named after the database: such locks
// are of the whole server.
func lockMySQLSchema(ctx context.Context, conn *sql.Conn) error {
	// Meanwhile the connection is idle: the work is done on another.
	if _, err := conn.ExecContext(ctx, "SET SESSION wait_timeout = 86400"); err != nil {
		return err
	}
	const lock = "SELECT GET_LOCK(CONCAT('landbridge ', MD5(DATABASE())), 1)"
	for {
		var got sql.NullInt64
		if err := conn.QueryRowContext(ctx, lock).Scan(&got); err != nil || got.Int64 == 1 {
			return err
		}
	}
}

// violatedMySQL reads "Duplicate entry 'x' for key 'index'"; MySQL writes
// 'table.index'.
func violatedMySQL(err error) string {
	refused, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok || refused.Number != 1062 { // ER_DUP_ENTRY
		return ""
	}
	words := strings.Split(refused.Message, " for key '")
	key := strings.TrimSuffix(words[len(words)-1], "'")
	return ofRule(key[strings.LastIndexByte(key, '.')+1:])
}

// mysqlOutcome goes by the number of the error where the server has answered.
func mysqlOutcome(err error) outcome {
	if errors.Is(err, errUndone) {
		return gaveWay
	}
	said, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		if isLost(err) || errors.Is(err, mysql.ErrInvalidConn) {
			return lost
		}
		return failed
	}
	switch said.Number {
	case 1213, // ER_LOCK_DEADLOCK; of Galera, that another node was first
		1205, // ER_LOCK_WAIT_TIMEOUT
		1020, // ER_CHECKREAD, of MariaDB with innodb_snapshot_isolation
		3101: // ER_TRANSACTION_ROLLBACK_DURING_COMMIT, of group replication
		return gaveWay
	case 1040, 1203, // too many connections, too many of the user
		1053, 1927, 1317, 4031, // shutdown, killed, interrupted, idle for too long
		1047,       // of Galera: the node is not part of the cluster now
		1290, 1836: // read only, while another server takes over
		return lost
	}
	return failed
}
