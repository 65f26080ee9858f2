/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The way from a rewritten packet to the wire. */
#pragma once

#include "rewrite.h"

#define AF_INET 2

/*
 * What user space has cached is believed only while it renews its word: when it
 * is down for long, neighbours may change without it.
 */
static __always_inline int trusted(const struct nexthop *hop, __u32 now)
{
	__u32 zero = 0;
	struct state *s = bpf_map_lookup_elem(&state, &zero);

	return s && hop->resolved && (__s32)(s->trusted_until - now) >= 0;
}

static __always_inline void count_sent(struct __sk_buff *skb, __u32 tunnel)
{
	struct traffic *t = bpf_map_lookup_elem(&traffic, &tunnel);

	if (!t)
		return;
	t->tx_packets += skb->gso_segs ?: 1;
	t->tx_bytes += skb->len - OUTER_LEN;
}

static __always_inline void set_macs(struct packet *p, const __u8 *dst, const __u8 *src)
{
	__builtin_memcpy(p->eth.h_dest, dst, ETH_ALEN);
	__builtin_memcpy(p->eth.h_source, src, ETH_ALEN);
}

static __always_inline long ask_kernel(struct __sk_buff *skb, const struct packet *p,
				       struct bpf_fib_lookup *fib)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = AF_INET;
	fib->l4_protocol = IPPROTO_UDP;
	fib->ipv4_src = p->ip.saddr;
	fib->ipv4_dst = p->ip.daddr;
	fib->ifindex = skb->ifindex;
	return bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
}

static __always_inline int refuse(struct __sk_buff *skb, enum event event)
{
	count_event(event);
	return TC_ACT_SHOT;
}

/* The kernel resolves the neighbour, and queues the packet meanwhile. */
static __noinline int send_by_kernel(struct __sk_buff *skb, __u32 ifindex)
{
	struct bpf_fib_lookup fib;
	struct packet *p;
	long err;

	if (ifindex)
		return bpf_redirect_neigh(ifindex, NULL, 0, 0);
	p = headers(skb);
	if (!p)
		return refuse(skb, EVENT_TRUNCATED);
	err = ask_kernel(skb, p, &fib);
	if (err == BPF_FIB_LKUP_RET_SUCCESS || err == BPF_FIB_LKUP_RET_NO_NEIGH)
		return bpf_redirect_neigh(fib.ifindex, NULL, 0, 0);
	return refuse(skb, EVENT_NO_ROUTE);
}

/* Sends the packet itself. */
static __always_inline int send(struct __sk_buff *skb, struct packet *p, __u32 id,
				const struct tunnel *out, __u32 now)
{
	__u32 index = out->nexthop;
	struct nexthop *hop = bpf_map_lookup_elem(&nexthops, &index);

	rewrite(skb, p, out);
	count_sent(skb, id);
	if (!hop)
		return refuse(skb, EVENT_NO_ROUTE);
	if (!trusted(hop, now))
		return send_by_kernel(skb, hop->ifindex);
	set_macs(p, hop->dst, hop->src);
	return bpf_redirect(hop->ifindex, 0);
}

/*
 * Sends a copy. A copy cannot wait for a neighbour: the L2 addresses are the
 * cached ones, the kernel's, or in need cached ones that may be old.
 */
static __always_inline int send_copy(struct __sk_buff *skb, struct packet *p, __u32 id,
				     const struct tunnel *out, __u32 now)
{
	__u32 index = out->nexthop, ifindex;
	struct nexthop *hop = bpf_map_lookup_elem(&nexthops, &index);
	struct bpf_fib_lookup fib;

	rewrite(skb, p, out);
	if (!hop)
		return refuse(skb, EVENT_NO_ROUTE);
	ifindex = hop->ifindex;
	if (!trusted(hop, now) && ask_kernel(skb, p, &fib) == BPF_FIB_LKUP_RET_SUCCESS) {
		ifindex = fib.ifindex;
		set_macs(p, fib.dmac, fib.smac);
	} else if (hop->resolved) {
		set_macs(p, hop->dst, hop->src);
	} else {
		return refuse(skb, EVENT_NO_ROUTE);
	}
	count_sent(skb, id);
	bpf_clone_redirect(skb, ifindex, 0);
	return 0;
}
