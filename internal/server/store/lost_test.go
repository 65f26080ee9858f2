package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
)

func aGateway(name string) l2gw.Gateway {
	return l2gw.Gateway{Name: name, Devices: []l2gw.Device{{Name: "sw"}}}
}

// A server goes on when its database has been stopped or killed in the middle
// of its work: whoever has been told of success finds what he made, and nobody
// is told of a fault.
func TestDatabaseRestarts(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		server := e.Start(t)
		place := On(server.NewDatabase(t))
		s, other := openOn(t, place), openOn(t, place)
		ctx, stop := context.WithCancel(t.Context())
		var made sync.Map
		var count atomic.Int64
		var workers sync.WaitGroup
		for i, s := range []*Store{s, s, other, other} {
			workers.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					name := fmt.Sprintf("%d.%d", i, n)
					_, err := s.Gateways().Create(context.WithoutCancel(ctx), aGateway(name))
					if err == nil {
						made.Store(name, true)
						count.Add(1)
					} else if l2gw.CodeOf(err) != l2gw.Unavailable {
						t.Error(err)
					}
				}
			})
		}
		progress := func() {
			t.Helper()
			before := count.Load()
			testenv.Eventually(t, 30*time.Second, "work goes on", func() error {
				if n := count.Load() - before; n < 20 {
					return fmt.Errorf("%d made", n)
				}
				return nil
			})
		}
		for _, end := range []func(testing.TB){server.Kill, server.Stop, server.Kill} {
			progress()
			end(t)
			server.Start(t)
		}
		progress()
		stop()
		workers.Wait()
		all, err := s.Gateways().List(t.Context(), l2gw.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			made.Delete(g.Name)
		}
		made.Range(func(name, _ any) bool {
			t.Errorf("%s was made and is gone", name)
			return true
		})
	})
}

// While the database is away, calls end in bounded time, and say that it is
// worth while to try again.
func TestDatabaseAway(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		server := e.Start(t)
		s := openOn(t, On(server.NewDatabase(t)))
		s.patience = 200 * time.Millisecond
		server.Stop(t)
		for what, do := range map[string]func() error{
			"read":  func() error { _, err := s.Gateways().List(t.Context(), l2gw.Query{}); return err },
			"write": func() error { _, err := s.Gateways().Create(t.Context(), aGateway("x")); return err },
		} {
			start := time.Now()
			err := do()
			if l2gw.CodeOf(err) != l2gw.Unavailable || !strings.Contains(err.Error(), "out of reach") {
				t.Errorf("%s: got %v", what, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s: took %v", what, took)
			}
			if strings.Contains(err.Error(), testenv.DatabasePassword) {
				t.Errorf("%s: the password is in %q", what, err)
			}
		}
		server.Start(t)
		if _, err := s.Gateways().Create(t.Context(), aGateway("x")); err != nil {
			t.Error(err)
		}
	})
}

// A transaction that the database has undone for a deadlock is done again, from
// its beginning.
func TestDeadlockIsTriedAgain(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		s := openOn(t, p)
		for _, id := range []string{"a", "b"} {
			row := &gatewayRow{ID: id, Name: "fresh"}
			row.CreatedAt = int64(id[0])
			if err := s.insert(t.Context(), s.db, row, nil); err != nil {
				t.Fatal(err)
			}
		}
		db := p.Raw(t)
		other, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		exec := func(statement string) {
			t.Helper()
			if _, err := other.Exec(statement); err != nil {
				t.Error(err)
			}
		}
		// So that it is ours that is undone: PostgreSQL takes whoever looks first,
		// MariaDB whoever has written less.
		if e.Name == "postgresql" {
			exec("SET LOCAL deadlock_timeout = '1min'")
		}
		for i := range 50 {
			exec(fmt.Sprintf("INSERT INTO l2remotegateways VALUES ('%d', '', '', '%d', %d, '', 0, 0)", i, i, i))
		}
		exec("UPDATE l2gateways SET name = 'theirs' WHERE id = 'b'")

		attempts, done := 0, make(chan struct{})
		err = s.write(t.Context(), "write", func(ctx context.Context, db bun.IDB) error {
			attempts++
			if _, err := db.ExecContext(ctx, "UPDATE l2gateways SET name = 'ours' WHERE id = 'a'"); err != nil {
				return err
			}
			if attempts == 1 {
				go func() {
					defer close(done)
					exec("UPDATE l2gateways SET name = 'theirs' WHERE id = 'a'")
					if err := other.Commit(); err != nil {
						t.Error(err)
					}
				}()
			}
			_, err := db.ExecContext(ctx, "UPDATE l2gateways SET name = 'ours' WHERE id = 'b'")
			return err
		})
		<-done
		if err != nil || attempts != 2 {
			t.Errorf("%d attempts, %v; want 2", attempts, err)
		}
		var ours int
		if err := db.QueryRow("SELECT COUNT(*) FROM l2gateways WHERE name = 'ours'").Scan(&ours); err != nil || ours != 2 {
			t.Errorf("%d rows are ours, want 2: %v", ours, err)
		}
	})
}

