// Package ledger writes down what a lab makes on the machine before it is
// there, so that whoever comes after can remove exactly that, also when the
// lab was killed.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/netns"
)

const (
	fileName = "ledger.json"
	// patience is how long a process may take to end in good order.
	patience = 3 * time.Second
)

// Ledger is the record of one lab. Its directory holds all files of the lab.
type Ledger struct {
	Dir string

	mu     sync.Mutex
	record record
}

type record struct {
	Owner      Process   `json:"owner"` // who builds the lab
	Kept       bool      `json:"kept"`  // it is to outlive its owner
	Namespaces []string  `json:"namespaces"`
	Mounts     []string  `json:"mounts"`
	Processes  []Process `json:"processes"`
}

// Create makes the directory and the record of a new lab, owned by the calling
// process. A directory that is there is an error.
func Create(dir string) (*Ledger, error) {
	owner, err := Identify(filepath.Base(os.Args[0]), os.Getpid())
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	l := &Ledger{Dir: dir, record: record{Owner: owner}}
	return l, l.save()
}

// Load reads the record of a lab that exists.
func Load(dir string) (*Ledger, error) {
	l := &Ledger{Dir: dir}
	b, err := os.ReadFile(l.file())
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &l.record); err != nil {
		return nil, fmt.Errorf("read %s: %w", l.file(), err)
	}
	return l, nil
}

// Abandoned tells whether nobody takes care of the lab any more.
func (l *Ledger) Abandoned() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.record.Kept && !l.record.Owner.Alive()
}

// Keep lets the lab outlive its owner.
func (l *Ledger) Keep() error { return l.change(func(r *record) { r.Kept = true }) }

// Namespace notes a network namespace that is about to be made.
func (l *Ledger) Namespace(name string) error {
	return l.change(func(r *record) { r.Namespaces = append(r.Namespaces, name) })
}

// Mount notes a mount that is about to be made.
func (l *Ledger) Mount(dir string) error {
	return l.change(func(r *record) { r.Mounts = append(r.Mounts, dir) })
}

// Process notes a process that has just been started; it takes the place of an
// ended one of the same name.
func (l *Ledger) Process(p Process) error {
	return l.change(func(r *record) {
		r.Processes = slices.DeleteFunc(r.Processes, func(o Process) bool { return o.Name == p.Name && !o.Alive() })
		r.Processes = append(r.Processes, p)
	})
}

// Find gives the process of a name that was noted last.
func (l *Ledger) Find(name string) (Process, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range slices.Backward(l.record.Processes) {
		if p.Name == name {
			return p, true
		}
	}
	return Process{}, false
}

// Remove ends the processes and removes all that is written down, then the
// directory. It does all it can, and gives what it could not do.
func (l *Ledger) Remove() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, p := range slices.Backward(l.record.Processes) {
		errs = append(errs, p.End(patience))
	}
	for _, dir := range l.record.Mounts {
		errs = append(errs, unmount(dir))
	}
	for _, name := range l.record.Namespaces {
		errs = append(errs, netns.Delete(name))
	}
	if err := errors.Join(errs...); err != nil {
		return err // the record stays, for another try
	}
	if err := os.RemoveAll(l.Dir); err != nil {
		return err
	}
	_ = os.Remove(filepath.Dir(l.Dir)) // stays where it holds other labs
	return nil
}

// RemoveAbandoned removes what killed labs have left under a directory of
// labs, and gives the names of them.
func RemoveAbandoned(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var removed []string
	var errs []error
	for _, e := range entries {
		l, err := Load(filepath.Join(root, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // just being made, or removed
		}
		if err != nil {
			errs = append(errs, err)
		} else if l.Abandoned() {
			errs = append(errs, l.Remove())
			removed = append(removed, e.Name())
		}
	}
	return removed, errors.Join(errs...)
}

func unmount(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH)
	if err == nil || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
		return nil // EINVAL: noted, but never mounted
	}
	return fmt.Errorf("unmount %s: %w", dir, err)
}

func (l *Ledger) file() string { return filepath.Join(l.Dir, fileName) }

func (l *Ledger) change(fn func(*record)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn(&l.record)
	return l.save()
}

// save replaces the file whole: a reader never finds half of it.
func (l *Ledger) save() error {
	b, err := json.MarshalIndent(l.record, "", "  ")
	if err != nil {
		return err
	}
	next := l.file() + ".new"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return err
	}
	return os.Rename(next, l.file())
}
