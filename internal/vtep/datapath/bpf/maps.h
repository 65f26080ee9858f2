/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps. User space sets the sizes marked as defaults. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "dry.h"
#include "model.h"

#define DEFAULT_TUNNELS 65536
#define DEFAULT_NETWORKS 65536
#define DEFAULT_NEXTHOPS 16384
#define DEFAULT_FDB 262144
#define DEFAULT_MOVERS 8192
#define DEFAULT_ROUTERS 16384

/* Which tunnel a packet came by. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_TUNNELS);
	__type(key, struct endpoint);
	__type(value, __u32);
} arrivals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_TUNNELS);
	__type(key, __u32);
	__type(value, struct tunnel);
} tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DEFAULT_TUNNELS);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_NEXTHOPS);
	__type(key, __u32);
	__type(value, struct nexthop);
} nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, struct flood);
} floods SEC(".maps");

/* Not LRU: that would evict live addresses. When full, frames are flooded. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_FDB);
	__type(key, struct fdb_key);
	__type(value, struct fdb_entry);
} fdb SEC(".maps");

/*
 * Which state of a network's FDB cached entries are of. User space writes the time (ns
 * of the monotonic clock) when it has changed it, programs count on from there: no
 * number comes twice, whoever writes over whom.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, __u64);
} generations SEC(".maps");

/* The flag has entries begin with cache lines. Each CPU has its part. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << CACHE_SHIFT);
	__type(key, __u32);
	__type(value, struct cached_set);
} cache SEC(".maps");

/* Filled by user space alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_FDB);
	__type(key, struct neighbour_key);
	__type(value, struct neighbour);
} neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_ROUTERS);
	__type(key, struct fdb_key);
	__type(value, struct router);
} routers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

/* The roles of underlay addresses; asked only about packets of no tunnel. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_TUNNELS);
	__type(key, struct address);
	__type(value, enum role);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, struct network_name);
} networks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENT_COUNT);
	__type(key, enum event);
	__type(value, __u64);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} state SEC(".maps");

/* Addresses that every network has learned since it was made. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, __u32);
} learned SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, DEFAULT_MOVERS);
	__type(key, struct fdb_key);
	__type(value, struct mover);
} movers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_NETWORKS);
	__type(key, __u32);
	__type(value, struct network_counters);
} counters SEC(".maps");

struct scratch {
	__u8 chunk[512];
	__u8 outer[48];
	__u8 front[128];
};

/* Room for what the stack has none for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct tunnel *tunnel_by_id(__u32 id)
{
	return bpf_map_lookup_elem(&tunnels, &id);
}

static __always_inline struct network_counters *counters_of(__u32 network)
{
	return dry_run ? NULL : bpf_map_lookup_elem(&counters, &network);
}

/* Something that the FDB has said of a network is not so any longer. */
static __always_inline void next_generation(__u32 network)
{
	__u64 *generation = bpf_map_lookup_elem(&generations, &network);

	if (generation)
		__sync_fetch_and_add(generation, 1);
}

static __always_inline void count_event(enum event event)
{
	__u64 *n = bpf_map_lookup_elem(&events, &event);

	if (n && !dry_run)
		*n += 1;
}

static __always_inline struct state *the_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&state, &zero);
}

/* The coarse clock does: ticks are longer than its step. */
static __always_inline __u32 now_ticks(void)
{
	return bpf_ktime_get_coarse_ns() >> TICK_SHIFT;
}

/* The time in ticks, and in the upper half when that was. */
volatile __u64 last_ticks;

#define RECENT_SHIFT 3 /* 2^3 jiffies: 8 to 80 ms */

/* As of late: the kernel's jiffies, unlike its clocks, are read without a call. */
static __always_inline __u32 recent_ticks(void)
{
	__u64 last = last_ticks, moment = bpf_jiffies64() >> RECENT_SHIFT << 32;

	if ((last ^ moment) >> 32) {
		last = moment | now_ticks();
		last_ticks = last;
	}
	return last;
}
