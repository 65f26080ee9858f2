/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the FDB has said of late: look-ups in hashes cost more than all else that becomes
 * of a packet. Here they are one cache line each. Each CPU has its own.
 *
 * An entry holds for the tick that it was made in. So every flow goes the whole way once a
 * tick, which renews the stamp that ageing looks at, and no mistake lasts. Within the tick
 * it holds while nothing that was known changes in its network: the generation is read
 * before the FDB, and raised after that is written. That an address is not known is never
 * kept, so that a new one is no such change.
 */
#pragma once

#include "arrival.h"
#include "fdb.h"

/* Of a source whose stamp is of this tick; of a destination that is not known. */
#define ADDRESS_HEARD (1ULL << 48)

/* What an entry has to be of. */
struct epoch {
	__u64 generation;
	__u32 network;
	__u32 now; /* ticks */
};

static __always_inline struct epoch epoch_of(__u32 network, __u32 now)
{
	__u64 *generation = bpf_map_lookup_elem(&generations, &network);
	struct epoch e = { .generation = generation ? *generation : 0, .network = network, .now = now };

	return e;
}

/*
 * The entry of an address in packets with this VNI, or the one to write over. Of two
 * places the first is kept as long as it is of this tick: where there are too many
 * addresses, not all of them drive each other out.
 */
static __always_inline struct cached *cached_at(__u64 address, __u32 vni, __u32 now)
{
	__u64 hash = (address ^ (__u64)vni * 0x85ebca6b) * 0x9e3779b97f4a7c15;
	__u32 index = bpf_get_smp_processor_id() << CACHE_SHIFT | hash >> (64 - CACHE_SHIFT);
	struct cached_set *set = dry_run ? NULL : bpf_map_lookup_elem(&cache, &index);

	if (!set)
		return NULL;
	return set->way[0].address == address || set->way[0].tick != now ? &set->way[0] : &set->way[1];
}

static __always_inline int holds(const struct cached *c, __u64 address, const struct epoch *e)
{
	return c && c->address == address && c->generation == e->generation && c->tick == e->now &&
	       c->network == e->network;
}

static __always_inline void keep_cached(struct cached *c, __u64 address, const struct epoch *e, __u32 tunnel)
{
	if (!c)
		return;
	c->address = address;
	c->generation = e->generation;
	c->network = e->network;
	c->tunnel = tunnel;
	c->tick = e->now;
}

/* The entry of the source of a frame. */
static __always_inline struct cached *cached_source(const struct arrival *a, __u32 now)
{
	return cached_at(source_of(a) | ADDRESS_HEARD, a->from.vni, now);
}

/*
 * The tunnel that a packet came by; NULL: none of ours. The cache only says where it may
 * have come by before: what counts is the slot there.
 */
static __always_inline struct tunnel *came_by(const struct arrival *a, const struct cached *c, __u32 *id)
{
	struct tunnel *in;

	if (c && c->address == (source_of(a) | ADDRESS_HEARD)) {
		*id = c->tunnel;
		in = tunnel_by_id(*id);
		if (in && is_of(in, a))
			return in;
	}
	*id = arrived_by(a);
	in = *id == NONE ? NULL : tunnel_by_id(*id);
	return in && is_of(in, a) ? in : NULL;
}

/* Whether the source is known to live behind this tunnel, and was heard of in this tick. */
static __always_inline int is_heard(const struct cached *c, const struct arrival *a, const struct epoch *e,
				    __u32 tunnel)
{
	return holds(c, source_of(a) | ADDRESS_HEARD, e) && c->tunnel == tunnel;
}

static __always_inline void keep_heard(struct cached *c, const struct arrival *a, const struct epoch *e,
				       __u32 tunnel)
{
	keep_cached(c, source_of(a) | ADDRESS_HEARD, e, tunnel);
}

/* fdb_learn() of the source, where there may be something to learn. */
static __always_inline enum learning learn(struct cached *c, const struct arrival *a, const struct epoch *e,
					   __u32 tunnel)
{
	enum learning how;

	if (is_heard(c, a, e, tunnel))
		return LEARN_SAME;
	how = fdb_learn(e->network, a->src, tunnel, e->now);
	if (how == LEARN_SAME)
		keep_heard(c, a, e, tunnel);
	return how;
}

/* fdb_tunnel() of the destination. */
static __always_inline __u32 find(const struct arrival *a, const struct epoch *e)
{
	__u64 address = destination_of(a);
	struct cached *c = cached_at(address, a->from.vni, e->now);
	__u32 tunnel;

	if (holds(c, address, e))
		return c->tunnel;
	tunnel = fdb_tunnel(e->network, a->dst);
	if (tunnel != NONE)
		keep_cached(c, address, e, tunnel);
	return tunnel;
}
