/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Fresh outer headers, for packets that leave in another shape. */
#pragma once

#include "arrival.h"
#include "rewrite.h"

/* What stands between the outer Ethernet header and the frame. */
struct outer {
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	};
	__u32 ip_len;
	__be16 type;
};

/* Zeroed, and beside the stack. */
static __always_inline struct outer *fresh_outer(void)
{
	__u32 zero = 0;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);

	_Static_assert(sizeof(s->outer) >= sizeof(struct outer), "struct scratch is too small");
	if (s)
		__builtin_memset(s->outer, 0, sizeof(s->outer));
	return s ? (struct outer *)s->outer : NULL;
}

static __always_inline __u8 protocol_of(__u32 shape)
{
	return shape_is_udp(shape) ? IPPROTO_UDP : IPPROTO_GRE;
}

static __always_inline void outer_v4(struct outer *o, const struct arrival *a,
				     const struct tunnel *out, __u32 payload)
{
	__u64 sum;

	o->ip_len = sizeof(o->v4);
	o->type = bpf_htons(ETH_P_IP);
	o->v4.version = 4;
	o->v4.ihl = 5;
	o->v4.tos = a->tos;
	o->v4.tot_len = bpf_htons(payload + sizeof(o->v4));
	o->v4.id = a->id;
	o->v4.frag_off = a->frag_off;
	o->v4.ttl = FRESH_TTL;
	o->v4.protocol = protocol_of(out->shape);
	o->v4.saddr = v4_of(&out->local);
	o->v4.daddr = v4_of(&out->endpoint.remote);
	sum = bpf_htons(0x4500 | a->tos) + (__u64)o->v4.tot_len + o->v4.id + o->v4.frag_off +
	      bpf_htons(FRESH_TTL << 8 | o->v4.protocol) + o->v4.saddr + o->v4.daddr;
	o->v4.check = ~sum_fold(sum);
}

/* The flow label has the entropy of the flow (RFC 6438). */
static __always_inline void outer_v6(struct outer *o, const struct arrival *a,
				     const struct tunnel *out, __u32 payload)
{
	o->ip_len = sizeof(o->v6);
	o->type = bpf_htons(ETH_P_IPV6);
	*(__be32 *)&o->v6 = bpf_htonl(6 << 28 | a->tos << 20 | a->sport);
	o->v6.payload_len = bpf_htons(payload);
	o->v6.nexthdr = protocol_of(out->shape);
	o->v6.hop_limit = FRESH_TTL;
	__builtin_memcpy(&o->v6.saddr, &out->local, sizeof(o->v6.saddr));
	__builtin_memcpy(&o->v6.daddr, &out->endpoint.remote, sizeof(o->v6.daddr));
}

static __always_inline void outer_ip(struct outer *o, const struct arrival *a,
				     const struct tunnel *out, __u32 payload)
{
	if (shape_is_v6(out->shape))
		outer_v6(o, a, out, payload);
	else
		outer_v4(o, a, out, payload);
}
