/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How much of a network's time is spent. What is charged moves the end of the
 * time spent on; a bucket may go into debt, so that a frame is copied to all or
 * to none, and is then paid off. Charges are one atomic addition; the time that
 * was not used is forgotten by a plain write, which may lose a charge of
 * another core in that moment, when there is time enough anyhow.
 */
#pragma once

#include "maps.h"

#define ANSWER_COST 2000000 /* ns: 500 answers about sizes a second, and network */
#define ANSWER_BURST 500000000

static __always_inline struct bucket *bucket_of(__u32 network)
{
	return bpf_map_lookup_elem(&buckets, &network);
}

/* Whether there is time left, of so many ns saved up. */
static __always_inline int may_spend(const __u64 *spent, __u64 burst, __u64 now)
{
	return *(const volatile __u64 *)spent <= now + burst;
}

static __always_inline void spend(__u64 *spent, __u64 ns, __u64 now)
{
	if (dry_run)
		return;
	if (*(volatile __u64 *)spent < now)
		*(volatile __u64 *)spent = now;
	__sync_fetch_and_add(spent, ns);
}
