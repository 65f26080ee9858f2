package cloud

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"landbridge/internal/l2gw"
)

// once is a driver that can be watched once, and says which it is.
type once struct {
	number  int
	watched bool
	heard   []l2gw.Service
}

func (o *once) Network(context.Context, string) (l2gw.Network, error) {
	return l2gw.Network{Name: fmt.Sprint(o.number)}, nil
}

func (o *once) Networks(context.Context) ([]l2gw.Network, error) {
	return make([]l2gw.Network, o.number), nil
}

func (o *once) Site(context.Context, string) (l2gw.Site, error) {
	return l2gw.Site{Network: l2gw.Network{Name: fmt.Sprint(o.number)}}, nil
}

func (o *once) Watch(ctx context.Context, changed func([]string)) error {
	if o.watched {
		return errors.New("watched twice")
	}
	o.watched = true
	changed([]string{fmt.Sprint(o.number)})
	return ctx.Err()
}

func (o *once) Announce(_ context.Context, services []l2gw.Service) error {
	o.heard = services
	return nil
}

func (o *once) Health() error { return fmt.Errorf("health of %d", o.number) }

func TestEachWatchHasADriverOfItsOwn(t *testing.T) {
	made, broken := 0, errors.New("cannot be opened")
	var fail error
	r, err := Renew(func() (Cloud, error) {
		made++
		return &once{number: made}, fail
	})
	if err != nil {
		t.Fatal(err)
	}
	is := func(want int) {
		t.Helper()
		n, _ := r.Network(t.Context(), "")
		all, _ := r.Networks(t.Context())
		site, _ := r.Site(t.Context(), "")
		if name := fmt.Sprint(want); n.Name != name || len(all) != want || site.Network.Name != name || r.Health().Error() != "health of "+name {
			t.Errorf("answers are of %s, %d, %s and %v, want %d", n.Name, len(all), site.Network.Name, r.Health(), want)
		}
		if err := r.Announce(t.Context(), make([]l2gw.Service, want)); err != nil || len(r.Now().(*once).heard) != want {
			t.Errorf("announced %d: %v", len(r.Now().(*once).heard), err)
		}
	}
	watch := func() (told string) {
		t.Helper()
		if err := r.Watch(t.Context(), func(ids []string) { told = ids[0] }); err != nil {
			t.Error(err)
		}
		return told
	}
	is(1)
	for want := 1; want <= 3; want++ {
		if told := watch(); told != fmt.Sprint(want) {
			t.Errorf("told of %s, want %d", told, want)
		}
		is(want)
	}
	fail = broken
	if err := r.Watch(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("watched: %v", err)
	}
	is(3)
	if _, err := Renew(func() (Cloud, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("made: %v", err)
	}
}
