package l2gw

import (
	"slices"
	"strings"
	"testing"
)

func TestFilterIsInOrder(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  WANFilter
	}{
		{nil, ""},
		{[]string{"ra"}, "ra"},
		{[]string{"unknown-unicast", "dhcp", "dhcp"}, "dhcp,unknown-unicast"},
		{[]string{"multicast", "gateway", "cake", ""}, "gateway,multicast"},
		{WANFilterWords(), "dhcp,ra,gateway,multicast,unknown-unicast"},
	} {
		got := NewWANFilter(c.words...)
		if got != c.want || NewWANFilter(got.Words()...) != got {
			t.Errorf("%q is %q, want %q; its words are %q", c.words, got, c.want, got.Words())
		}
	}
	if got := WANFilter("").Words(); got == nil || len(got) > 0 {
		t.Errorf("the empty filter has the words %#v", got)
	}
}

// TestNoFilterWordIsInAnother: databases look for a word as for a part of the
// text.
func TestNoFilterWordIsInAnother(t *testing.T) {
	for i, word := range WANFilterWords() {
		if others := slices.Delete(WANFilterWords(), i, i+1); strings.Contains(strings.Join(others, ","), word) {
			t.Errorf("%q is in %q", word, others)
		}
	}
}
