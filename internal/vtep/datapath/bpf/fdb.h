/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which tunnel of a network an address lives behind. */
#pragma once

#include <asm-generic/errno-base.h>

#include "maps.h"

static __always_inline void fdb_key_of(struct fdb_key *key, __u32 network, const __u8 *mac)
{
	key->network = network;
	__builtin_memcpy(key->mac, mac, sizeof(key->mac));
	key->zero = 0;
}

/* NONE where the address is not known. */
static __always_inline __u32 fdb_tunnel(__u32 network, const __u8 *mac)
{
	struct fdb_key key;
	struct fdb_entry *e;

	fdb_key_of(&key, network, mac);
	e = bpf_map_lookup_elem(&fdb, &key);
	return e ? e->tunnel : NONE;
}

static __always_inline enum learning learning(enum learning how, __u32 known)
{
	note(STEP_LEARNED, how, known);
	return how;
}

static __noinline enum learning fdb_add(struct fdb_key *key, __u32 tunnel, __u32 now)
{
	struct fdb_entry fresh = { .tunnel = tunnel, .seen = now };
	struct network_counters *n = counters_of(key->network);
	struct flood *share = bpf_map_lookup_elem(&floods, &key->network);
	__u32 *ever = bpf_map_lookup_elem(&learned, &key->network);
	long err;

	if (!share || !ever)
		return 0;
	if ((__s32)(*ever - share->forgotten - share->learn_limit) >= 0) {
		if (n)
			n->limited += 1;
		return learning(LEARN_LIMITED, NONE);
	}
	if (dry_run)
		return learning(LEARN_NEW, tunnel);
	err = bpf_map_update_elem(&fdb, key, &fresh, BPF_NOEXIST);
	if (!err)
		__sync_fetch_and_add(ever, 1);
	if (err != -E2BIG)
		return 0;
	count_event(EVENT_FDB_FULL);
	if (n)
		n->full += 1;
	return 0;
}

/* Counts a move, and tells whether it is one too many. */
static __always_inline int too_many_moves(struct fdb_key *key, __u32 now)
{
	struct mover first = { .since = now, .last = now, .moves = 1 };
	struct mover *m = bpf_map_lookup_elem(&movers, key);

	if (!m || (__s32)(now - m->since) > MOVES_WITHIN) {
		if (!dry_run)
			bpf_map_update_elem(&movers, key, &first, BPF_ANY);
		return 0;
	}
	if (dry_run)
		return m->moves + 1 >= MOVES_MAX;
	m->last = now;
	m->moves += 1;
	return m->moves >= MOVES_MAX;
}

/* Counts what would be a move, and tells whether the address may move again. */
static __always_inline int thawed(struct fdb_key *key, __u32 now)
{
	struct mover fresh = { .since = now, .last = now, .moves = MOVES_MAX };
	struct mover *m = bpf_map_lookup_elem(&movers, key);

	if (m && (__s32)(now - m->last) > MOVES_WITHIN)
		return 1;
	if (m && !dry_run)
		m->last = now;
	else if (!dry_run) /* crowded out by others */
		bpf_map_update_elem(&movers, key, &fresh, BPF_ANY);
	return 0;
}

/*
 * A frame of a known address by another tunnel. Its entry moves there, unless it
 * is fixed; the frame is forwarded in any case (RFC 7432 section 15.2: tell the
 * operator). A move replaces the entry, since two words cannot be changed at
 * once in place. Two packets may race here: either of them is right.
 */
static __noinline enum learning fdb_move(struct fdb_key *key, struct fdb_entry *e, __u32 tunnel, __u32 now)
{
	struct fdb_entry moved = { .tunnel = tunnel, .seen = now };
	struct network_counters *n = counters_of(key->network);

	if (e->fixed == FIXED_STATIC || (e->fixed && !thawed(key, now))) {
		if (n)
			n->mismatches += 1;
		return learning(LEARN_MISMATCH, e->tunnel);
	}
	if (too_many_moves(key, now))
		moved.fixed = FIXED_FROZEN;
	if (dry_run)
		return learning(moved.fixed ? LEARN_FREEZE : LEARN_MOVE, e->tunnel);
	bpf_map_update_elem(&fdb, key, &moved, BPF_EXIST);
	next_generation(key->network);
	if (!n)
		return 0;
	n->moves += 1;
	if (moved.fixed)
		n->frozen += 1;
	return 0;
}

/* A write only when there is news: it costs the other cores. */
static __always_inline void fdb_see(struct fdb_entry *e, __u32 now)
{
	if (!dry_run && e->seen != now && e->fixed != FIXED_STATIC)
		e->seen = now;
}

/* What it has learned, or in a dry run would have. */
static __always_inline enum learning fdb_learn(__u32 network, const __u8 *mac, __u32 tunnel, __u32 now)
{
	struct fdb_key key;
	struct fdb_entry *e;

	fdb_key_of(&key, network, mac);
	e = bpf_map_lookup_elem(&fdb, &key);
	if (!e)
		return fdb_add(&key, tunnel, now);
	if (e->tunnel != tunnel)
		return fdb_move(&key, e, tunnel, now);
	fdb_see(e, now);
	return learning(LEARN_SAME, tunnel);
}
