/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Internet checksums, changed by difference (RFC 1624): a sum that was wrong
 * on arrival stays wrong, so that damage is found by whoever checks.
 */
#pragma once

#include <linux/types.h>

/* What a sum grows by when one word takes the place of another. */
static __always_inline __u64 sum_change(__u32 from, __u32 to)
{
	return (__u64)(__u32)~from + to;
}

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u16 checksum_change(__u16 check, __u64 change)
{
	return ~sum_fold((__u16)~check + change);
}
