package chaos

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const group = lastGroup - 1

// echo answers each line with itself, on a port that it gives.
func echo(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					_, _ = fmt.Fprintln(conn, lines.Text())
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// asks has a program of the group say something by a connection of its own, and
// tells whether it is answered.
func asks(t *testing.T, port int) string {
	t.Helper()
	const script = `exec 3<>/dev/tcp/127.0.0.1/$0 || exit; echo hello >&3; read -t 0.5 line <&3 && echo "$line" || echo nothing`
	cmd := exec.Command("timeout", "1", "bash", "-c", script, fmt.Sprint(port))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Gid: group}}
	out, _ := cmd.CombinedOutput() // how it ends is in what it says
	return strings.TrimSpace(string(out))
}

func TestCutsCut(t *testing.T) {
	one, other := echo(t), echo(t)
	none := cuts{}
	none.apply(t)
	t.Cleanup(func() { none.apply(t) })
	for name, c := range map[string]struct {
		cut  cut
		want string
	}{
		"nothing":        {cut{[]int{group + 1}, []int{one}, false}, "hello"},
		"packets go":     {cut{[]int{group, group + 1}, []int{one}, false}, ""},
		"with a refusal": {cut{[]int{group}, []int{one}, true}, "Connection refused"},
	} {
		cuts{1: c.cut}.apply(t)
		if got := asks(t, one); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: answered %q, want %q", name, got, c.want)
		}
		if got := asks(t, other); got != "hello" {
			t.Errorf("%s: another port answers %q", name, got)
		}
	}
}

// A connection that is there is cut in both directions.
func TestCutsCutWhatIsThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	const script = `exec 3<>/dev/tcp/127.0.0.1/$0; while read -r line <&3; do echo "$line"; done`
	cuts{}.apply(t)
	cmd := exec.Command("bash", "-c", script, fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Gid: group}, Pdeathsig: syscall.SIGKILL}
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(said); in.Scan(); {
			lines <- in.Text()
		}
		close(lines)
	}()
	hears := func(line string, within time.Duration) bool {
		_, _ = fmt.Fprintln(conn, line)
		select {
		case got := <-lines:
			return got == line
		case <-time.After(within):
			return false
		}
	}
	if !hears("one", 5*time.Second) {
		t.Fatal("there is no connection")
	}
	cuts{1: {[]int{group}, []int{l.Addr().(*net.TCPAddr).Port}, false}}.apply(t)
	if hears("two", 300*time.Millisecond) {
		t.Fatal("what the server sends still arrives")
	}
	cuts{}.apply(t)
	select { // TCP sends it once more
	case got := <-lines:
		if got != "two" {
			t.Errorf("after the cut it hears %q", got)
		}
	case <-time.After(20 * time.Second):
		t.Error("after the cut it hears nothing")
	}
	_ = conn.Close()
	for range lines {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
