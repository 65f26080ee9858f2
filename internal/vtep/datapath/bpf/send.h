/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The way from a frame to the wire. */
#pragma once

#include "dress.h"
#include "size.h"

#define AF_INET 2
#define AF_INET6 10

#define COPIED 1 /* by send_copy(), no verdict */

/*
 * What user space has cached is believed only while it renews its word: when it
 * is down for long, neighbours may change without it.
 */
static __always_inline int trusted(const struct nexthop *hop, const struct state *s, __u32 now)
{
	return s && hop->resolved && (__s32)(s->trusted_until - now) >= 0;
}

static __always_inline void count_sent(struct __sk_buff *skb, __u32 tunnel, __u32 shape)
{
	struct traffic *t = bpf_map_lookup_elem(&traffic, &tunnel);

	if (!t || dry_run)
		return;
	t->tx_packets += segments(skb);
	t->tx_bytes += skb->len - outer_len(shape);
}

static __always_inline int set_macs(struct __sk_buff *skb, const __u8 *dst, const __u8 *src)
{
	struct ethhdr *eth = headers(skb, sizeof(*eth));

	if (!eth)
		return 0;
	write_macs(eth, dst, src);
	return 1;
}

static __always_inline long ask_kernel(struct __sk_buff *skb, const struct tunnel *out,
				       struct bpf_fib_lookup *fib)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->l4_protocol = protocol_of(out->shape);
	fib->ifindex = skb->ifindex;
	if (shape_is_v6(out->shape)) {
		fib->family = AF_INET6;
		__builtin_memcpy(fib->ipv6_src, &out->local, sizeof(fib->ipv6_src));
		__builtin_memcpy(fib->ipv6_dst, &out->endpoint.remote, sizeof(fib->ipv6_dst));
	} else {
		fib->family = AF_INET;
		fib->ipv4_src = v4_of(&out->local);
		fib->ipv4_dst = v4_of(&out->endpoint.remote);
	}
	return bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
}

/* The kernel resolves the neighbour, and queues the packet meanwhile. */
__noinline int send_by_kernel(struct __sk_buff *skb, const struct tunnel *out, __u32 ifindex)
{
	struct bpf_fib_lookup fib;
	long err;

	if (!out)
		return refuse(skb, EVENT_NO_ROUTE);
	if (ifindex)
		return bpf_redirect_neigh(ifindex, NULL, 0, 0);
	err = ask_kernel(skb, out, &fib);
	if (err == BPF_FIB_LKUP_RET_SUCCESS || err == BPF_FIB_LKUP_RET_NO_NEIGH)
		return bpf_redirect_neigh(fib.ifindex, NULL, 0, 0);
	return refuse(skb, EVENT_NO_ROUTE);
}

static __noinline int send_to_port(struct __sk_buff *skb, const struct tunnel *out, __u32 ifindex)
{
	__u16 vlan = out->endpoint.vni;

	if (!ifindex)
		return refuse(skb, EVENT_NO_PORT);
	if (vlan && push_vlan(skb, vlan))
		return refuse(skb, EVENT_NO_RESHAPE);
	return bpf_redirect(ifindex, 0);
}

/* Sends a copy, and leaves the frame as it was. */
static __noinline int copy_to_port(struct __sk_buff *skb, const struct tunnel *out, __u32 ifindex)
{
	__u16 vlan = out->endpoint.vni;

	if (!ifindex)
		return refuse(skb, EVENT_NO_PORT);
	if (vlan && push_vlan(skb, vlan))
		return refuse(skb, EVENT_NO_RESHAPE);
	if (!dry_run)
		bpf_clone_redirect(skb, ifindex, 0);
	if (vlan)
		bpf_skb_vlan_pop(skb);
	return COPIED;
}

/* Sends the packet itself. */
static __always_inline int send(struct __sk_buff *skb, struct arrival *a, __u32 id,
				const struct tunnel *out, const struct nexthop *hop,
				const struct state *s, __u32 now)
{
	int err = dress(skb, a, out);

	if (err == SEGMENT)
		return segment_arrival(skb, a);
	if (err != READ)
		return refuse(skb, err);
	count_sent(skb, id, out->shape);
	if (!hop)
		return refuse(skb, EVENT_NO_ROUTE);
	if (out->shape == SHAPE_PLAIN) {
		note(STEP_SENT, id, hop->ifindex);
		return send_to_port(skb, out, hop->ifindex);
	}
	if (!trusted(hop, s, now)) {
		note(STEP_RESOLVED, id, hop->ifindex);
		return send_by_kernel(skb, out, hop->ifindex);
	}
	note(STEP_SENT, id, hop->ifindex);
	if (!set_macs(skb, hop->dst, hop->src))
		return refuse(skb, EVENT_TRUNCATED);
	return bpf_redirect(hop->ifindex, 0);
}

/* The packet is now as if the other end of the tunnel were to get it. */
static __always_inline void changed(struct arrival *a, const struct tunnel *out)
{
	a->shape = out->shape;
	a->from.remote = out->local;
	a->local = out->endpoint.remote;
}

/*
 * Sends a copy; COPIED where it did. A copy cannot wait for a neighbour: the L2 addresses are the
 * cached ones, the kernel's, or in need cached ones that may be old.
 */
__noinline int send_copy(struct __sk_buff *skb, struct arrival *a, const struct tunnel *out,
			 __u32 id, __u32 now)
{
	__u32 index = 0;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &index); /* copies are made deep down the stack */
	struct bpf_fib_lookup *fib;
	struct nexthop *hop;
	int err, ok;

	_Static_assert(sizeof(s->front) >= sizeof(*fib), "struct scratch is too small");
	if (!a || !out || !s)
		return 0;
	fib = (struct bpf_fib_lookup *)s->front;
	hop = hop_of(out);
	if (hop && !fits(skb, a->shape, out->shape, hop))
		return refuse(skb, EVENT_TOO_BIG);
	err = dress(skb, a, out);
	if (err != READ)
		return refuse(skb, err == SEGMENT ? EVENT_NO_SEGMENTER : err);
	changed(a, out);
	if (!hop)
		return refuse(skb, EVENT_NO_ROUTE);
	index = hop->ifindex;
	if (out->shape == SHAPE_PLAIN) {
		count_sent(skb, id, out->shape);
		note(STEP_COPIED, id, index);
		return copy_to_port(skb, out, index);
	}
	if (!trusted(hop, the_state(), now) && ask_kernel(skb, out, fib) == BPF_FIB_LKUP_RET_SUCCESS) {
		index = fib->ifindex;
		ok = set_macs(skb, fib->dmac, fib->smac);
	} else if (hop->resolved) {
		ok = set_macs(skb, hop->dst, hop->src);
	} else {
		return refuse(skb, EVENT_NO_ROUTE);
	}
	if (!ok)
		return refuse(skb, EVENT_TRUNCATED);
	count_sent(skb, id, out->shape);
	note(STEP_COPIED, id, index);
	if (!dry_run)
		bpf_clone_redirect(skb, index, 0);
	return COPIED;
}
