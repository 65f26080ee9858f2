package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func begun(t *testing.T, m *memory, id string) *entry {
	t.Helper()
	e, err := m.begin(t.Context(), id)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return e
}

func TestMemory(t *testing.T) {
	m := newMemory(3)
	for i := range 10 {
		m.finish(begun(t, m, fmt.Sprint(i)), true)
		if len(m.entries) > 3 {
			t.Fatalf("%d are remembered", len(m.entries))
		}
	}
	for _, id := range []string{"7", "8", "9"} {
		if _, err := m.begin(t.Context(), id); !errors.Is(err, errDuplicate) {
			t.Errorf("%s: %v", id, err)
		}
	}
	m.finish(begun(t, m, "6"), true) // forgotten, since others came
	for range 2 {
		m.finish(begun(t, m, ""), true) // without an id each is new
	}
}

// What was not done may be done, and is then remembered for as long as others.
func TestMemoryOfUndoneWork(t *testing.T) {
	m := newMemory(2)
	m.finish(begun(t, m, "a"), false)
	m.finish(begun(t, m, "a"), true)
	m.finish(begun(t, m, "b"), true) // takes the place that the first "a" had
	if _, err := m.begin(t.Context(), "a"); !errors.Is(err, errDuplicate) {
		t.Errorf("a: %v", err)
	}
}

// The same message waits while it is being done, also when so many came since
// that it is forgotten.
func TestMemoryWaits(t *testing.T) {
	for _, done := range []bool{true, false} {
		for _, others := range []int{0, 5} {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory(2)
				e := begun(t, m, "a")
				second := make(chan error)
				go func() {
					_, err := m.begin(t.Context(), "a")
					second <- err
				}()
				synctest.Wait()
				for i := range others {
					m.finish(begun(t, m, fmt.Sprint(i)), true)
				}
				select {
				case err := <-second:
					t.Errorf("it did not wait: %v", err)
				default:
				}
				m.finish(e, done)
				if err := <-second; errors.Is(err, errDuplicate) != done {
					t.Errorf("done %v: %v", done, err)
				}
			})
		}
	}
}

func TestMemoryWaitsNoLongerThanTheContext(t *testing.T) {
	m := newMemory(2)
	begun(t, m, "a")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := m.begin(ctx, "a")
	is(t, err, context.DeadlineExceeded)
}
