/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Copies for every tunnel that a frame of one group may leave by. */
#pragma once

#include "filter.h"
#include "police.h"
#include "send.h"
#include "suppress.h"

#define MAX_COPIES 65536
#define MAX_COPIES_UNROLLED 128 /* as many as older verifiers follow in reasonable time */

/* User space clears it where the kernel (below 5.17) lacks the helper. */
const volatile __u8 has_bpf_loop = 1;

/* Small, since copies are made deep down the stack. */
struct flooding {
	struct __sk_buff *skb;
	struct arrival *a;
	__u32 network;
	__u32 from;   /* the tunnel it came by */
	__u32 next;   /* tunnel on the list that is being walked */
	__u32 last;   /* tunnel found, and not served yet */
	__u32 copies; /* found, the last included */
	__u8 group;   /* it came by */
	__u8 list;    /* the next one to walk */
	__u8 filter;  /* tunnels with any of these bits are left out */
	__u8 kept;    /* those for which some were */
};

static __always_inline void count_copy(__u32 network)
{
	struct network_counters *n = counters_of(network);

	if (n)
		n->copies += 1;
}

static __always_inline int admits(struct flooding *f, const struct tunnel *out)
{
	__u32 kept = out->filter & f->filter;

	if (kept)
		count_event(filter_event(kept));
	f->kept |= kept;
	return !kept;
}

/* A tunnel that is being given up (its network is NONE) only leads on. */
static __always_inline int is_target(struct flooding *f, const struct tunnel *out)
{
	return out->network == f->network && f->next != f->from && admits(f, out);
}

static __always_inline void serve(struct flooding *f)
{
	struct tunnel *out = tunnel_by_id(f->last);

	if (f->last != NONE && out && out->network == f->network &&
	    send_copy(f->skb, f->a, out, f->last, now_ticks()) == COPIED)
		count_copy(f->network);
}

/* Goes to the next list. Tells when there is none. */
static __always_inline long next_list(struct flooding *f)
{
	struct flood *lists = bpf_map_lookup_elem(&floods, &f->network);
	__u32 list = f->list++;

	if (!lists || list >= GROUP_COUNT)
		return 1;
	/* ports while the frame is plain: first where it came by one, else last */
	if (f->group == GROUP_PORTS)
		list = list ? list - 1 : GROUP_PORTS;
	if (list < GROUP_COUNT && may_leave(f->group, list))
		f->next = lists->head[list];
	return 0;
}

/*
 * One tunnel, or one list. A target is served when the next one is found, so
 * that the last is left over for the packet itself.
 */
static long flood_step(__u32 index, void *context)
{
	struct flooding *f = context;
	struct tunnel *out;

	if (f->next == NONE)
		return next_list(f);
	out = tunnel_by_id(f->next);
	if (!out)
		return 1;
	if (is_target(f, out)) {
		serve(f);
		f->last = f->next;
		f->copies++;
	}
	f->next = out->flood_next;
	return 0;
}

static __always_inline int flood_copies(struct flooding *f)
{
	int i;

	if (has_bpf_loop) {
		bpf_loop(MAX_COPIES, flood_step, f, 0);
		return 1;
	}
	for (i = 0; i < MAX_COPIES_UNROLLED + GROUP_COUNT + 1; i++) /* the lists are steps, too */
		if (flood_step(i, f))
			return 1;
	return 0;
}

/*
 * Whether some target needs finished packets of wire size: then all wait for
 * them. One of the packet's own shape may, when it has had another meanwhile.
 */
static __always_inline int segments_first(struct __sk_buff *skb, const struct arrival *a,
					  const struct flood *lists, __u32 group)
{
	__u32 shapes = 0, i;

	for (i = 0; i < GROUP_COUNT; i++)
		if (may_leave(group, i))
			shapes |= lists->shapes[i];
	if (!(shapes & ~(1 << a->shape)) || came_by_segmenter(skb))
		return 0;
	if (a->shape == SHAPE_PLAIN && !(shapes & ~(1 << WRAPPED)))
		return 0;
	return skb->gso_size || (shapes & 1 << SHAPE_UDP6 && !checked_by_device(skb));
}

/* The last tunnel gets the packet itself. */
static __always_inline int flood_last(struct flooding *f)
{
	struct tunnel *last = tunnel_by_id(f->last);
	struct nexthop *hop;

	if (!last || last->network != f->network)
		return TC_ACT_SHOT; /* it has just gone; the others have theirs */
	hop = hop_of(last);
	if (hop && !fits(f->skb, f->a->shape, last->shape, hop))
		return refuse(f->skb, EVENT_TOO_BIG);
	count_copy(f->network);
	return send(f->skb, f->a, f->last, last, hop, the_state(), now_ticks());
}

static __always_inline int flood_to_all(struct flooding *f)
{
	if (!flood_copies(f)) {
		serve(f);
		return refuse(f->skb, EVENT_FLOOD_LIMIT);
	}
	if (f->last == NONE) /* where filters have left nobody, they have counted */
		return f->kept ? TC_ACT_SHOT : refuse(f->skb, EVENT_NO_TARGET);
	return flood_last(f);
}

/* Copies are paid for when they are made; a network in debt makes none. */
static __always_inline int flood_at_rate(struct flooding *f, const struct flood *lists)
{
	struct bucket *b = bucket_of(f->network);
	struct network_counters *n = counters_of(f->network);
	__u64 now = bpf_ktime_get_coarse_ns();
	int verdict;

	if (b && lists->rate && !may_spend(&b->flood, (__u64)lists->burst * lists->cost, now)) {
		if (n)
			n->held += 1;
		return refuse(f->skb, EVENT_FLOOD_RATE);
	}
	if (n)
		n->flooded += 1;
	verdict = flood_to_all(f);
	if (!b || !lists->rate)
		return verdict;
	spend(&b->flood, (__u64)lists->cost * f->copies, now);
	return verdict;
}

/*
 * Floods a frame that came by a tunnel. Its kind is the filter that it is subject
 * to by its address, if any; what else it is subject to is found in need.
 * Routers are learned from the side that they belong to.
 */
static __always_inline int flood(struct __sk_buff *skb, struct arrival *a, __u32 id,
				 const struct tunnel *in, __u32 network, __u32 kind)
{
	struct flooding f = {
		.skb = skb, .a = a, .network = network, .group = in->group,
		.from = id, .filter = kind,
	};
	struct flood *lists = bpf_map_lookup_elem(&floods, &f.network);

	if (!lists)
		return refuse(skb, EVENT_NO_TARGET);
	note(STEP_FLOODED, f.group, 0);
	if (lists->filters & FILTER_CONCERN)
		f.filter |= filter_of(skb, outer_len(a->shape), f.network, !(in->filter & FILTER_GATEWAY));
	if (segments_first(skb, a, lists, f.group))
		return segment_arrival(skb, a);
	return flood_at_rate(&f, lists);
}
