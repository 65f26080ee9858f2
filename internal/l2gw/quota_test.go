package l2gw_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/l2gw"
)

func TestQuotaWith(t *testing.T) {
	const none = l2gw.Unlimited
	for name, c := range map[string]struct {
		quota, some l2gw.Quota
		want        [5]int
	}{
		"nothing":         {want: [5]int{none, none, none, none, none}},
		"limits stay":     {quota: l2gw.Quota{"l2_gateway": 3, "l2_remote_mac": 0}, want: [5]int{3, none, none, none, 0}},
		"are replaced":    {quota: l2gw.Quota{"l2_gateway": 3}, some: l2gw.Quota{"l2_gateway": 0}, want: [5]int{0, none, none, none, none}},
		"and are lifted":  {quota: l2gw.Quota{"l2_gateway": 3}, some: l2gw.Quota{"l2_gateway": none}, want: [5]int{none, none, none, none, none}},
		"others are kept": {quota: l2gw.Quota{"l2_remote_gateway": 7}, some: l2gw.Quota{"l2_gateway_connection": 8}, want: [5]int{none, 8, 7, none, none}},
	} {
		before := fmt.Sprint(c.quota, c.some)
		got, want := c.quota.With(c.some), l2gw.Quota{}
		for i, k := range l2gw.Kinds() {
			want[k] = c.want[i]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if after := fmt.Sprint(c.quota, c.some); after != before {
			t.Errorf("%s: %s has become %s", name, before, after)
		}
	}
}

func TestUseOver(t *testing.T) {
	for u, want := range map[l2gw.Use]bool{
		{Limit: 2, Used: 1}: false, {Limit: 2, Used: 2}: false, {Limit: 2, Used: 3}: true,
		{Limit: 0, Used: 0}: false, {Limit: 0, Used: 1}: true, {Limit: l2gw.Unlimited, Used: 1e9}: false,
	} {
		if u.Over() != want {
			t.Errorf("%+v is over: %v", u, u.Over())
		}
	}
}

func TestOverQuota(t *testing.T) {
	err := l2gw.ErrOverQuota(l2gw.KindRemoteMAC)
	broken{l2gw.Conflict, "OverQuota", []string{"Quota exceeded for resources: ['l2_remote_mac']."}}.check(t, err)
	for err, want := range map[error]bool{
		err: true, fmt.Errorf("store: %w", err): true, nil: false, errors.New("OverQuota"): false, l2gw.ErrQuotaNotFound("p"): false,
	} {
		if l2gw.IsOverQuota(err) != want {
			t.Errorf("%v is over quota: %v", err, !want)
		}
	}
}
