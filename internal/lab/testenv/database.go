package testenv

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The user of the private database servers. The password needs every kind of
// quoting.
const (
	DatabaseUser     = "landbridge"
	DatabasePassword = `p@:/%?#'"\ wörd`
)

// databaseWithin is how long a database server may take to start or stop.
const databaseWithin = 60 * time.Second

// DatabaseServer is a private PostgreSQL or MariaDB server, on a loopback port
// and a unix socket, run as a user without privileges.
type DatabaseServer struct {
	// Dir has its files: data, socket, log.
	Dir string
	// Port stays the same when it is started again.
	Port int

	kind    databaseKind
	process *os.Process
	exited  chan struct{}
	made    atomic.Int64 // databases
}

// databaseKind is what differs between database servers.
type databaseKind struct {
	scheme, driver string
	account        string // the system user that Debian's package made
	quit           syscall.Signal
	// create makes the data, command is the server; both run as account.
	create, command func(s *DatabaseServer) *exec.Cmd
	make            string // the statement that makes a database
	// dsn names a database, "" one that is always there, for the Go driver.
	dsn func(s *DatabaseServer, name string) string
	// place is the end of the URL of a database.
	place func(name string) (path, query string)
}

// startDatabase makes a server and starts it.
func startDatabase(t testing.TB, kind databaseKind) *DatabaseServer {
	t.Helper()
	// Not t.TempDir: its parent is for root alone, and its paths may be too long
	// for a socket.
	dir, err := os.MkdirTemp("", "lb-"+kind.scheme+"-")
	if err != nil {
		t.Fatal(err)
	}
	s := &DatabaseServer{Dir: dir, Port: FreePort(t), kind: kind}
	up := false
	defer func() {
		if !up {
			_ = os.RemoveAll(dir) // the test has failed already
		}
	}()
	if cred := s.credential(t); cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := kind.create(s)
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: s.credential(t)}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the data of %s (Debian packages postgresql, mariadb-server): %v: %s", kind.scheme, err, out)
	}
	s.Start(t)
	up = true
	return s
}

