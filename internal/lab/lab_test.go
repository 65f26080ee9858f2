package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
)

// testSpec is TwoClouds under a name of the test's own.
func testSpec(t *testing.T) Spec {
	return TwoClouds(fmt.Sprintf("lbt%d%s", os.Getpid(), strings.ToLower(t.Name()[4:8])))
}

func newTestLab(t *testing.T) *Lab {
	t.Helper()
	testenv.RequireRoot(t)
	l, err := New(testSpec(t), Options{Root: filepath.Join(t.TempDir(), "labs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Remove(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *Lab) testNode(t *testing.T, name string) *netns.Namespace {
	t.Helper()
	ns, err := l.Node(name)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func mustPing(t *testing.T, from *netns.Namespace, to VM, want int) {
	t.Helper()
	r, err := ping.Count(t.Context(), from, to.Addr.Addr(), 5, 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Received != want || r.Duplicates != 0 {
		t.Errorf("%s to %s: %s; want %d", from.Name, to.Name, r, want)
	}
}

func TestVMsOfOneCloudReachEachOther(t *testing.T) {
	l := newTestLab(t)
	fabric, err := capture.Start(l.testNode(t, fabricNode("a")), "a1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fabric.Close() }()

	mustPing(t, l.testNode(t, "vm-a1"), l.Spec.VM("vm-a2"), 5)
	mustPing(t, l.testNode(t, "vm-a2"), l.Spec.VM("vm-a1"), 5)
	packets, err := fabric.Packets()
	if err != nil {
		t.Fatal(err)
	}
	if got := capture.VNIs(packets); len(got) != 1 || got[0] != VNIOfA {
		t.Errorf("VNIs on the fabric: %v", got)
	}
	mac, ok, err := l.testNode(t, "vm-a1").Neighbour(vmLink, l.Spec.VM("vm-a2").Addr.Addr())
	if err != nil || !ok || mac != l.Spec.VM("vm-a2").MAC {
		t.Errorf("neighbour %v %v %v", mac, ok, err)
	}
}

func TestCloudsAreApart(t *testing.T) {
	l := newTestLab(t)
	mustPing(t, l.testNode(t, "vm-a1"), l.Spec.VM("vm-b1"), 0)
	// The network that has the same addresses keeps to itself.
	mustPing(t, l.testNode(t, "red-a1"), l.Spec.VM("red-a2"), 5)
}

func TestRouterJoinsGateways(t *testing.T) {
	l := newTestLab(t)
	r, err := ping.Count(t.Context(), l.testNode(t, "gw-a"), l.Spec.Clouds[1].Gateway.WAN.Addr(), 3, time.Millisecond)
	if err != nil || r.Lost() != 0 {
		t.Errorf("%s, %v", r, err)
	}
}

func TestLabsOfOneNameExclude(t *testing.T) {
	l := newTestLab(t)
	_, err := New(l.Spec, l.options)
	if err == nil || !strings.Contains(err.Error(), "take it down first") {
		t.Errorf("second lab: %v", err)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	testenv.RequireRoot(t)
	root := filepath.Join(t.TempDir(), "labs")
	l, err := New(testSpec(t), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.mountBPF(); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob("/run/netns/" + l.Spec.Name + "-*")
	if err != nil || len(left) != 0 {
		t.Errorf("namespaces left: %v, %v", left, err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", root, err)
	}
}

func TestOpenFindsALab(t *testing.T) {
	l := newTestLab(t)
	other, err := Open(l.Spec.Name, l.options)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	mustPing(t, other.testNode(t, "vm-a1"), other.Spec.VM("vm-a2"), 5)
	if _, err := Open("no-such-lab", l.options); err == nil {
		t.Error("opened a lab that is not there")
	}
}
