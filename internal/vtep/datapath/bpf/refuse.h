/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The end of packets that go nowhere. */
#pragma once

#include <linux/pkt_cls.h>

#include "sample.h"

/*
 * The network of a packet travels with it: drops are counted far from where it
 * was found. No other program sees it, since what has a network never passes.
 */
static __always_inline void set_network(struct __sk_buff *skb, __u32 network)
{
	skb->cb[0] = network;
}

static __noinline int refuse(struct __sk_buff *skb, enum event event)
{
	struct network_counters *n = counters_of(skb->cb[0]);

	note(STEP_DROPPED, event, 0);
	count_event(event);
	if (n)
		n->drops[event & (MAX_EVENTS - 1)] += 1;
	if (!dry_run)
		show(skb, event);
	return TC_ACT_SHOT;
}
