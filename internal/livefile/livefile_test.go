package livefile

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// world is two files that together are a value, and a clock.
type world struct {
	*testing.T
	a, b string
	now  time.Time
	log  bytes.Buffer
	*Value[string]
}

func open(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{T: t, a: filepath.Join(dir, "a"), b: filepath.Join(dir, "b"), now: time.Unix(1e9, 0)}
	w.write(w.a, "one")
	w.write(w.b, "one")
	v, err := Open(slog.New(slog.NewTextHandler(&w.log, nil)), w.read, w.a, w.b)
	if err != nil {
		t.Fatal(err)
	}
	v.now = func() time.Time { return w.now }
	v.looked = w.now
	w.Value = v
	return w
}

// read wants the files to be alike, as a certificate and its key are.
func (w *world) read() (string, error) {
	a, aErr := os.ReadFile(w.a)
	b, bErr := os.ReadFile(w.b)
	if err := errors.Join(aErr, bErr); err != nil {
		return "", err
	}
	if !bytes.Equal(a, b) {
		return "", errors.New("they differ")
	}
	return string(a), nil
}

// write changes a file later than it was changed before.
func (w *world) write(path, text string) {
	w.Helper()
	w.now = w.now.Add(time.Minute)
	err := os.WriteFile(path, []byte(text), 0o600)
	if err := errors.Join(err, os.Chtimes(path, w.now, w.now)); err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(text string, fault string) {
	w.Helper()
	if got := w.Get(); got != text {
		w.Errorf("%q, wanted %q", got, text)
	}
	if err := w.Err(); (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
		w.Errorf("%v, wanted %q", err, fault)
	}
}

func TestAChangeCounts(t *testing.T) {
	w := open(t)
	w.want("one", "")
	w.write(w.a, "two")
	w.want("one", "they differ")
	w.write(w.b, "two")
	w.want("two", "")
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors logged:\n%s", n, &w.log)
	}
}

func TestWhatCannotBeReadLeavesTheValue(t *testing.T) {
	w := open(t)
	if err := os.Remove(w.b); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.now = w.now.Add(time.Minute)
		w.want("one", "no such file")
	}
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors logged:\n%s", n, &w.log)
	}
	w.write(w.b, "one")
	w.want("one", "")
}

// TestAFaultIsTriedAgain: the reason may be gone without a change of the files.
func TestAFaultIsTriedAgain(t *testing.T) {
	w := open(t)
	fails := errors.New("no descriptors left")
	good := w.Value.read
	w.Value.read = func() (string, error) { return "", fails }
	w.write(w.a, "two")
	w.write(w.b, "two")
	w.want("one", "no descriptors")
	w.Value.read = good
	w.want("one", "no descriptors")
	w.now = w.now.Add(interval)
	w.want("two", "")
}

func TestALookCountsForASecond(t *testing.T) {
	w := open(t)
	w.write(w.a, "two")
	w.write(w.b, "two")
	w.Value.looked = w.now
	w.now = w.now.Add(interval - 1)
	w.want("one", "")
	w.now = w.now.Add(1)
	w.want("two", "")
}

func TestOpenGivesTheFirstFault(t *testing.T) {
	if _, err := Open(slog.Default(), func() (int, error) { return 0, errors.New("bad") }, "x"); err == nil || err.Error() != "bad" {
		t.Error(err)
	}
}