// close ends the server, in good order so that it takes its children along, and
// deletes its files.
func (s *DatabaseServer) close() error {
	var err error
	if s.process != nil {
		err = s.process.Signal(s.kind.quit)
		<-s.exited
		s.process = nil
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// endsWith closes the server at the end of its test.
func (s *DatabaseServer) endsWith(t testing.TB) *DatabaseServer {
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// credential is whom the server runs as: not root, which they refuse.
func (s *DatabaseServer) credential(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(s.kind.account)
	if err != nil {
		t.Fatalf("%v (Debian packages postgresql, mariadb-server)", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// Start starts the server, with the data as they were left, and returns when it
// answers.
func (s *DatabaseServer) Start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the server has its own descriptor
	Eventually(t, databaseWithin, s.kind.scheme+" answers\n"+s.logFile(), func() error {
		if s.process == nil {
			s.launch(t, log)
		}
		select {
		case <-s.exited:
			// After a kill -9, what the last one has left may still be in use.
			s.process = nil
			return fmt.Errorf("it has ended; its log:\n%s", s.Log(t))
		default:
		}
		db := s.Connect(t, "")
		defer func() { _ = db.Close() }()
		return db.Ping()
	})
}

func (s *DatabaseServer) launch(t testing.TB, log *os.File) {
	t.Helper()
	cmd := s.kind.command(s)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential(t)}
	started, exited := make(chan error, 1), make(chan struct{})
	go runWithParent(cmd, started, exited)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	s.process, s.exited = cmd.Process, exited
}

// Stop ends the server in good order; its clients are thrown out.
func (s *DatabaseServer) Stop(t testing.TB) { s.end(t, s.kind.quit) }

// Kill ends the server as kill -9 does, with the children that PostgreSQL has
// for its clients.
func (s *DatabaseServer) Kill(t testing.TB) {
	t.Helper()
	children := s.children(t)
	s.end(t, syscall.SIGKILL)
	for _, pid := range children {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

func (s *DatabaseServer) children(t testing.TB) []int {
	t.Helper()
	if s.process == nil {
		return nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", s.process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for word := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

func (s *DatabaseServer) signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := s.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %s: %v", s.kind.scheme, err)
	}
}

func (s *DatabaseServer) end(t testing.TB, sig os.Signal) {
	t.Helper()
	if s.process == nil {
		return
	}
	s.signal(t, sig)
	<-s.exited
	s.process = nil
}

// Database is one database of a server.
type Database struct {
	server *DatabaseServer
	name   string
}

// NewDatabase makes an empty database. In PostgreSQL it is a schema, which is
// the same to a client and takes a tenth of the time.
func (s *DatabaseServer) NewDatabase(t testing.TB) Database {
	t.Helper()
	d := Database{s, fmt.Sprint("t", s.made.Add(1))}
	db := s.Connect(t, "")
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(s.kind.make + " " + d.name); err != nil {
		t.Fatal(err)
	}
	return d
}

// URL names the database as operators do.
func (d Database) URL() string {
	u := url.URL{
		Scheme: d.server.kind.scheme, User: url.UserPassword(DatabaseUser, DatabasePassword),
		Host: fmt.Sprintf("127.0.0.1:%d", d.server.Port),
	}
	u.Path, u.RawQuery = d.server.kind.place(d.name)
	return u.String()
}

// Connect opens the database as any other program would.
func (d Database) Connect(t testing.TB) *sql.DB { return d.server.Connect(t, d.name) }

// Connect opens a database of the server by name; "" is one that is always
// there.
func (s *DatabaseServer) Connect(t testing.TB, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open(s.kind.driver, s.kind.dsn(s, name))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Log gives the server's log file.
func (s *DatabaseServer) Log(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(s.logFile())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (s *DatabaseServer) logFile() string         { return filepath.Join(s.Dir, "log") }
func (s *DatabaseServer) file(name string) string { return filepath.Join(s.Dir, name) }

// write makes a file that the server may read. Strangers do not reach it: the
// directory is the server's alone.
func (s *DatabaseServer) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(s.file(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeTLS makes copies of certificates that the server's account can read, the
// key for it alone.
func (s *DatabaseServer) writeTLS(t testing.TB, files TLSFiles) {
	t.Helper()
	for from, to := range map[string]string{files.CA: "ca.pem", files.Cert: "cert.pem", files.Key: "key.pem"} {
		text, err := os.ReadFile(from)
		must(t, err, "read certificates")
		must(t, os.WriteFile(s.file(to), text, 0o600), "copy certificates")
		if cred := s.credential(t); cred != nil {
			must(t, os.Chown(s.file(to), int(cred.Uid), int(cred.Gid)), "give the database its certificates")
		}
	}
}

// Databases has servers that all tests of a binary share, each started when it
// is first asked for. A TestMain closes them at the end.
type Databases struct {
	postgres, mariadb shared[DatabaseServer]
}

type shared[S any] struct {
	once   sync.Once
	server *S
}

func (s *shared[S]) get(t testing.TB, start func(testing.TB) *S) *S {
	t.Helper()
	s.once.Do(func() { s.server = start(t) })
	if s.server == nil {
		t.Fatal("the server has not started, as another test said")
	}
	return s.server
}

// Postgres gives the shared PostgreSQL server.
func (d *Databases) Postgres(t testing.TB) *DatabaseServer { return d.postgres.get(t, newPostgres) }

// MariaDB gives the shared MariaDB server.
func (d *Databases) MariaDB(t testing.TB) *DatabaseServer { return d.mariadb.get(t, newMariaDB) }

// Close ends the servers that were started and deletes their files.
func (d *Databases) Close() error {
	var all error
	for _, s := range []*DatabaseServer{d.postgres.server, d.mariadb.server} {
		if s != nil {
			all = errors.Join(all, s.close())
		}
	}
	return all
}
