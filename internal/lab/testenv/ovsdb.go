package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/vtep/database"
)

// VTEPSchema is the hardware_vtep schema of Debian's package openvswitch-vtep.
const VTEPSchema = database.InstalledSchema

// startWithin is how long ovsdb-server and its tools may take to answer.
const startWithin = 20 * time.Second

// OVSDBOption changes how StartOVSDB starts.
type OVSDBOption func(*OVSDB)

// WithSchema takes a schema as it is, such as VTEPSchema, instead of the one that
// vtepd makes of it: a file.
func WithSchema(file string) OVSDBOption { return func(o *OVSDB) { o.schema = file } }

// WithTLS lets the server also listen on ssl:, with these files, and ask its
// clients for certificates of the same authority.
func WithTLS(files TLSFiles) OVSDBOption { return func(o *OVSDB) { o.tls = &files } }

// WithManagers lets the server dial the targets of vtep-ctl set-manager.
func WithManagers() OVSDBOption { return func(o *OVSDB) { o.managers = true } }

// OVSDB is a private ovsdb-server. It ends with its test.
type OVSDB struct {
	// Unix and TCP are the addresses it listens on, ready for a client; they
	// stay the same when it is started again. SSL is one too, with WithTLS.
	Unix, TCP, SSL string
	// Dir has its files: database, socket, log.
	Dir string

	schema           string // "": vtepd's
	tls              *TLSFiles
	managers         bool
	tcpPort, sslPort int
	process          *os.Process
	exited           chan struct{}
}

// StartOVSDB starts an ovsdb-server with an empty hardware_vtep database and
// returns when it answers.
func StartOVSDB(t testing.TB, options ...OVSDBOption) *OVSDB {
	t.Helper()
	// Not t.TempDir: its paths may be too long for a socket.
	dir, err := os.MkdirTemp("", "lb-ovsdb-")
	if err != nil {
		t.Fatal(err)
	}
	o := &OVSDB{Dir: dir, Unix: "unix:" + filepath.Join(dir, "sock")}
	for _, opt := range options {
		opt(o)
	}
	t.Cleanup(func() {
		o.Kill(t)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	o.tcpPort = FreePort(t)
	o.TCP = fmt.Sprintf("tcp:127.0.0.1:%d", o.tcpPort)
	if o.tls != nil {
		o.sslPort = FreePort(t)
		o.SSL = fmt.Sprintf("ssl:127.0.0.1:%d", o.sslPort)
	}
	o.createDatabase(t)
	o.Start(t)
	return o
}

// Start starts the server again, with the database as it was left.
func (o *OVSDB) Start(t testing.TB) {
	t.Helper()
	cmd := exec.Command("ovsdb-server", o.arguments()...)
	cmd.Dir = o.Dir
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+o.Dir, "OVS_LOGDIR="+o.Dir)
	started := make(chan error, 1)
	exited := make(chan struct{})
	go runWithParent(cmd, started, exited)
	if err := <-started; err != nil {
		t.Fatalf("start ovsdb-server (Debian package openvswitch-common): %v", err)
	}
	o.process, o.exited = cmd.Process, exited
	Eventually(t, startWithin, "ovsdb-server answers", func() error {
		select {
		case <-exited:
			t.Fatalf("ovsdb-server has ended; its log:\n%s", o.Log(t))
		default:
		}
		_, err := o.client("list-dbs", o.Unix)
		return err
	})
}

// runWithParent runs cmd so that it dies with this process. The signal at the
// parent's death is bound to the thread that forked, which therefore has to
// live as long as the command.
func runWithParent(cmd *exec.Cmd, started chan<- error, exited chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(exited)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // how it ended is told by who ended it
	}
}

func (o *OVSDB) arguments() []string {
	args := []string{
		"--no-chdir", "--log-file=" + o.logFile(), "-vconsole:off", "-vsyslog:off", "-vfile:info",
		"--unixctl=" + filepath.Join(o.Dir, "ctl"),
		"--remote=punix:" + filepath.Join(o.Dir, "sock"),
		fmt.Sprintf("--remote=ptcp:%d:127.0.0.1", o.tcpPort),
	}
	if o.tls != nil {
		args = append(args, "--private-key="+o.tls.Key, "--certificate="+o.tls.Cert, "--ca-cert="+o.tls.CA,
			fmt.Sprintf("--remote=pssl:%d:127.0.0.1", o.sslPort))
	}
	if o.managers {
		args = append(args, "--remote=db:hardware_vtep,Global,managers")
	}
	return append(args, o.DatabaseFile())
}

// Compact has the database's file hold what there is, and not how it came about,
// all of which a start would read.
func (o *OVSDB) Compact(t testing.TB) {
	t.Helper()
	if out, err := exec.Command("ovs-appctl", "-t", filepath.Join(o.Dir, "ctl"), "ovsdb-server/compact").CombinedOutput(); err != nil {
		t.Fatalf("compact the database (ovs-appctl): %v: %s", err, out)
	}
}

// Stop ends the server in good order.
func (o *OVSDB) Stop(t testing.TB) { o.end(t, syscall.SIGTERM) }

// Kill ends the server as kill -9 does.
func (o *OVSDB) Kill(t testing.TB) { o.end(t, syscall.SIGKILL) }

// Freeze makes the server stand still without ending it; Thaw lets it go on.
func (o *OVSDB) Freeze(t testing.TB) {
	t.Helper()
	freeze(t, "ovsdb-server", o.process)
}

// Thaw ends a Freeze.
func (o *OVSDB) Thaw(t testing.TB) {
	t.Helper()
	thaw(t, "ovsdb-server", o.process)
}

func (o *OVSDB) end(t testing.TB, sig os.Signal) {
	t.Helper()
	if o.process == nil {
		return
	}
	mustSignal(t, "ovsdb-server", o.process.Signal(sig))
	<-o.exited
	o.process = nil
}

// Wipe starts the server anew with an empty database.
func (o *OVSDB) Wipe(t testing.TB) {
	t.Helper()
	o.Kill(t)
	if err := os.Remove(o.DatabaseFile()); err != nil {
		t.Fatal(err)
	}
	o.createDatabase(t)
	o.Start(t)
}

// Log gives the server's log file.
func (o *OVSDB) Log(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(o.logFile())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (o *OVSDB) createDatabase(t testing.TB) {
	t.Helper()
	if o.schema == "" {
		if _, _, err := database.Create(context.Background(), o.DatabaseFile(), VTEPSchema); err != nil {
			t.Fatal(err)
		}
		return
	}
	out, err := exec.Command("ovsdb-tool", "create", o.DatabaseFile(), o.schema).CombinedOutput()
	if err != nil {
		t.Fatalf("ovsdb-tool create (Debian packages openvswitch-common, openvswitch-vtep): %v: %s", err, out)
	}
}

// DatabaseFile is the file that the server has its database in.
func (o *OVSDB) DatabaseFile() string { return filepath.Join(o.Dir, "vtep.db") }
func (o *OVSDB) logFile() string      { return filepath.Join(o.Dir, "ovsdb-server.log") }

// FreePort gives a TCP port of loopback that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
