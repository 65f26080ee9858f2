/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The segmenter: a veth pair of ours that takes finished packets of wire size
 * only. What goes in by the one end is segmented and summed up by the kernel,
 * and comes back to the program by the other end.
 */
#pragma once

#include <linux/pkt_cls.h>

#include "refuse.h"

static __always_inline int is_segmented(const struct __sk_buff *skb, const struct state *s)
{
	return s && s->segment_in && s->segment_in == skb->ifindex;
}

static __always_inline int came_by_segmenter(const struct __sk_buff *skb)
{
	return is_segmented(skb, the_state());
}

/* The packet has to be as it came. */
static __always_inline int segment(struct __sk_buff *skb)
{
	const struct state *s = the_state();

	if (!s || !s->segment_out || came_by_segmenter(skb))
		return refuse(skb, EVENT_NO_SEGMENTER);
	note(STEP_SEGMENTED, 0, 0);
	return bpf_redirect(s->segment_out, 0);
}
