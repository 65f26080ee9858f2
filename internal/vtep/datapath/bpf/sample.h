/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Dropped packets, shown to who listens: few of many, so that no flood hurts. */
#pragma once

#include "maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct capture);
} capture SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} samples SEC(".maps");

/* Whether this CPU may show another packet. */
static __always_inline int within_window(const struct capture *c)
{
	__u32 zero = 0, number = bpf_ktime_get_coarse_ns() >> WINDOW_SHIFT;
	struct window *w = bpf_map_lookup_elem(&windows, &zero);

	if (!w)
		return 0;
	if (w->number != number) {
		w->number = number;
		w->taken = 0;
	}
	return w->taken++ < c->most;
}

static __noinline int show(struct __sk_buff *skb, enum event event)
{
	__u32 zero = 0;
	struct capture *c = bpf_map_lookup_elem(&capture, &zero);
	struct sample s = { .event = event, .network = skb->cb[0], .ifindex = skb->ifindex, .length = skb->len };
	__u64 length = s.length;

	if (!c || !(c->reasons >> (event & (MAX_EVENTS - 1)) & 1) || (__s32)(c->until - now_ticks()) < 0)
		return 0;
	if (!within_window(c))
		return 0;
	if (length > c->length)
		length = c->length;
	s.time = bpf_ktime_get_ns();
	return bpf_perf_event_output(skb, &samples, BPF_F_CURRENT_CPU | length << 32, &s, sizeof(s));
}
