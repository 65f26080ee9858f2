package bus

import (
	"slices"
	"testing"

	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

// TestReportsThatComeLate: what a sender has not waited for does not replace what
// it has sent afterwards, however the two overtake each other.
func TestReportsThatComeLate(t *testing.T) {
	part := func(number, base uint64, part int, more bool, fault string) wire.ReportPart {
		return wire.ReportPart{Database: db, Number: number, Base: base, Part: part, More: more, Error: fault}
	}
	first, second := part(1, 0, 0, false, "first"), part(2, 0, 0, false, "second")
	begun, rest := part(1, 0, 0, true, "first"), part(1, 0, 1, false, "first")
	for name, c := range map[string]struct {
		come  []wire.ReportPart
		want  []string
		whole bool // at the last everything is asked for
		fails bool // the last is refused
	}{
		"in order":                     {come: []wire.ReportPart{first, second}, want: []string{"first", "second"}},
		"late":                         {come: []wire.ReportPart{second, first}, want: []string{"second"}, fails: true},
		"twice":                        {come: []wire.ReportPart{first, first}, want: []string{"first"}, fails: true},
		"in parts":                     {come: []wire.ReportPart{begun, rest}, want: []string{"first"}},
		"its second part late":         {come: []wire.ReportPart{begun, second, rest}, want: []string{"second"}, fails: true},
		"its second part alone":        {come: []wire.ReportPart{rest}, whole: true},
		"a difference":                 {come: []wire.ReportPart{first, part(2, 1, 0, false, "more")}, want: []string{"first", "more"}},
		"a difference to what is lost": {come: []wire.ReportPart{first, part(3, 2, 0, false, "more")}, want: []string{"first"}, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := &fakeDesk{}
			b := newInbox(d)
			var whole bool
			var err error
			for _, p := range c.come {
				whole, err = b.take(t.Context(), reportArgs{Sender{Host: "h1", Epoch: 5}, p})
			}
			var got []string
			for _, r := range d.reports {
				got = append(got, r.Error)
			}
			if !slices.Equal(got, c.want) || whole != c.whole || (err != nil) != c.fails {
				t.Errorf("taken %q, whole %v, %v", got, whole, err)
			}
		})
	}
}

// TestANewSenderBeginsAnew: the numbers of another assignment are others.
func TestANewSenderBeginsAnew(t *testing.T) {
	d := &fakeDesk{}
	b := newInbox(d)
	for _, epoch := range []uint64{5, 6} {
		p := wire.ReportPart{Database: db, Number: 10 - epoch}
		if whole, err := b.take(t.Context(), reportArgs{Sender{Host: "h1", Epoch: epoch}, p}); whole || err != nil {
			t.Errorf("epoch %d: %v, %v", epoch, whole, err)
		}
	}
	if !slices.EqualFunc(d.reports, []string{db, db}, func(r rpc.Report, want string) bool { return r.Database == want }) {
		t.Errorf("reports %v", d.reports)
	}
}
