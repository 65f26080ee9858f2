/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The end of packets that go nowhere. */
#pragma once

#include <linux/pkt_cls.h>

#include "maps.h"

static __always_inline int refuse(struct __sk_buff *skb, enum event event)
{
	count_event(event);
	return TC_ACT_SHOT;
}
