package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab"
	"landbridge/internal/lab/testenv"
)

// TestUpAndDown leaves two clouds running without anybody who cares for them,
// looks around as the hints say, and takes them down.
func TestUpAndDown(t *testing.T) {
	testenv.RequireRoot(t)
	root, name := filepath.Join(t.TempDir(), "labs"), name("up")
	run := func(arguments ...string) string {
		t.Helper()
		program := filepath.Join(testenv.Programs(), "landbridge-lab")
		out, err := exec.Command(program, append([]string{"--root", root}, arguments...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", arguments, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		_ = lab.Down(name, lab.Options{Root: root}) // no error where the test has done it
	})

	said := run("up", name)
	hints := run("hints", name)
	for _, want := range []string{
		"ip netns exec " + name + "-gw-a curl", "vtep-ctl --db=unix:" + root, "ip netns exec " + name + "-vm-a1 ping 192.168.50.21",
	} {
		if !strings.Contains(said, want) || !strings.Contains(hints, want) {
			t.Errorf("%q is not said", want)
		}
	}
	l, err := lab.Open(name, lab.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	(&world{Lab: l}).reach(t, "vm-a1", "vm-b1")
	if got := run("shell", "--lab", name, "gw-a", "cat", "/proc/net/dev"); !strings.Contains(got, "fab0") {
		t.Errorf("the shell is not on gw-a: %s", got)
	}
	shown, err := exec.Command("vtep-ctl", "--db="+l.Gateways["a"].Database(), "list-ps").CombinedOutput()
	if err != nil || strings.TrimSpace(string(shown)) != "gw-a" {
		t.Errorf("vtep-ctl: %v: %s", err, shown)
	}
	if _, err := lab.RemoveAbandoned(lab.Options{Root: root}); err != nil {
		t.Fatal(err)
	}
	(&world{Lab: l}).reach(t, "vm-b1", "vm-a2")

	run("down", name)
	nothingUnder(t, root)
	if left, err := filepath.Glob("/run/netns/" + name + "-*"); err != nil || len(left) > 0 {
		t.Errorf("namespaces are left: %v (%v)", left, err)
	}
}
