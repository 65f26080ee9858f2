package ovsdb

import (
	"context"
	"errors"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestASilentServerIsNoticed(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	db.Freeze(t)
	errs := c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, blue())})
	if err := errs[blue().Name]; !errors.Is(err, ErrNotConnected) {
		t.Errorf("Apply: %v", err)
	}
	testenv.Eventually(t, soon, "the silence is noticed", func() error { return errorIs(c.Err(), "does not answer") })
	db.Thaw(t)
	testenv.Eventually(t, soon, "connected again", c.Err)
	reach(t, c, blue())
}
