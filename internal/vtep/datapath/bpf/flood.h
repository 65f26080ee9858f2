/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Copies for every tunnel that a frame of one group may leave by. */
#pragma once

#include "send.h"

#define MAX_COPIES 65536
#define MAX_COPIES_UNROLLED 128 /* as many as older verifiers follow in reasonable time */

/* User space clears it where the kernel (below 5.17) lacks the helper. */
const volatile __u8 has_bpf_loop = 1;

struct flooding {
	struct __sk_buff *skb;
	struct arrival *a;
	__u32 network;
	__u32 group; /* it came by */
	__u32 from;  /* the tunnel it came by */
	__u32 list;  /* the next one to walk */
	__u32 next;  /* tunnel on the list that is being walked */
	__u32 last;  /* tunnel found, and not served yet */
	__u32 now;
	__u32 copies;
};

/* Whether a frame that came by the one group may leave by the other. */
static __always_inline int may_leave(__u32 in, __u32 out)
{
	return in != out || in == GROUP_PORTS;
}

/* A tunnel that is being given up (its network is NONE) only leads on. */
static __always_inline int is_target(const struct flooding *f, const struct tunnel *out)
{
	return out->network == f->network && f->next != f->from;
}

static __always_inline void serve(struct flooding *f)
{
	struct tunnel *out = tunnel_by_id(f->last);

	if (f->last != NONE && out && out->network == f->network &&
	    send_copy(f->skb, f->a, out, f->last, f->now) == COPIED)
		f->copies += 1;
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

static __always_inline void count_flooded(__u32 network, __u32 copies)
{
	struct network_counters *n = counters_of(network);

	if (!n)
		return;
	n->flooded += 1;
	n->copies += copies;
}

static __always_inline int flood(struct __sk_buff *skb, struct arrival *a, __u32 id,
				 __u32 network, __u32 group, __u32 now)
{
	struct flood *lists = bpf_map_lookup_elem(&floods, &network);
	struct flooding f = { .skb = skb, .a = a, .network = network, .group = group, .from = id, .now = now };
	struct tunnel *last;

	if (!lists)
		return refuse(skb, EVENT_NO_TARGET);
	note(STEP_FLOODED, group, 0);
	if (segments_first(skb, a, lists, group))
		return segment_arrival(skb, a);
	if (!flood_copies(&f)) {
		serve(&f);
		count_flooded(network, f.copies);
		return refuse(skb, EVENT_FLOOD_LIMIT);
	}
	if (f.last == NONE)
		return refuse(skb, EVENT_NO_TARGET);
	count_flooded(network, f.copies + 1);
	last = tunnel_by_id(f.last);
	if (!last || last->network != network)
		return TC_ACT_SHOT; /* the last has just gone; the others have theirs */
	return send(skb, a, f.last, last, now);
}
