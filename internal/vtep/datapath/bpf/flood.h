/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Copies for every tunnel of the other group. */
#pragma once

#include "send.h"

#define MAX_COPIES 65536
#define MAX_COPIES_UNROLLED 128 /* as many as older verifiers follow in reasonable time */

/* User space clears it where the kernel (below 5.17) lacks the helper. */
const volatile __u8 has_bpf_loop = 1;

struct flooding {
	struct __sk_buff *skb;
	__u32 network;
	__u32 tunnel; /* the next one */
	__u32 now;
};

/*
 * Serves one tunnel. Stops at the last, which gets the packet itself. A tunnel
 * that is being given up (its network is NONE) only leads on.
 */
static long flood_step(__u32 index, void *context)
{
	struct flooding *f = context;
	struct tunnel *out = tunnel_by_id(f->tunnel);
	__u32 next = out ? out->flood_next : NONE;
	struct packet *p;

	if (next == NONE)
		return 1;
	if (out->network == f->network) {
		p = headers(f->skb);
		if (!p)
			return 1;
		send_copy(f->skb, p, f->tunnel, out, f->now);
	}
	f->tunnel = next;
	return 0;
}

static __always_inline int flood_copies(struct flooding *f)
{
	int i;

	if (has_bpf_loop) {
		bpf_loop(MAX_COPIES, flood_step, f, 0);
		return 1;
	}
	for (i = 0; i < MAX_COPIES_UNROLLED; i++)
		if (flood_step(i, f))
			return 1;
	return 0;
}

static __always_inline int flood(struct __sk_buff *skb, __u32 network, __u32 group, __u32 now)
{
	struct flood *lists = bpf_map_lookup_elem(&floods, &network);
	struct flooding f = { .skb = skb, .network = network, .now = now };
	struct tunnel *last;
	struct packet *p;

	if (!lists)
		return refuse(skb, EVENT_NO_TARGET);
	f.tunnel = lists->head[group & 1];
	if (f.tunnel == NONE)
		return refuse(skb, EVENT_NO_TARGET);
	if (!flood_copies(&f))
		return refuse(skb, EVENT_FLOOD_LIMIT);
	last = tunnel_by_id(f.tunnel);
	p = headers(skb);
	if (!last || !p || last->network != network)
		return TC_ACT_SHOT; /* the last has just gone; the others have theirs */
	return send(skb, p, f.tunnel, last, now);
}
