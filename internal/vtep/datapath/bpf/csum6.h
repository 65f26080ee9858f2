/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * UDP checksums over IPv6 for packets that came without: RFC 6935 lets tunnels
 * do without, but receivers have to be told so; a right one pleases all.
 */
#pragma once

#include "maps.h"
#include "rewrite.h"

#define CHUNK sizeof(((struct scratch *)0)->chunk) /* as much as older kernels sum up at once */
/* What is known of a value stays known: the compiler must not go back before it. */
#define KNOWN(value) asm volatile("" : "+r"(value))

#define MAX_CHUNKS 20 /* 10 KiB: more than jumbo frames have */

/* The sum over the packet from offset on. Its length has to be known: no super-packets. */
__noinline int sum_packet(struct __sk_buff *skb, __u32 offset)
{
	__u32 zero = 0, end = skb->len, sum = 0;
	__u64 last;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	int i;

	if (!s)
		return 0;
	for (i = 0; i < MAX_CHUNKS && offset + CHUNK <= end; i++, offset += CHUNK) {
		bpf_skb_load_bytes(skb, offset, s->chunk, CHUNK);
		sum = bpf_csum_diff(NULL, 0, (__be32 *)s->chunk, CHUNK, sum);
	}
	if (offset >= end)
		return sum;
	last = (end - offset - 1) & (CHUNK - 1);
	KNOWN(last);
	*(__u32 *)(s->chunk + (last & (CHUNK - 4))) = 0; /* summed up in whole words */
	bpf_skb_load_bytes(skb, offset, s->chunk, last + 1);
	return bpf_csum_diff(NULL, 0, (__be32 *)s->chunk, (last & (CHUNK - 4)) + 4, sum);
}

/* For a packet whose field is zero. */
static __always_inline __u16 udp6_checksum(struct __sk_buff *skb, const struct tunnel *out,
					   __u32 offset, __be16 len)
{
	__u64 sum = (__u32)sum_packet(skb, offset);

	sum += sum_addresses(&out->local, &out->endpoint.remote, 1) + bpf_htons(IPPROTO_UDP) + len;
	return (__u16)~sum_fold(sum) ?: 0xffff;
}
