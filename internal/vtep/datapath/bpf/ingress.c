//go:build ignore

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TC ingress: a packet of one tunnel becomes a packet of another one of the
 * same network and another group, or the frame of a physical port. What is no
 * tunnel's business passes. Ports have a program of their own, so that the one
 * of the underlay stays as fast as it can be.
 */
#include <linux/bpf.h>
#include <linux/if_packet.h>

#include "cache.h"
#include "express.h"
#include "flood.h"
#include "mss.h"
#include "mtu.h"
#include "ours.h"

/* Left to the next program and to the kernel. */
#define PASS TC_ACT_UNSPEC

static __always_inline int refuse_if_ours(struct __sk_buff *skb, enum event event)
{
	if (!meant_for_us(skb))
		return PASS;
	set_network(skb, NONE);
	return refuse(skb, event);
}

static __always_inline int refuse_stranger(struct __sk_buff *skb, const struct arrival *a)
{
	if (roles_of(&a->from.remote) & ROLE_REMOTE)
		return refuse_if_ours(skb, EVENT_UNKNOWN_VNI);
	return refuse_if_ours(skb, EVENT_UNKNOWN_SENDER);
}

static __always_inline void count_received(struct __sk_buff *skb, __u32 tunnel, __u32 shape)
{
	struct traffic *t = bpf_map_lookup_elem(&traffic, &tunnel);

	if (!t || dry_run)
		return;
	t->rx_packets += segments(skb);
	t->rx_bytes += skb->len - outer_len(shape);
}

static __always_inline int is_here(enum learning how)
{
	return how == LEARN_NEW || how == LEARN_MOVE || how == LEARN_FREEZE;
}

/* Of the bits of a tunnel those that keep the frame from crossing by it. */
static __always_inline __u32 kept_back(struct __sk_buff *skb, const struct arrival *a, const struct tunnel *t)
{
	if (!(t->filter & FILTER_CONCERN))
		return 0;
	return t->filter & filter_of(skb, outer_len(a->shape), t->network, 0);
}

/* The room of the smaller of the ways to both sides. */
static __always_inline int smaller_room(const struct tunnel *in, const struct tunnel *out, const struct nexthop *hop)
{
	int there = hop->mtu ? room_of(out->shape, hop->mtu) : MAX_ROOM, back;

	hop = hop_of(in);
	back = hop && hop->mtu ? room_of(in->shape, hop->mtu) : MAX_ROOM;
	return back < there ? back : there;
}

static __always_inline int forward_to_one(struct __sk_buff *skb, const struct state *s, struct arrival *a,
					  __u32 id, const struct tunnel *in, __u32 to,
					  const struct tunnel *out, __u32 now)
{
	const struct nexthop *hop = hop_of(out);
	__u32 kept;
	int answer;

	if (to == id || !may_leave(in->group, out->group))
		return refuse(skb, EVENT_SPLIT_HORIZON);
	kept = kept_back(skb, a, out);
	if (kept)
		return refuse(skb, filter_event(kept));
	if (hop && !fits(skb, a->shape, out->shape, hop)) {
		if (skb->gso_size)
			return segment_arrival(skb, a); /* each segment is answered */
		answer = too_big(skb, a, in->network, room_of(out->shape, hop->mtu) - tag_len(skb));
		return answer == NO_ANSWER ? TC_ACT_SHOT : send_back(skb, a, id, answer);
	}
	if (hop && s->clamp)
		clamp(skb, outer_len(a->shape), smaller_room(in, out, hop) - tag_len(skb));
	return send(skb, a, to, out, hop, s, now);
}

/* Forwards a frame that came by a tunnel which may send it. */
static __always_inline int forward(struct __sk_buff *skb, const struct state *s, struct arrival *a,
				   struct cached *c, __u32 id, const struct tunnel *in, __u32 now)
{
	__u32 network = in->network, kept, to;
	struct epoch e = epoch_of(network, now);
	enum learning how;
	int answer;
	struct tunnel *out;

	set_network(skb, network);
	note(STEP_ARRIVED, id, network);
	if (network == NONE)
		return refuse(skb, EVENT_UNKNOWN_VNI);
	if (mac_is_multicast(a->src) || mac_is_zero(a->src))
		return refuse(skb, EVENT_BAD_SOURCE);
	kept = kept_back(skb, a, in);
	if (kept)
		return refuse(skb, filter_event(kept));
	how = learn(c, a, &e, id);
	if (mac_is_link_local(a->dst))
		return refuse(skb, EVENT_LINK_LOCAL);
	if (mac_is_multicast(a->dst)) {
		answer = suppress(skb, a, id, network);
		if (answer != NO_ANSWER)
			return send_back(skb, a, id, answer);
	} else {
		to = find(a, &e);
		if (dry_run && is_here(how) && mac_is_equal(a->src, a->dst))
			to = id; /* it would have been learned */
		out = to == NONE ? NULL : tunnel_by_id(to);
		if (out && out->network == network) {
			note(STEP_FOUND, to, 0);
			return forward_to_one(skb, s, a, id, in, to, out, now);
		}
	}
	return flood(skb, a, id, in, network, flood_kind(a->dst));
}

static __always_inline int read_v4(struct __sk_buff *skb, struct arrival *a)
{
	struct iphdr *ip = headers(skb, ETH_HLEN + sizeof(*ip));
	void *p;

	if (!ip)
		return EVENT_TRUNCATED;
	ip = (void *)ip + ETH_HLEN;
	if (ip->protocol == IPPROTO_UDP) {
		p = headers(skb, sizeof(struct udp4));
		return p ? read_udp4(a, p, wire_len(skb)) : EVENT_TRUNCATED;
	}
	if (ip->protocol != IPPROTO_GRE)
		return NOT_OURS;
	p = headers(skb, sizeof(struct gre4));
	return p ? read_gre4(a, p, wire_len(skb)) : EVENT_TRUNCATED;
}

