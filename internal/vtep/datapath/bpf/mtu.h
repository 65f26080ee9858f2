/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Frames too big for the way out are answered in the name of their destination
 * (RFC 1191, RFC 4443 section 3.2), as the kernel's vxlan does.
 *
 * The packet itself becomes the answer. All but its start is taken out first,
 * which makes the kernel forget a checksum that it was to finish, and is done
 * with tunnelled packets of its own too, whose tail it would not let go.
 */
#pragma once

#include "answer.h"
#include "police.h"
#include "suppress.h"

#define QUOTE_LEN sizeof(((struct scratch *)0)->chunk) /* of the packet that is too big, which is longer */
#define MIN_MTU_V4 576
#define MIN_MTU_V6 1280

#define ICMP_UNREACHABLE 3
#define ICMP_FRAG_NEEDED 4
#define ICMP_ECHO 8
#define ICMP_ECHO_REPLY 0
#define ICMPV6_TOO_BIG 2
#define ICMPV6_INFORMATION 0x80 /* a bit of the type: no error */

struct too_big_v4 {
	struct iphdr ip;
	struct {
		__u8 type;
		__u8 code;
		__be16 check;
		__be16 unused;
		__be16 mtu;
	} icmp;
};

struct too_big_v6 {
	struct ipv6hdr ip;
	struct {
		__u8 type;
		__u8 code;
		__be16 check;
		__be32 mtu;
	} icmp;
};

#define LEFT_LEN (ETH_HLEN + sizeof(struct ipv6hdr)) /* what cannot be taken out */
#define MAX_CUT 0xfff /* as much as the kernel takes out at once */
#define MAX_CUTS 4

/* A frame that is too big, what is quoted of it, and where to. */
struct quotation {
	struct inner f;
	__u32 l2;  /* where the frame begins */
	__u32 sum; /* of what is quoted */
};

static __always_inline long quote(struct __sk_buff *skb, struct quotation *q, struct scratch *s)
{
	if (bpf_skb_load_bytes(skb, q->f.l3, s->chunk, QUOTE_LEN))
		return 1;
	q->sum = bpf_csum_diff(NULL, 0, (void *)s->chunk, QUOTE_LEN, 0);
	return 0;
}

static __always_inline long adjust(struct __sk_buff *skb, int by)
{
	return bpf_skb_adjust_room(skb, by, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_NO_CSUM_RESET);
}

/* Makes the packet one of so many bytes, of which only the outer Ethernet header stands. */
static __always_inline long empty(struct __sk_buff *skb, __u32 len)
{
	__u32 cut, i;

	for (i = 0; i < MAX_CUTS && skb->len > LEFT_LEN; i++) {
		cut = skb->len - LEFT_LEN;
		if (adjust(skb, cut > MAX_CUT ? -MAX_CUT : -(int)cut))
			return 1;
	}
	return skb->len != LEFT_LEN || adjust(skb, len - LEFT_LEN);
}

static __always_inline long write_message(struct __sk_buff *skb, struct quotation *q, struct scratch *s,
					  const void *message, __u32 len)
{
	__u64 last = (q->f.l3 - ETH_HLEN - 1) & (sizeof(s->front) - 1);
	__u8 macs[12];

	__builtin_memcpy(macs, q->f.eth.h_source, ETH_ALEN);
	__builtin_memcpy(macs + ETH_ALEN, q->f.eth.h_dest, ETH_ALEN);
	KNOWN(last);
	return bpf_skb_load_bytes(skb, ETH_HLEN, s->front, last + 1) ||
	       empty(skb, q->f.l3 + len + QUOTE_LEN) || store(skb, ETH_HLEN, s->front, last + 1) ||
	       store(skb, q->l2, macs, sizeof(macs)) || store(skb, q->f.l3, message, len) ||
	       store(skb, q->f.l3 + len, s->chunk, QUOTE_LEN);
}

