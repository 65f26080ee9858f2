/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Packets that leave in the shape in which they came. */
#pragma once

#include "arrival.h"
#include "rewrite.h"
#include "skb.h"

static __always_inline int in_place_udp4(struct __sk_buff *skb, const struct tunnel *out)
{
	struct udp4 *p = headers(skb, sizeof(*p));
	__u64 addresses, tag, rest;
	int unfinished;

	if (!p)
		return EVENT_TRUNCATED;
	unfinished = p->udp.check &&
		     is_unfinished(skb, &p->udp, (__u64)p->ip.saddr + p->ip.daddr);
	addresses = rewrite_v4(&p->ip, out);
	tag = rewrite_tag(&p->tag, &out->endpoint);
	rest = rewrite_udp(&p->udp, out->endpoint.encapsulation, unfinished, addresses, tag);
	if (!p->udp.check) /* the address change is made up for by the IP checksum */
		sum_changed(skb, rest - addresses);
	return READ;
}

static __always_inline int in_place_udp6(struct __sk_buff *skb, const struct tunnel *out)
{
	struct udp6 *p = headers(skb, sizeof(*p));
	__u64 addresses, tag, rest = 0;
	int unfinished;

	if (!p)
		return EVENT_TRUNCATED;
	unfinished = p->udp.check &&
		     is_unfinished(skb, &p->udp, sum_words((__be32 *)&p->ip.saddr, 8));
	addresses = rewrite_v6(&p->ip, out, &rest);
	tag = rewrite_tag(&p->tag, &out->endpoint);
	rest += rewrite_udp(&p->udp, out->endpoint.encapsulation, unfinished, addresses, tag);
	sum_changed(skb, rest);
	return READ;
}

static __always_inline int in_place_gre4(struct __sk_buff *skb, const struct tunnel *out)
{
	struct gre4 *p = headers(skb, sizeof(*p));

	if (!p)
		return EVENT_TRUNCATED;
	rewrite_v4(&p->ip, out);
	sum_changed(skb, rewrite_tag(&p->tag, &out->endpoint));
	return READ;
}

static __always_inline int in_place_gre6(struct __sk_buff *skb, const struct tunnel *out)
{
	struct gre6 *p = headers(skb, sizeof(*p));
	__u64 addresses, rest = 0;

	if (!p)
		return EVENT_TRUNCATED;
	addresses = rewrite_v6(&p->ip, out, &rest);
	sum_changed(skb, rest + addresses + rewrite_tag(&p->tag, &out->endpoint));
	return READ;
}
