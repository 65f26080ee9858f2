package testenv

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// BPFFS mounts a BPF file system of the test's own and gives its directory. It
// goes away when the test ends, and all that is pinned in it with the last user.
func BPFFS(t testing.TB) string {
	t.Helper()
	RequireRoot(t)
	dir := filepath.Join(t.TempDir(), "bpf")
	must(t, os.Mkdir(dir, 0o700), "make a directory for the BPF file system")
	must(t, unix.Mount("bpf", dir, "bpf", 0, "mode=0700"), "mount a BPF file system at %s", dir)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the BPF file system at %s: %v", dir, err)
		}
	})
	return dir
}