static __always_inline int is_host_v4(__be32 a)
{
	__u8 first = bpf_ntohl(a) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* Errors are not answered, nor what is not from one host to another. */
static __always_inline int answerable_v4(struct __sk_buff *skb, const struct iphdr *ip, __u32 l3)
{
	__u8 type = 0;

	if (ip->version != 4 || ip->ihl < 5 || (ip->frag_off & bpf_htons(IP_OFFSET)) ||
	    !is_host_v4(ip->saddr) || !is_host_v4(ip->daddr))
		return 0;
	if (ip->protocol != IPPROTO_ICMP)
		return 1;
	return !bpf_skb_load_bytes(skb, l3 + ip->ihl * 4, &type, sizeof(type)) &&
	       (type == ICMP_ECHO || type == ICMP_ECHO_REPLY);
}

/* Tells whether there is an answer. */
static __noinline __u32 write_too_big_v4(struct __sk_buff *skb, struct quotation *q, struct scratch *s, int mtu)
{
	struct too_big_v4 m = {};
	struct iphdr ip;

	if (mtu < MIN_MTU_V4 || bpf_skb_load_bytes(skb, q->f.l3, &ip, sizeof(ip)) ||
	    !answerable_v4(skb, &ip, q->f.l3) || quote(skb, q, s))
		return 0;
	m.ip.version = 4;
	m.ip.ihl = 5;
	m.ip.tot_len = bpf_htons(sizeof(m) + QUOTE_LEN);
	m.ip.frag_off = bpf_htons(IP_DF);
	m.ip.ttl = FRESH_TTL;
	m.ip.protocol = IPPROTO_ICMP;
	m.ip.saddr = ip.daddr;
	m.ip.daddr = ip.saddr;
	m.ip.check = ~sum_fold((__u32)bpf_csum_diff(NULL, 0, (void *)&m.ip, sizeof(m.ip), 0));
	m.icmp.type = ICMP_UNREACHABLE;
	m.icmp.code = ICMP_FRAG_NEEDED;
	m.icmp.mtu = bpf_htons(mtu);
	m.icmp.check = ~sum_fold((__u32)bpf_csum_diff(NULL, 0, (void *)&m.icmp, sizeof(m.icmp), q->sum));
	return !write_message(skb, q, s, &m, sizeof(m));
}

static __always_inline int answerable_v6(struct __sk_buff *skb, const struct ipv6hdr *ip, __u32 l3)
{
	const __u8 *source = ip->saddr.in6_u.u6_addr8, *to = ip->daddr.in6_u.u6_addr8;
	struct upper u = {};
	__u8 type = 0;

	if (ip->version != 6 || source[0] == 0xff || to[0] == 0xff || v6_is_zero(&ip->saddr) ||
	    upper_of_v6(skb, l3, &u))
		return 0;
	if (u.protocol != IPPROTO_ICMPV6)
		return 1;
	return !bpf_skb_load_bytes(skb, u.at, &type, sizeof(type)) && (type & ICMPV6_INFORMATION);
}

static __noinline __u32 write_too_big_v6(struct __sk_buff *skb, struct quotation *q, struct scratch *s, int mtu)
{
	const __u16 len = sizeof(((struct too_big_v6 *)0)->icmp) + QUOTE_LEN;
	struct too_big_v6 m = {};
	struct ipv6hdr ip;

	if (mtu < MIN_MTU_V6 || bpf_skb_load_bytes(skb, q->f.l3, &ip, sizeof(ip)) ||
	    !answerable_v6(skb, &ip, q->f.l3) || quote(skb, q, s))
		return 0;
	m.ip.version = 6;
	m.ip.payload_len = bpf_htons(len);
	m.ip.nexthdr = IPPROTO_ICMPV6;
	m.ip.hop_limit = FRESH_TTL;
	m.ip.saddr = ip.daddr;
	m.ip.daddr = ip.saddr;
	m.icmp.type = ICMPV6_TOO_BIG;
	m.icmp.mtu = bpf_htonl(mtu);
	m.icmp.check = ~sum_fold((__u64)bpf_htons(len) + bpf_htons(IPPROTO_ICMPV6) +
				 (__u32)bpf_csum_diff(NULL, 0, (void *)&m.ip.saddr,
						      sizeof(m) - offsetof(struct ipv6hdr, saddr), q->sum));
	return !write_message(skb, q, s, &m, sizeof(m));
}

/*
 * Writes the answer to a frame that does not fit the room of a way, as often as is
 * good for the network. Not of super-packets.
 */
__noinline int too_big(struct __sk_buff *skb, struct arrival *a, __u32 network, int room)
{
	struct bucket *b = bucket_of(network);
	__u64 now = bpf_ktime_get_coarse_ns();
	__u32 zero = 0, done = 0;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	struct quotation q = {};

	count_event(EVENT_TOO_BIG);
	if (!a || !b || !s || !may_spend(&b->answers, ANSWER_BURST, now))
		return NO_ANSWER;
	q.l2 = outer_len(a->shape);
	if (inner_at(skb, q.l2, &q.f))
		return NO_ANSWER;
	room -= q.f.l3 - q.l2;
	if (q.f.type == bpf_htons(ETH_P_IP))
		done = write_too_big_v4(skb, &q, s, room);
	else if (q.f.type == bpf_htons(ETH_P_IPV6))
		done = write_too_big_v6(skb, &q, s, room);
	if (!done)
		return NO_ANSWER;
	spend(&b->answers, ANSWER_COST, now);
	count_event(EVENT_TOO_BIG_TOLD);
	return ANSWER;
}