// Where the connection is lost while the database commits, nothing is tried
// again: it may have been made.
func TestLostAtCommit(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		place := e.New(t)
		openOn(t, place)
		cut := newCutter(t, place.DSN)
		s := openOn(t, Place{DSN: cut.dsn})
		attempts := 0
		cut.armed.Store(true)
		err := s.write(t.Context(), "write", func(ctx context.Context, db bun.IDB) error {
			attempts++
			_, err := db.NewInsert().Model(&gatewayRow{ID: "a"}).Exec(ctx)
			return err
		})
		if l2gw.CodeOf(err) != l2gw.Unavailable || !strings.Contains(err.Error(), "look whether") || attempts != 1 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
		testenv.Eventually(t, 5*time.Second, "it was made", func() error {
			_, err := s.Gateways().Get(t.Context(), "a")
			return err
		})
	})
}

// cutter stands before a database and, when armed, cuts a connection off after
// it has passed on a commit.
type cutter struct {
	dsn   string
	armed atomic.Bool
	// silent: at a select, it says nothing more instead.
	silent atomic.Bool
}

func newCutter(t *testing.T, dsn string) *cutter {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, server := &cutter{}, u.Host
	u.Host = l.Addr().String()
	c.dsn = u.String()
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { c.pass(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
	return c
}

func (c *cutter) pass(client net.Conn, server string) {
	defer func() { _ = client.Close() }()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	go func() {
		_, _ = io.Copy(client, upstream)
		_ = client.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(buf[:n]), []byte("commit")) && c.armed.CompareAndSwap(true, false) {
			_ = client.Close() // before the answer can come
			_, _ = upstream.Write(buf[:n])
			return
		}
		if bytes.Contains(buf[:n], []byte("SELECT")) && c.silent.CompareAndSwap(true, false) {
			_, _ = io.Copy(io.Discard, client) // until the client gives up
			return
		}
		if _, err := upstream.Write(buf[:n]); err != nil {
			return
		}
	}
}

// A database that does not answer is given up, and asked anew.
func TestSilence(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		place := e.New(t)
		openOn(t, place)
		proxy := newCutter(t, place.DSN)
		s := openOn(t, Place{DSN: proxy.dsn})
		s.silence = 100 * time.Millisecond
		proxy.silent.Store(true)
		if _, err := s.Gateways().List(t.Context(), l2gw.Query{}); err != nil {
			t.Error(err)
		}
		s.patience = time.Millisecond
		proxy.silent.Store(true)
		_, err := s.Gateways().List(t.Context(), l2gw.Query{})
		if l2gw.CodeOf(err) != l2gw.Unavailable || !strings.Contains(err.Error(), errSilent.Error()) {
			t.Errorf("got %v", err)
		}
	})
}

