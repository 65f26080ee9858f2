/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Getting at packets that the kernel holds as socket buffers. */
#pragma once

#include <linux/bpf.h>

#include "checksum.h"
#include "packet.h"

/* The first len bytes, made linear where they are not. NULL: the packet is shorter. */
static __always_inline void *headers(struct __sk_buff *skb, __u32 len)
{
	void *p = (void *)(long)skb->data;

	if (p + len <= (void *)(long)skb->data_end)
		return p;
	if (bpf_skb_pull_data(skb, len))
		return NULL;
	p = (void *)(long)skb->data;
	return p + len <= (void *)(long)skb->data_end ? p : NULL;
}

/* The length of a packet; 0 for the kernel's super-packets, whose headers may not say theirs. */
static __always_inline __u32 wire_len(const struct __sk_buff *skb)
{
	return skb->gso_size ? 0 : skb->len;
}

/* About, where the headers have changed: the kernel then counts anew when it sends. */
static __always_inline __u32 segments(const struct __sk_buff *skb)
{
	if (!skb->gso_size)
		return 1;
	return skb->gso_segs ?: (skb->len + skb->gso_size - 1) / skb->gso_size;
}

/* Whether the device has looked at checksums: then they are finished. */
static __always_inline int checked_by_device(struct __sk_buff *skb)
{
	return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) >= 0 || bpf_csum_update(skb, 0) >= 0;
}

/*
 * Whether the UDP checksum is left to be done by whoever sends: the field then
 * holds the sum of the pseudo-header. A finished one looks the same once in
 * 65536, and is taken for the other only where the device does not check.
 */
static __always_inline int is_unfinished(struct __sk_buff *skb, const struct udphdr *udp,
					 __u64 addresses)
{
	__u64 pseudo = addresses + bpf_htons(IPPROTO_UDP) + udp->len;

	if (skb->gso_size)
		return 1;
	return udp->check == sum_fold(pseudo) && !checked_by_device(skb);
}

/* The device may have summed the whole packet. */
static __always_inline void sum_changed(struct __sk_buff *skb, __u64 change)
{
	bpf_csum_update(skb, sum_fold(change));
}

static __always_inline __u64 sum_words(const __be32 *words, int n)
{
	__u64 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < n; i++)
		sum += words[i];
	return sum;
}
