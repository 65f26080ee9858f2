/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A packet that goes back by the tunnel that it came by, with another frame inside. */
#pragma once

#include "send.h"

/*
 * What looking for an answer comes to, besides verdicts of TC: none; one that
 * stands in the packet; and one whose outer UDP checksum is open, so that it is
 * left to whoever sends.
 */
#define NO_ANSWER (-2)
#define ANSWER (-3)
#define ANSWER_OPEN (-4)

/* Whether the outer UDP checksum is left to be done, of the one packet that this is. */
static __always_inline int check_is_open(struct __sk_buff *skb, const struct arrival *a)
{
	struct udphdr udp;

	if (!shape_is_udp(a->shape) || skb->gso_size ||
	    bpf_skb_load_bytes(skb, udp_offset(a->shape), &udp, sizeof(udp)))
		return 0;
	return udp.check && is_unfinished(skb, &udp, packet_addresses(a));
}

static __always_inline int set_v4_len(struct __sk_buff *skb, __u32 len)
{
	__be16 tot_len = bpf_htons(len);
	struct iphdr *ip = headers(skb, ETH_HLEN + sizeof(*ip));

	if (!ip)
		return -1;
	ip = (void *)ip + ETH_HLEN;
	ip->check = checksum_change(ip->check, sum_change(ip->tot_len, tot_len));
	ip->tot_len = tot_len;
	return 0;
}

static __always_inline int set_v6_len(struct __sk_buff *skb, __u32 len)
{
	__be16 payload = bpf_htons(len - sizeof(struct ipv6hdr));

	return store(skb, ETH_HLEN + offsetof(struct ipv6hdr, payload_len), &payload, sizeof(payload));
}

/*
 * The UDP checksum is left to be done where it was. Else there is none over IPv4
 * (RFC 7348 section 5), and a whole one over IPv6 where there was one.
 */
static __always_inline int set_udp_len(struct __sk_buff *skb, const struct arrival *a, __u32 len, int open)
{
	__u64 pseudo = packet_addresses(a) + bpf_htons(IPPROTO_UDP) + bpf_htons(len);
	__u32 offset = udp_offset(a->shape);
	struct udphdr udp;
	__u16 was;

	if (bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)))
		return -1;
	was = udp.check;
	udp.len = bpf_htons(len);
	udp.check = open ? sum_fold(pseudo) : 0;
	if (store(skb, offset, &udp, sizeof(udp)) || open || !was || a->shape != SHAPE_UDP6)
		return 0;
	udp.check = ~sum_fold(pseudo + (__u32)sum_packet(skb, offset)) ?: 0xffff;
	return store(skb, offset + offsetof(struct udphdr, check), &udp.check, sizeof(udp.check));
}

/* Makes the outer header fit the packet. */
static __always_inline int set_lengths(struct __sk_buff *skb, const struct arrival *a, int open)
{
	__u32 len = skb->len - ETH_HLEN;

	if (a->shape == SHAPE_PLAIN)
		return 0;
	if (shape_is_v6(a->shape) ? set_v6_len(skb, len) : set_v4_len(skb, len))
		return -1;
	return shape_is_udp(a->shape) ? set_udp_len(skb, a, skb->len - udp_offset(a->shape), open) : 0;
}

static __always_inline int written(int open)
{
	return open ? ANSWER_OPEN : ANSWER;
}

/* Sends an answer that stands in the packet back by the tunnel. */
__noinline int send_back(struct __sk_buff *skb, struct arrival *a, __u32 id, int answer)
{
	struct tunnel *in = tunnel_by_id(id);

	if (!a || !in || set_lengths(skb, a, answer == ANSWER_OPEN))
		return TC_ACT_SHOT; /* the tunnel has just gone */
	return send(skb, a, id, in, hop_of(in), the_state(), now_ticks());
}
