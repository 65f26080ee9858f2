/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Gives packets of a tunnel another shape: room is made or taken between the
 * outer Ethernet header and the frame, then the headers are written anew. Not
 * for super-packets: the kernel does not let their kind be changed.
 */
#pragma once

#include "csum6.h"
#include "frame.h"
#include "skb.h"

#define IP_LEN_CHANGE ((int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

struct udp_tag {
	struct udphdr udp;
	struct tag tag;
};

static __always_inline __u32 udp_offset(__u32 shape)
{
	return outer_len(shape) - sizeof(struct udp_tag);
}

/* Notes what of the outer headers outlives a change of shape, once. */
static __always_inline void keep(struct __sk_buff *skb, struct arrival *a)
{
	__be32 words[2];
	__be16 port;

	if (a->kept)
		return;
	a->kept = 1;
	bpf_skb_load_bytes(skb, ETH_HLEN, words, sizeof(words));
	if (shape_is_v6(a->shape)) {
		a->tos = bpf_ntohl(words[0]) >> 20;
		a->frag_off = bpf_htons(IP_DF); /* as IPv6 has it */
	} else {
		a->tos = bpf_ntohl(words[0]) >> 16;
		a->id = bpf_htons(bpf_ntohl(words[1]) >> 16);
		a->frag_off = bpf_htons(bpf_ntohl(words[1]));
	}
	if (shape_is_udp(a->shape)) {
		bpf_skb_load_bytes(skb, udp_offset(a->shape), &port, sizeof(port));
		a->sport = bpf_ntohs(port);
	} else {
		a->sport = FIRST_EPHEMERAL | (bpf_get_hash_recalc(skb) & 0x3fff);
	}
}

static __always_inline int change_family(struct __sk_buff *skb, int from_v6, int to_v6)
{
	if (from_v6 == to_v6)
		return 0;
	return bpf_skb_change_proto(skb, bpf_htons(to_v6 ? ETH_P_IPV6 : ETH_P_IP), 0);
}

/*
 * From UDP to GRE all is taken out first: that makes the kernel forget a UDP
 * checksum that it was to finish.
 */
static __always_inline int change_protocol(struct __sk_buff *skb, int ip_len, int from_udp,
					   int to_udp)
{
	int gre = sizeof(struct tag), udp = gre + sizeof(struct udphdr);

	if (from_udp == to_udp)
		return 0;
	if (to_udp)
		return bpf_skb_adjust_room(skb, udp - gre, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_NO_CSUM_RESET);
	if (bpf_skb_adjust_room(skb, -(ip_len + udp), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		return -1;
	return bpf_skb_adjust_room(skb, ip_len + gre, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_NO_CSUM_RESET);
}

static __always_inline int make_room(struct __sk_buff *skb, __u32 from, __u32 to)
{
	int ip_len = shape_is_v6(to) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	if (change_family(skb, shape_is_v6(from), shape_is_v6(to)))
		return -1;
	return change_protocol(skb, ip_len, shape_is_udp(from), shape_is_udp(to));
}

static __always_inline int store(struct __sk_buff *skb, __u32 offset, const void *from, __u32 len)
{
	return bpf_skb_store_bytes(skb, offset, from, len, BPF_F_RECOMPUTE_CSUM);
}

static __always_inline int store_ip(struct __sk_buff *skb, const struct outer *o)
{
	if (store(skb, offsetof(struct ethhdr, h_proto), &o->type, sizeof(o->type)))
		return -1;
	if (o->ip_len == sizeof(o->v4))
		return store(skb, ETH_HLEN, &o->v4, sizeof(o->v4));
	return store(skb, ETH_HLEN, &o->v6, sizeof(o->v6));
}

/*
 * From UDP over the one family to the other the checksum is changed by
 * difference; what else becomes UDP has none, which IPv6 alone does not take.
 */
static __always_inline int store_udp(struct __sk_buff *skb, struct udp_tag *u, const struct tunnel *out,
				     int unfinished, __u64 addresses)
{
	__u64 tag = rewrite_tag(&u->tag, &out->endpoint);
	__u32 offset = udp_offset(out->shape);

	rewrite_udp(&u->udp, out->endpoint.encapsulation, unfinished, addresses, tag);
	if (store(skb, offset, u, sizeof(*u)))
		return -1;
	if (out->shape != SHAPE_UDP6 || u->udp.check)
		return 0;
	u->udp.check = udp6_checksum(skb, out, offset, u->udp.len);
	return store(skb, offset + offsetof(struct udphdr, check), &u->udp.check, sizeof(u->udp.check));
}

static __always_inline int store_gre(struct __sk_buff *skb, const struct tunnel *out)
{
	struct tag tag = { .flags = tag_flags(ENCAP_GRE), .vni = tag_vni(&out->endpoint) };

	return store(skb, outer_len(out->shape) - sizeof(tag), &tag, sizeof(tag));
}

/* The addresses that the packet has now, for the pseudo-header. */
static __always_inline __u64 packet_addresses(const struct arrival *a)
{
	return sum_addresses(&a->from.remote, &a->local, shape_is_v6(a->shape));
}

static __always_inline __u64 tunnel_addresses(const struct tunnel *t)
{
	return sum_addresses(&t->local, &t->endpoint.remote, shape_is_v6(t->shape));
}

/* A trailer that no length counts does not become part of a UDP packet's. */
static __always_inline __u32 payload_len(const struct __sk_buff *skb, const struct udp_tag *from,
					 __u32 shape)
{
	if (shape_is_udp(shape) && from->udp.len)
		return bpf_ntohs(from->udp.len);
	return skb->len - ETH_HLEN -
	       (shape_is_v6(shape) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

static __always_inline int reshape(struct __sk_buff *skb, struct arrival *a, const struct tunnel *out)
{
	__u64 old = packet_addresses(a), new = tunnel_addresses(out);
	struct outer *o = fresh_outer();
	struct udp_tag u = {};
	int unfinished = 0;
	__u32 payload;

	if (!o)
		return EVENT_NO_RESHAPE;
	keep(skb, a);
	if (shape_is_udp(a->shape)) {
		if (bpf_skb_load_bytes(skb, udp_offset(a->shape), &u, sizeof(u)))
			return EVENT_TRUNCATED;
		unfinished = u.udp.check && is_unfinished(skb, &u.udp, old);
	}
	if (make_room(skb, a->shape, out->shape))
		return EVENT_NO_RESHAPE;
	payload = payload_len(skb, &u, out->shape);
	outer_ip(o, a, out, payload);
	if (store_ip(skb, o))
		return EVENT_NO_RESHAPE;
	if (!shape_is_udp(out->shape))
		return store_gre(skb, out) ? EVENT_NO_RESHAPE : READ;
	u.udp.source = bpf_htons(a->sport);
	u.udp.len = bpf_htons(payload);
	if (store_udp(skb, &u, out, unfinished, new + (__u16)~sum_fold(old)))
		return EVENT_NO_RESHAPE;
	return READ;
}
