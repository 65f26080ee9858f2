/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A dry run: the program shows what it would do with a packet, and changes
 * nothing. User space loads it a second time for that; in the one that packets
 * meet, the verifier takes all this out.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "model.h"

#define MAX_NOTES 4096

const volatile __u8 dry_run = 0;

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_NOTES);
	__type(value, struct note);
} notes SEC(".maps");

static __always_inline void note(enum step step, __u32 a, __u32 b)
{
	if (dry_run) {
		struct note n = { .step = step, .a = a, .b = b };

		bpf_map_push_elem(&notes, &n, 0);
	}
}
