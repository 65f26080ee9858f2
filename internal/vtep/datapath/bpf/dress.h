/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Gives a packet the outer header of the tunnel that it leaves by. */
#pragma once

#include "frame.h"
#include "inplace.h"
#include "reshape.h"
#include "segment.h"

/* What dressing comes to, besides READ and events: the packet is as it came. */
#define SEGMENT (-3)

/* Whether there may be an unfinished checksum in what gets a sum over all. */
static __always_inline int unfinished_for(struct __sk_buff *skb, const struct tunnel *out)
{
	return out->shape == SHAPE_UDP6 && !checked_by_device(skb) && !came_by_segmenter(skb);
}

/*
 * Whether the kernel has to make wire-size packets of it first: the kind of a
 * super-packet cannot be changed, and a sum over a packet is right only when
 * those within it are finished.
 */
static __always_inline int needs_segmenter(struct __sk_buff *skb, const struct arrival *a,
					   const struct tunnel *out)
{
	struct udphdr udp;

	if (skb->gso_size)
		return 1;
	if (!unfinished_for(skb, out))
		return 0;
	if (a->shape != SHAPE_UDP4)
		return 1;
	return bpf_skb_load_bytes(skb, udp_offset(a->shape), &udp, sizeof(udp)) || !udp.check;
}

/*
 * Gives the frame of a port a tunnel's header. Super-packets can have one that
 * the kernel knows how to segment.
 */
static __always_inline int dress_frame(struct __sk_buff *skb, struct arrival *a,
				       const struct tunnel *out)
{
	if (out->shape != WRAPPED && (skb->gso_size || unfinished_for(skb, out)))
		return SEGMENT;
	if (wrap(skb, a))
		return EVENT_NO_RESHAPE;
	return out->shape == WRAPPED ? in_place_udp4(skb, out) : reshape(skb, a, out);
}

__noinline int dress_otherwise(struct __sk_buff *skb, struct arrival *a, const struct tunnel *out)
{
	if (!a || !out)
		return EVENT_NO_RESHAPE;
	if (out->shape == SHAPE_PLAIN && a->shape != SHAPE_PLAIN)
		return skb->gso_size ? SEGMENT : unwrap(skb, a);
	if (a->shape == SHAPE_PLAIN)
		return out->shape == SHAPE_PLAIN ? READ : dress_frame(skb, a, out);
	if (a->shape != out->shape)
		return needs_segmenter(skb, a, out) ? SEGMENT : reshape(skb, a, out);
	switch (a->shape) {
	case SHAPE_UDP4:
		return in_place_udp4(skb, out);
	case SHAPE_UDP6:
		return in_place_udp6(skb, out);
	case SHAPE_GRE4:
		return in_place_gre4(skb, out);
	case SHAPE_GRE6:
		return in_place_gre6(skb, out);
	}
	return EVENT_NO_RESHAPE;
}

/*
 * Has the kernel make packets of wire size. The frame of a port goes there as
 * if that were a tunnel: by it the segments are known for its own.
 */
static __always_inline int segment_arrival(struct __sk_buff *skb, struct arrival *a)
{
	if (a->shape == SHAPE_PLAIN && !came_by_segmenter(skb) && wrap(skb, a))
		return refuse(skb, EVENT_NO_RESHAPE);
	return segment(skb);
}

static __always_inline int dress(struct __sk_buff *skb, struct arrival *a, const struct tunnel *out)
{
	if (out->shape == SHAPE_UDP4 && a->shape == SHAPE_UDP4)
		return in_place_udp4(skb, out);
	return dress_otherwise(skb, a, out);
}
