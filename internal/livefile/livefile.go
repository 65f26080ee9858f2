// Package livefile has configuration that counts without a restart: values that
// are read from files, and read again when the files change. What cannot be
// read leaves the value that was there before.
package livefile

import (
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// Value is a T that is read from files. Its methods may be called from several
// goroutines.
type Value[T any] struct {
	read  func() (T, error)
	paths []string
	log   *slog.Logger
	now   func() time.Time

	mu     sync.Mutex
	value  T
	seen   []os.FileInfo // of each path, before value was read; nil: not there
	looked time.Time
	err    error // of the last reading
}

// interval is the time for which a look at the files counts.
const interval = time.Second

// Open reads the value for the first time, whose error it gives. A read that
// fails later is logged, once for each reason.
func Open[T any](log *slog.Logger, read func() (T, error), paths ...string) (*Value[T], error) {
	v := &Value[T]{read: read, paths: paths, log: log, now: time.Now}
	v.seen, v.looked = v.look(), v.now()
	v.value, v.err = read()
	return v, v.err
}

// Get gives the value. It looks at the files where nobody has for a second.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := v.now(); now.Sub(v.looked) >= interval {
		v.looked = now
		v.refresh()
	}
	return v.value
}

// Err is nil, or why the value is older than the files.
func (v *Value[T]) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

// refresh reads the value where a file has changed since, or where it could not
// be read: several files may change one after the other.
func (v *Value[T]) refresh() {
	seen := v.look()
	if v.err == nil && slices.EqualFunc(seen, v.seen, same) {
		return
	}
	v.seen = seen
	value, err := v.read()
	switch {
	case err == nil:
		v.value = value
		v.log.Info("files have been read again", "files", v.paths)
	case v.err == nil || v.err.Error() != err.Error():
		v.log.Error("files that have changed cannot be used; what they held before still counts", "files", v.paths, "error", err)
	}
	v.err = err
}

func (v *Value[T]) look() []os.FileInfo {
	out := make([]os.FileInfo, len(v.paths))
	for i, path := range v.paths {
		if info, err := os.Stat(path); err == nil {
			out[i] = info
		}
	}
	return out
}

// same tells whether a file is as it was. Two files that were written within
// one tick of the kernel's clock may be alike in all but that they are two.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
