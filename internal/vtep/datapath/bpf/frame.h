/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From the frame of a physical port to a packet of a tunnel, and back. A plain
 * frame has its outermost tag of its own, where it has one, in skb->vlan_tci; the
 * tag that stands for its network is off.
 */
#pragma once

#include "outer.h"
#include "skb.h"

#define VLAN_TAG 0x8100 /* IEEE 802.1Q */
#define SERVICE_TAG 0x88a8
#define VLAN_ID 0x0fff
#define ANY_VLAN 1 /* of a tag that goes again */
#define ECN 3
/* The port of a flow, RFC 7348 section 5: of the dynamic ones. */
#define FIRST_EPHEMERAL 0xc000

/* The shape that plain frames get first, and what the kernel is told of it. */
#define WRAPPED SHAPE_UDP4
#define WRAPPER (sizeof(struct udp4) - ETH_HLEN)
#define WRAPPER_FLAGS                                                                              \
	(BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |   \
	 BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH)

static __always_inline int is_ip(__be16 type)
{
	return type == bpf_htons(ETH_P_IP) || type == bpf_htons(ETH_P_IPV6);
}

static __always_inline long push_vlan(struct __sk_buff *skb, __u16 vlan)
{
	return bpf_skb_vlan_push(skb, bpf_htons(VLAN_TAG), vlan);
}

/*
 * Makes the frame, and skb->protocol, say that this is inside. No helper sets
 * the latter, but the kernel does when it takes a tag out of the data. A tag in
 * skb->vlan_tci goes; one that the type announces comes there.
 */
static __always_inline long retype(struct __sk_buff *skb, __be16 type)
{
	if (bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0))
		return -1;
	if (!skb->vlan_present && push_vlan(skb, ANY_VLAN))
		return -1;
	if (push_vlan(skb, ANY_VLAN) || bpf_skb_vlan_pop(skb))
		return -1;
	return bpf_skb_vlan_pop(skb);
}

/* What the inner header says of congestion, RFC 6040 section 4.1. */
static __always_inline __u8 ecn_of(struct __sk_buff *skb)
{
	__be16 first; /* of IPv6 the class is four bits further to the left */

	if (!is_ip(skb->protocol) || bpf_skb_load_bytes(skb, ETH_HLEN, &first, sizeof(first)))
		return 0;
	return (bpf_ntohs(first) >> (skb->protocol == bpf_htons(ETH_P_IP) ? 0 : 4)) & ECN;
}

static __always_inline __be16 length16(__u32 length)
{
	return length > 0xffff ? 0 : bpf_htons(length); /* that of larger GSO packets is zero */
}

/* The header of a tunnel from that port, which leads nowhere yet. */
static __always_inline void write_wrapper(struct udp4 *p, const struct arrival *a, __u32 len)
{
	p->eth.h_proto = bpf_htons(ETH_P_IP);
	p->ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tos = a->tos,
		.tot_len = length16(len - ETH_HLEN),
		.frag_off = a->frag_off,
		.ttl = FRESH_TTL,
		.protocol = IPPROTO_UDP,
		.saddr = v4_of(&a->from.remote),
	};
	p->ip.check = ~sum_fold((__u64)bpf_htons(0x4500 | a->tos) + p->ip.tot_len + p->ip.frag_off +
				bpf_htons(FRESH_TTL << 8 | IPPROTO_UDP) + p->ip.saddr);
	p->udp = (struct udphdr){
		.source = bpf_htons(a->sport),
		.dest = bpf_htons(PORT_OF_PORTS),
		.len = length16(len - ETH_HLEN - sizeof(p->ip)),
	};
	p->tag = (struct tag){ .vni = bpf_htonl(a->from.vni << 8) };
}

/* The device may have summed the frame; the outer IP header sums up to nothing. */
static __always_inline void sum_wrapper(struct __sk_buff *skb, const struct udp4 *p)
{
	const __u16 *words = (const void *)&p->udp;
	__u64 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < (int)((sizeof(p->udp) + sizeof(p->tag) + sizeof(p->inner)) / 2); i++)
		sum += words[i];
	sum_changed(skb, sum);
}

/* What the outer header will have, since there is none to keep it from. */
static __always_inline void keep_of_frame(struct __sk_buff *skb, struct arrival *a)
{
	__u32 hash = bpf_get_hash_recalc(skb);

	a->kept = 1;
	a->tos = ecn_of(skb);
	a->sport = FIRST_EPHEMERAL | ((hash ^ hash >> 16) & 0x3fff);
	a->id = 0;
	a->frag_off = bpf_htons(IP_DF);
}

/*
 * Makes room for the wrapper. Where the kernel can, it is told of the inner
 * headers: whoever segments the packet or finishes its checksum needs them. Of
 * what is no IP neither is asked, nor of what was in a wrapper before, which the
 * kernel takes for a tunnel's packet.
 */
static __always_inline long make_room_for_wrapper(struct __sk_buff *skb)
{
	if (is_ip(skb->protocol) && !bpf_skb_adjust_room(skb, WRAPPER, BPF_ADJ_ROOM_MAC, WRAPPER_FLAGS))
		return 0;
	if (skb->gso_size || (skb->protocol != bpf_htons(ETH_P_IP) && retype(skb, bpf_htons(ETH_P_IP))))
		return -1;
	return bpf_skb_adjust_room(skb, WRAPPER, BPF_ADJ_ROOM_MAC, 0);
}

/* Puts an outer header before a plain frame. */
static __noinline int wrap(struct __sk_buff *skb, struct arrival *a)
{
	struct ethhdr eth;
	struct udp4 *p;

	keep_of_frame(skb, a);
	if (skb->vlan_present && push_vlan(skb, ANY_VLAN)) /* its own goes into the data */
		return -1;
	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)) || make_room_for_wrapper(skb))
		return -1;
	p = headers(skb, sizeof(*p));
	if (!p)
		return -1;
	p->eth = eth;
	p->inner = eth;
	write_wrapper(p, a, skb->len);
	sum_wrapper(skb, p);
	a->shape = WRAPPED;
	return 0;
}

/*
 * Takes the outer header off. What is left has at least the length of an
 * Ethernet frame: hosts behind tunnels need not fill theirs.
 */
static __noinline int unwrap(struct __sk_buff *skb, struct arrival *a)
{
	__u32 len = outer_len(a->shape);
	struct ethhdr inner;

	if (bpf_skb_load_bytes(skb, len, &inner, sizeof(inner)))
		return EVENT_TRUNCATED;
	if (skb->len < len + ETH_ZLEN && bpf_skb_change_tail(skb, len + ETH_ZLEN, 0))
		return EVENT_NO_RESHAPE;
	if (bpf_skb_adjust_room(skb, -(__s32)len, BPF_ADJ_ROOM_MAC, 0) ||
	    bpf_skb_store_bytes(skb, 0, &inner, sizeof(inner), 0))
		return EVENT_NO_RESHAPE;
	a->shape = SHAPE_PLAIN;
	if (inner.h_proto != skb->protocol && retype(skb, inner.h_proto))
		return EVENT_NO_RESHAPE;
	return READ;
}
