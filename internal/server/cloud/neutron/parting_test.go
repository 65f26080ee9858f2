package neutron

import (
	"slices"
	"testing"
	"time"

	"landbridge/internal/l2gw"
)

// after works as it is so long after now.
func (a *attached) after(d time.Duration) {
	a.T.Helper()
	then := time.Now().Add(d)
	a.announce.now = func() time.Time { return then }
	a.settled()
}

// parts lets all the time pass for which something is taken back again.
func (a *attached) parts() {
	a.T.Helper()
	for _, d := range partingAfter {
		a.after(d)
	}
	a.said()
}

// TestWhatIsTakenBackIsTakenBackAgain: compute nodes may have had no connection
// to RabbitMQ.
func TestWhatIsTakenBackIsTakenBackAgain(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""), host(2, ""))})
	a.settled()
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(2, ""))})
	a.settled()
	a.said()
	for _, d := range partingAfter {
		a.after(d - time.Second)
		a.heard()
		if at := (place{addr("10.0.0.1"), net1}); len(a.kept[at].Hosts) != 2 {
			t.Errorf("remembered is %v", a.kept)
		}
		a.after(d)
		a.heard("remove 1 02:00:00:00:00:01 :: at 10.0.0.1")
	}
	a.after(time.Hour)
	a.heard()
	if at := (place{addr("10.0.0.1"), net1}); len(a.kept[at].Hosts) != 1 || a.announce.next() != nil {
		t.Errorf("remembered is %v", a.kept)
	}
}

func TestWhoIsBackIsNotTakenBackAgain(t *testing.T) {
	a := newAttached(t)
	with, without := service(net1, "10.0.0.1", host(1, "")), service(net1, "10.0.0.1")
	for _, want := range []l2gw.Service{with, without, with} {
		a.want([]l2gw.Service{want})
		a.settled()
	}
	a.said()
	a.after(time.Minute)
	a.heard()
	if len(a.kept) != 1 {
		t.Errorf("remembered is %v", a.kept)
	}
}

// TestWhoHasMovedIsNotTakenBackAgain: to a compute node the MAC is one, wherever
// it lives.
func TestWhoHasMovedIsNotTakenBackAgain(t *testing.T) {
	a := newAttached(t)
	there := func(hosts1, hosts2 []l2gw.Host) {
		a.want([]l2gw.Service{service(net1, "10.0.0.1", hosts1...), service(net1, "10.0.0.2", hosts2...)})
		a.settled()
	}
	one := []l2gw.Host{host(1, "")}
	there(one, nil)
	a.said()
	a.with(func() { a.asked = nil })
	there(nil, one)
	a.heard("add 1 02:00:00:00:00:01 :: at 10.0.0.2", "remove 1 02:00:00:00:00:01 :: at 10.0.0.1")
	if slices.Index(a.asked, "remove_fdb_entries") > slices.Index(a.asked, "add_fdb_entries") {
		t.Errorf("it did %q", a.asked)
	}
	a.after(time.Minute)
	a.heard()
}