static __always_inline int read_v6(struct __sk_buff *skb, struct arrival *a)
{
	struct ipv6hdr *ip = headers(skb, ETH_HLEN + sizeof(*ip));
	void *p;

	if (!ip)
		return EVENT_TRUNCATED;
	ip = (void *)ip + ETH_HLEN;
	if (ip->version != 6)
		return NOT_OURS;
	if (is_extension(ip->nexthdr))
		return ip->nexthdr == IPPROTO_FRAGMENT ? EVENT_FRAGMENT : EVENT_IP_OPTIONS;
	if (ip->nexthdr == IPPROTO_UDP) {
		p = headers(skb, sizeof(struct udp6));
		return p ? read_udp6(a, p, wire_len(skb)) : EVENT_TRUNCATED;
	}
	if (ip->nexthdr != IPPROTO_GRE)
		return NOT_OURS;
	p = headers(skb, sizeof(struct gre6));
	return p ? read_gre6(a, p, wire_len(skb)) : EVENT_TRUNCATED;
}

/* What the segmenter has made of the frame of a port. */
static __noinline int read_segment(struct __sk_buff *skb, struct arrival *a)
{
	struct udp4 *p = headers(skb, sizeof(*p));

	if (!p || skb->protocol != bpf_htons(ETH_P_IP) || p->ip.protocol != IPPROTO_UDP ||
	    p->udp.dest != bpf_htons(PORT_OF_PORTS))
		return NOT_OURS;
	set_port(&a->from, p->ip.saddr, bpf_ntohl(p->tag.vni) >> 8);
	a->shape = WRAPPED;
	show_frame(a, &p->inner);
	return READ;
}

static __always_inline int read(struct __sk_buff *skb, const struct state *s, struct arrival *a)
{
	if (is_segmented(skb, s) && read_segment(skb, a) == READ)
		return READ;
	return skb->protocol == bpf_htons(ETH_P_IP) ? read_v4(skb, a) : read_v6(skb, a);
}

static __always_inline int from_tunnel(struct __sk_buff *skb, const struct state *s)
{
	struct arrival a = {};
	__u32 now = recent_ticks();
	struct cached *c;
	struct tunnel *in;
	__u32 id;
	int err;

	err = read(skb, s, &a);
	if (err == NOT_OURS)
		return PASS;
	if (err != READ)
		return refuse_if_ours(skb, err);
	c = cached_source(&a, now);
	in = came_by(&a, c, &id);
	if (!in)
		return refuse_stranger(skb, &a);
	if (!same_address(&in->local, &a.local))
		return refuse_if_ours(skb, EVENT_WRONG_LOCAL);
	if (!is_segmented(skb, s)) /* counted on its way in */
		count_received(skb, id, a.shape);
	return forward(skb, s, &a, c, id, in, now);
}

SEC("tc")
int landbridge_ingress(struct __sk_buff *skb)
{
	const struct state *s = the_state();
	int verdict = PASS;

	if ((skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6)) ||
	    skb->vlan_present)
		return PASS;
	if (!s || (skb->pkt_type != PACKET_HOST && !is_segmented(skb, s)))
		return PASS;
	verdict = from_tunnel(skb, s);
	return verdict == PASS && came_by_segmenter(skb) ? TC_ACT_SHOT : verdict;
}

/* For interfaces by which nothing is to enter. */
SEC("tc")
int landbridge_sink(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

/* Whether a frame can be of a port's VLAN at all. */
static __always_inline int read_port(struct __sk_buff *skb, struct arrival *a)
{
	if (skb->vlan_present && skb->vlan_proto != bpf_htons(VLAN_TAG))
		return NOT_OURS;
	set_port(&a->from, skb->ifindex, skb->vlan_present ? skb->vlan_tci & VLAN_ID : 0);
	return READ;
}

/* A dry run has the tag in the data, out of which the kernel takes that of what arrives. */
static __always_inline long untag(struct __sk_buff *skb)
{
	if (skb->protocol != bpf_htons(VLAN_TAG) && skb->protocol != bpf_htons(SERVICE_TAG))
		return 0;
	return push_vlan(skb, ANY_VLAN) || bpf_skb_vlan_pop(skb);
}

/*
 * A port belongs to the switch: frames of a VLAN that nobody has bound go
 * nowhere, also not to this machine, which would answer them. What is the link's
 * own business is left to the kernel.
 */
SEC("tc")
int landbridge_port(struct __sk_buff *skb)
{
	const struct state *s = the_state();
	__u32 now = recent_ticks();
	struct arrival a = {};
	struct ethhdr *eth;
	struct cached *c;
	struct tunnel *in;
	__u32 id;

	if (dry_run && untag(skb))
		return refuse(skb, EVENT_NO_RESHAPE);
	eth = headers(skb, sizeof(*eth));
	if (!eth || !s)
		return refuse(skb, EVENT_TRUNCATED);
	if (mac_is_link_local(eth->h_dest))
		return PASS;
	show_frame(&a, eth);
	if (read_port(skb, &a) != READ)
		return refuse(skb, EVENT_UNKNOWN_VLAN);
	c = cached_source(&a, now);
	in = came_by(&a, c, &id);
	if (!in)
		return refuse(skb, EVENT_UNKNOWN_VLAN);
	count_received(skb, id, SHAPE_PLAIN);
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return refuse(skb, EVENT_NO_RESHAPE);
	return forward(skb, s, &a, c, id, in, now);
}

char _license[] SEC("license") = "Dual BSD/GPL";