// Work of many statements may take longer than one of them.
func TestLongWorkIsNotSilence(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		s := openOn(t, e.New(t))
		s.silence = 200 * time.Millisecond
		start := time.Now()
		err := s.write(t.Context(), "work", func(ctx context.Context, db bun.IDB) error {
			for time.Since(start) < 3*s.silence {
				if _, err := nextStamp(ctx, db, "l2gateways"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A writer waits for those of other servers, and those for it.
func TestTurn(t *testing.T) {
	eachServer(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		s, other := openOn(t, p), openOn(t, p)
		var first atomic.Bool
		var wg sync.WaitGroup
		err := s.write(t.Context(), "hold", func(context.Context, bun.IDB) error {
			wg.Go(func() {
				err := other.write(t.Context(), "wait", func(context.Context, bun.IDB) error {
					if !first.Load() {
						t.Error("two writers at once")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			first.Store(true)
			return nil
		})
		wg.Wait()
		if err != nil {
			t.Error(err)
		}
	})
}

// A server that stands still in its turn loses it.
func TestTurnEnds(t *testing.T) {
	s := openOn(t, Engines()[1].New(t))
	err := s.write(t.Context(), "write", func(ctx context.Context, db bun.IDB) error {
		for setting, want := range map[string]string{"idle_in_transaction_session_timeout": "2s", "lock_timeout": "10s"} {
			var got string
			if err := db.QueryRowContext(ctx, "SHOW "+setting).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOutcomes(t *testing.T) {
	pg := func(code string) error { return fmt.Errorf("x: %w", &pgconn.PgError{Code: code}) }
	my := func(number uint16) error { return fmt.Errorf("x: %w", &mysql.MySQLError{Number: number}) }
	for _, c := range []struct {
		d    dialect
		err  error
		want outcome
	}{
		{postgresDialect(), pg("40001"), gaveWay},
		{postgresDialect(), pg("40P01"), gaveWay},
		{postgresDialect(), pg("55P03"), gaveWay},
		{postgresDialect(), pg("57P01"), lost},
		{postgresDialect(), pg("57P03"), lost},
		{postgresDialect(), pg("08006"), lost},
		{postgresDialect(), pg("53300"), lost},
		{postgresDialect(), pg("25006"), lost},
		{postgresDialect(), pg("28P01"), failed}, // a wrong password
		{postgresDialect(), pg("23505"), failed},
		{postgresDialect(), io.ErrUnexpectedEOF, lost},
		{postgresDialect(), driver.ErrBadConn, lost},
		{postgresDialect(), errors.New("x"), failed},
		{postgresDialect(), context.Canceled, failed},
		{mysqlDialect(), errUndone, gaveWay},
		{mysqlDialect(), my(1213), gaveWay},
		{mysqlDialect(), my(1205), gaveWay},
		{mysqlDialect(), my(1020), gaveWay},
		{mysqlDialect(), my(1053), lost},
		{mysqlDialect(), my(1927), lost},
		{mysqlDialect(), my(1047), lost},
		{mysqlDialect(), my(1045), failed}, // a wrong password
		{mysqlDialect(), my(1062), failed},
		{mysqlDialect(), mysql.ErrInvalidConn, lost},
		{mysqlDialect(), &net.OpError{Op: "dial", Err: errors.New("x")}, lost},
		{mysqlDialect(), errors.New("x"), failed},
		{sqliteDialect(), errors.New("x"), failed},
	} {
		if got := c.d.outcome(c.err); got != c.want {
			t.Errorf("%s: %v: outcome %d, want %d", c.d.name, c.err, got, c.want)
		}
	}
}

func TestViolated(t *testing.T) {
	for message, want := range map[string]string{
		"Duplicate entry 'a-b' for key 'uq_l2remotemacs_mac'":                oneRemoteMAC,
		"Duplicate entry 'a-b' for key 'l2remotemacs.uq_l2remotemacs_mac'":   oneRemoteMAC,
		"Duplicate entry ' for key 'uq_l2remotemacs_mac'' for key 'PRIMARY'": "",
		"": "",
	} {
		if got := mysqlDialect().violated(&mysql.MySQLError{Number: 1062, Message: message}); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}
