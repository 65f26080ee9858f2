/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Whether a frame fits the way out, or what it is cut into will. */
#pragma once

#include <linux/tcp.h>

#include "inner.h"
#include "maps.h"
#include "packet.h"

static __always_inline struct nexthop *hop_of(const struct tunnel *t)
{
	__u32 index = t->nexthop;

	return bpf_map_lookup_elem(&nexthops, &index);
}

#define MAX_ROOM 65535

/* Bytes of a frame that a tunnel takes, by the MTU of its way. */
static __always_inline int room_of(__u32 shape, __u32 mtu)
{
	return mtu + ETH_HLEN - outer_len(shape);
}

/* Of the tag inside the frame of a port, which the kernel keeps beside the data. */
static __always_inline int tag_len(const struct __sk_buff *skb)
{
	return skb->vlan_present ? VLAN_HLEN : 0;
}

/* Bytes of the frames that a super-packet is cut into, which begins so far inside. */
__noinline int segment_len(struct __sk_buff *skb, __u32 l2)
{
	struct upper u = {};
	struct inner f = {};
	struct tcphdr tcp;

	if (inner_at(skb, l2, &f))
		return skb->len;
	if (upper_of(skb, &f, &u))
		return f.l3 + skb->gso_size - l2;
	if (u.protocol != IPPROTO_TCP)
		return u.at + sizeof(struct udphdr) + skb->gso_size - l2;
	if (bpf_skb_load_bytes(skb, u.at, &tcp, sizeof(tcp)))
		return skb->len;
	return u.at + tcp.doff * 4 + skb->gso_size - l2;
}

/* A way whose MTU is not known takes all. */
static __always_inline int fits(struct __sk_buff *skb, __u32 shape, __u32 out, const struct nexthop *hop)
{
	__u32 mtu = hop->mtu;
	int room;

	if (!mtu || (shape == out && shape != SHAPE_PLAIN && skb->len <= mtu + ETH_HLEN))
		return 1;
	room = room_of(out, mtu) - tag_len(skb);
	if ((int)(skb->len - outer_len(shape)) <= room)
		return 1;
	return skb->gso_size && segment_len(skb, outer_len(shape)) <= room;
}
