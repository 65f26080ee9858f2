package datapath

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"landbridge/internal/lab/testenv"
)

func TestCheckKernel(t *testing.T) {
	for version, good := range map[uint32]bool{
		4<<16 | 19<<8 | 255: false, 5<<16 | 14<<8 | 21: false, 5<<16 | 15<<8: true, 5<<16 | 15<<8 | 3: true, 6<<16 | 1<<8: true,
	} {
		if err := checkKernel(version); (err == nil) != good {
			t.Errorf("kernel %d.%d: %v", version>>16, version>>8&0xff, err)
		}
	}
}

func TestCheckCaps(t *testing.T) {
	bit := func(caps ...int) (set uint64) {
		for _, c := range caps {
			set |= 1 << c
		}
		return set
	}
	for _, test := range []struct {
		have    uint64
		missing string
	}{
		{0, "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON"},
		{bit(unix.CAP_NET_ADMIN), "CAP_BPF, CAP_PERFMON"},
		{bit(unix.CAP_SYS_ADMIN), "CAP_NET_ADMIN"},
		{bit(unix.CAP_NET_ADMIN, unix.CAP_BPF), "CAP_PERFMON"},
		{bit(unix.CAP_NET_ADMIN, unix.CAP_BPF, unix.CAP_PERFMON), ""},
		{bit(unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN), ""},
	} {
		err := checkCaps(test.have)
		switch {
		case test.missing == "" && err != nil:
			t.Errorf("%#x: %v", test.have, err)
		case test.missing != "" && (err == nil || !strings.Contains(err.Error(), "privilege "+test.missing+":")):
			t.Errorf("%#x: %v, want %s missing", test.have, err, test.missing)
		}
	}
}

func TestDirectoryHasToBeOnBPFFS(t *testing.T) {
	fs := testenv.BPFFS(t)
	for dir, complaint := range map[string]string{
		t.TempDir():                      "mount one",
		filepath.Join(t.TempDir(), "no"): "mount one",
		"relative/path":                  "absolute",
		"":                               "absolute",
	} {
		if _, err := Open(Config{PinDir: dir}); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v", dir, err)
		}
	}
	closed(t, openAt(t, filepath.Join(fs, "a", "b")))
}

func TestIDs(t *testing.T) {
	s := newIDs("thing", 3)
	take := func(want uint32) {
		t.Helper()
		if got, err := s.take(); err != nil || got != want {
			t.Errorf("got %d, %v; want %d", got, err, want)
		}
	}
	take(1)
	take(2)
	s.release(1)
	take(3) // not 1 again so soon
	take(1)
	if _, err := s.take(); err == nil {
		t.Error("took a fourth of three")
	}
	s.release(2)
	take(2)
	s = newIDs("thing", 3)
	s.claim(2)
	take(3)
	take(1)
}

// The kernel here has all; one that lacks some is told which.
func TestHelpers(t *testing.T) {
	if err := checkHelpers(func(h asm.BuiltinFunc) error { return features.HaveProgramHelper(ebpf.SchedCLS, h) }); err != nil {
		t.Error(err)
	}
	err := checkHelpers(func(h asm.BuiltinFunc) error {
		if h == asm.FnFibLookup || h == asm.FnRedirectNeigh {
			return ebpf.ErrNotSupported
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "lacks FnFibLookup, FnRedirectNeigh for") {
		t.Errorf("got %v", err)
	}
	if err := checkHelpers(func(asm.BuiltinFunc) error { return os.ErrPermission }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
