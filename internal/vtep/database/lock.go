package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// newDir is where a file is made that will replace another.
func newDir(file string) string { return file + ".new" }

// lock takes the lock that ovsdb-server and ovsdb-tool hold on a file while they
// use it, and takes away what one has left that was killed. The lock's own file
// stays, as it does after them.
func lock(file string) (unlock func(), err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	name := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".~lock~")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = fmt.Errorf("%s is in use, by an ovsdb-server or another run of this command: give the server's address (unix:PATH) instead of the file, or end it first", file)
	}
	if err == nil {
		err = os.RemoveAll(newDir(file))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		// A program that is being started may have the file open for a moment.
		_ = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK})
		_ = f.Close()
	}, nil
}

// alike gives a new file the owner and the mode of the one that it replaces, if
// that is there.
func alike(fresh, file string) error {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(fresh, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(fresh, info.Mode().Perm())
}
