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

/*
 * A move replaces the entry, since two words cannot be changed at once in
 * place. Two packets may race here: either of them is right.
 */
static __always_inline void fdb_learn(__u32 network, const __u8 *mac, __u32 tunnel, __u32 now)
{
	struct fdb_entry fresh = { .tunnel = tunnel, .seen = now };
	struct fdb_key key;
	struct fdb_entry *e;

	fdb_key_of(&key, network, mac);
	e = bpf_map_lookup_elem(&fdb, &key);
	if (!e) {
		if (bpf_map_update_elem(&fdb, &key, &fresh, BPF_NOEXIST) == -E2BIG)
			count_event(EVENT_FDB_FULL);
		return;
	}
	if (e->fixed)
		return;
	if (e->tunnel != tunnel)
		bpf_map_update_elem(&fdb, &key, &fresh, BPF_EXIST);
	else if (e->seen != now) /* a write only when there is news: it costs the other cores */
		e->seen = now;
}
