/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Requests for neighbours that are known are answered here, and not flooded
 * (RFC 9161). Who asks for himself is left to be heard by all: announcements,
 * and the owner's own search for duplicates. Who searches for an address that
 * another has is answered, as the owner would (RFC 5227, RFC 4862).
 */
#pragma once

#include "answer.h"
#include "fdb.h"
#include "police.h"
#include "neighbour.h"

/* A neighbour advertisement with the option that names the MAC. */
struct advertisement {
	struct discovery nd;
	__u8 option;
	__u8 option_len; /* in units of 8 bytes */
	__u8 mac[6];
};

#define ND_ROUTER 0x80000000
#define ND_SOLICITED 0x40000000
#define ND_OVERRIDE 0x20000000
#define ND_LEN (sizeof(struct advertisement) - sizeof(struct ipv6hdr))

/* Whether a frame that came by the one group may leave by the other. */
static __always_inline int may_leave(__u32 in, __u32 out)
{
	return in != out || in == GROUP_PORTS;
}

/* Whether the one who has the address can be spoken for: he lives on another side. */
static __always_inline int may_answer(const struct neighbour *n, const struct arrival *a, __u32 id)
{
	struct tunnel *in = tunnel_by_id(id), *t;
	__u32 to;

	if (!in || !n || mac_is_zero(n->mac) || mac_is_equal(n->mac, a->src))
		return 0;
	to = fdb_tunnel(in->network, n->mac);
	t = tunnel_by_id(to);
	return t && to != id && t->network == in->network && may_leave(in->group, t->group);
}

/* Replaces the frame inside. */
static __always_inline int answer_with(struct __sk_buff *skb, struct arrival *a, const struct ethhdr *eth,
				       const void *body, __u32 len, __u32 network)
{
	struct network_counters *n = counters_of(network);
	int open = check_is_open(skb, a);
	__u32 l2 = outer_len(a->shape);

	if (bpf_skb_change_tail(skb, l2 + ETH_HLEN + len, 0) || store(skb, l2, eth, ETH_HLEN) ||
	    store(skb, l2 + ETH_HLEN, body, len))
		return NO_ANSWER;
	if (n)
		n->answered += 1;
	return written(open);
}

/* The one who answers speaks to the one who asked. */
static __always_inline void turn(struct ethhdr *eth, const __u8 *mac)
{
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

__noinline int answer_arp(struct __sk_buff *skb, struct arrival *from, __u32 id, __u32 network)
{
	__u32 l2;
	struct neighbour *n;
	struct ethhdr eth;
	struct arp a;
	__be32 wanted;

	if (!from)
		return NO_ANSWER;
	l2 = outer_len(from->shape);
	if (bpf_skb_load_bytes(skb, l2, &eth, sizeof(eth)) ||
	    bpf_skb_load_bytes(skb, l2 + ETH_HLEN, &a, sizeof(a)) || !is_arp(&a) ||
	    a.operation != bpf_htons(ARP_REQUEST) || a.sender == a.target ||
	    !mac_is_equal(a.sender_mac, eth.h_source))
		return NO_ANSWER;
	wanted = a.target;
	n = neighbour_of_v4(network, wanted);
	if (!may_answer(n, from, id))
		return NO_ANSWER;
	turn(&eth, n->mac);
	a.operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(a.target_mac, a.sender_mac, ETH_ALEN);
	a.target = a.sender;
	__builtin_memcpy(a.sender_mac, n->mac, ETH_ALEN);
	a.sender = wanted;
	return answer_with(skb, from, &eth, &a, sizeof(a), network);
}

static __always_inline int is_solicitation(const struct discovery *nd)
{
	return nd->ip.version == 6 && nd->ip.nexthdr == IPPROTO_ICMPV6 &&
	       nd->ip.hop_limit == ND_HOP_LIMIT && nd->type == ND_SOLICITATION && !nd->code &&
	       bpf_ntohs(nd->ip.payload_len) >= sizeof(*nd) - sizeof(nd->ip) &&
	       nd->target.b[0] != 0xff && nd->ip.saddr.in6_u.u6_addr8[0] != 0xff;
}

/* To the one who asks; where he has no address yet, to all. */
static __always_inline void address_advertisement(struct ethhdr *eth, struct discovery *nd, int router)
{
	const __u8 nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	const struct in6_addr nodes = { .in6_u.u6_addr8 = { 0xff, 2, [15] = 1 } };
	__u32 flags = router ? ND_ROUTER | ND_OVERRIDE : ND_OVERRIDE;

	if (v6_is_zero(&nd->ip.saddr)) {
		nd->ip.daddr = nodes;
		__builtin_memcpy(eth->h_dest, nodes_mac, ETH_ALEN);
	} else {
		nd->ip.daddr = nd->ip.saddr;
		flags |= ND_SOLICITED;
	}
	nd->flags = bpf_htonl(flags);
}

static __always_inline void write_advertisement(struct advertisement *a, const __u8 *mac)
{
	__u64 sum = bpf_htons(ND_LEN) + bpf_htons(IPPROTO_ICMPV6);
	struct ipv6hdr *ip = &a->nd.ip;

	__builtin_memset(ip, 0, offsetof(struct ipv6hdr, payload_len));
	ip->version = 6;
	ip->payload_len = bpf_htons(ND_LEN);
	__builtin_memcpy(&ip->saddr, &a->nd.target, sizeof(ip->saddr));
	a->nd.type = ND_ADVERTISEMENT;
	a->nd.check = 0;
	a->option = ND_OPTION_TARGET;
	a->option_len = 1;
	__builtin_memcpy(a->mac, mac, ETH_ALEN);
	sum += (__u32)bpf_csum_diff(NULL, 0, (void *)&ip->saddr, 2 * sizeof(ip->saddr) + ND_LEN, 0);
	a->nd.check = ~sum_fold(sum);
}

__noinline int answer_nd(struct __sk_buff *skb, struct arrival *from, __u32 id, __u32 network)
{
	__u32 l2;
	struct advertisement a = {};
	struct neighbour *n;
	struct ethhdr eth;

	if (!from)
		return NO_ANSWER;
	l2 = outer_len(from->shape);
	if (bpf_skb_load_bytes(skb, l2, &eth, sizeof(eth)) ||
	    bpf_skb_load_bytes(skb, l2 + ETH_HLEN, &a.nd, sizeof(a.nd)) || !is_solicitation(&a.nd))
		return NO_ANSWER;
	n = neighbour_of(network, &a.nd.target);
	if (!may_answer(n, from, id))
		return NO_ANSWER;
	turn(&eth, n->mac);
	address_advertisement(&eth, &a.nd, n->gateway);
	write_advertisement(&a, n->mac);
	return answer_with(skb, from, &eth, &a, sizeof(a), network);
}

/* Writes the answer to a frame to many, where there is one; a tag makes it one of another network. */
static __always_inline int suppress(struct __sk_buff *skb, struct arrival *a, __u32 id, __u32 network)
{
	__be16 type;

	if (skb->vlan_present ||
	    bpf_skb_load_bytes(skb, outer_len(a->shape) + offsetof(struct ethhdr, h_proto), &type, sizeof(type)))
		return NO_ANSWER;
	if (type == bpf_htons(ETH_P_ARP))
		return answer_arp(skb, a, id, network);
	if (type == bpf_htons(ETH_P_IPV6))
		return answer_nd(skb, a, id, network);
	return NO_ANSWER;
}
