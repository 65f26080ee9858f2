package store_test

import (
	"flag"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/server/store"
)

// suite is what has to hold of a store on every database: its methods Test… are
// run on each.
type suite struct{ store.Engine }

func TestStore(t *testing.T) {
	for _, e := range store.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			on := reflect.ValueOf(suite{e})
			for i := range on.NumMethod() {
				name := on.Type().Method(i).Name
				if test, ok := on.Method(i).Interface().(func(*testing.T)); ok && strings.HasPrefix(name, "Test") {
					t.Run(strings.TrimPrefix(name, "Test"), test)
				}
			}
		})
	}
}

// emptied gives what makes the store of one run of a property. Of a server it
// is one store, emptied each time, and fewer runs.
func (on suite) emptied(t *testing.T) func(*rapid.T) *store.Store {
	if on.Start == nil {
		return func(rt *rapid.T) *store.Store {
			s, err := store.Open(t.Context(), "sqlite::memory:")
			if err != nil {
				rt.Fatal(err)
			}
			rt.Cleanup(func() { _ = s.Close() })
			return s
		}
	}
	checks := flag.Lookup("rapid.checks").Value.String()
	must(t, checks, flag.Set("rapid.checks", "20"))
	t.Cleanup(func() { must(t, checks, flag.Set("rapid.checks", checks)) })
	p := on.New(t)
	s, db := open(t, p.DSN), p.Raw(t)
	return func(rt *rapid.T) *store.Store {
		// What belongs to a row goes with it.
		for _, table := range []string{
			"l2remotegatewayconnections", "l2gatewayconnections", "l2remotegateways", "l2gateways", "hardware_vteps", "quotas",
		} {
			if _, err := db.Exec("DELETE FROM " + table); err != nil {
				rt.Fatal(err)
			}
		}
		return s
	}
}
