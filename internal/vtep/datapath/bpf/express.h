/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * XDP: what TC does with a unicast hit, before the kernel makes a packet of the
 * frame. All that is not plainly one passes on to TC, untouched: so does what
 * leaves in another shape than it came in, and GRE.
 */
#pragma once

#include "cache.h"
#include "flood.h"
#include "mss.h"
#include "syn.h"

#define MAX_EXPRESS 256

/*
 * Interfaces that take what XDP sends. User space knows which do; the others
 * would lose it without a trace.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, MAX_EXPRESS);
	__type(key, __u32);
	__type(value, __u32);
} express SEC(".maps");

/* A frame on its way, and what the maps say of it. */
struct hit {
	struct arrival a;
	struct cached *c; /* of the source */
	struct epoch e;
	__u32 from, to; /* tunnels */
	struct tunnel *in, *out;
	struct nexthop *hop; /* the way out */
	const struct state *state;
	const void *end; /* of the packet */
	__u32 now;
	__u32 len;
};

/*
 * Whether TC would take the packet for this tunnel's. It knows by the device that
 * a frame is for this machine; here its MAC has to be the one that the way back
 * is from.
 */
static __always_inline int arrived(struct hit *h, const struct ethhdr *eth)
{
	struct nexthop *back;

	h->c = cached_source(&h->a, h->now);
	h->in = came_by(&h->a, h->c, &h->from);
	if (!h->in || !same_address(&h->in->local, &h->a.local))
		return 0;
	h->e = epoch_of(h->in->network, h->now);
	back = hop_of(h->in);
	return back && mac_is_equal(eth->h_dest, back->src);
}

/*
 * Whether the source is known to be there. What would be learned, moved or
 * counted is left to TC: of an entry no more than its stamp is renewed here.
 */
static __always_inline int source_known(const struct hit *h)
{
	struct fdb_key key;
	struct fdb_entry *e;

	if (mac_is_multicast(h->a.src) || mac_is_zero(h->a.src))
		return 0;
	if (is_heard(h->c, &h->a, &h->e, h->from))
		return 1;
	fdb_key_of(&key, h->e.network, h->a.src);
	e = bpf_map_lookup_elem(&fdb, &key);
	if (!e || e->tunnel != h->from)
		return 0;
	fdb_see(e, h->now);
	keep_heard(h->c, &h->a, &h->e, h->from);
	return 1;
}

/* Whether there is one way out, in the same shape, and the packet fits it. */
static __always_inline int way_out(struct hit *h)
{
	if (mac_is_multicast(h->a.dst))
		return 0;
	h->to = find(&h->a, &h->e);
	h->out = h->to == NONE ? NULL : tunnel_by_id(h->to);
	if (!h->out || h->out->network != h->in->network || h->to == h->from ||
	    !may_leave(h->in->group, h->out->group) || h->out->shape != h->a.shape)
		return 0;
	h->hop = hop_of(h->out);
	return h->hop && trusted(h->hop, h->state, h->now) &&
	       (!h->hop->mtu || h->len - ETH_HLEN <= h->hop->mtu);
}

static __always_inline void count_hit(const struct hit *h)
{
	struct traffic *rx = bpf_map_lookup_elem(&traffic, &h->from);
	struct traffic *tx = bpf_map_lookup_elem(&traffic, &h->to);
	__u32 bytes = h->len - outer_len(h->a.shape);

	if (rx) {
		rx->rx_packets++;
		rx->rx_bytes += bytes;
	}
	if (tx) {
		tx->tx_packets++;
		tx->tx_bytes += bytes;
	}
}

/* Whether TC would look into the frame: for what is filtered, or to clamp. */
static __always_inline int looked_into(const struct hit *h, const struct ethhdr *inner)
{
	return ((h->in->filter | h->out->filter) & FILTER_CONCERN) ||
	       (h->state && h->state->clamp && may_be_syn(inner, h->end));
}

/*
 * Whether a packet that was read is a hit whose way out takes it. What XDP has
 * decided by then stands: the packet may be rewritten.
 */
static __always_inline int is_hit(struct hit *h, const struct ethhdr *eth, const struct ethhdr *inner)
{
	return arrived(h, eth) && way_out(h) && !looked_into(h, inner) && source_known(h) &&
	       bpf_redirect_map(&express, h->hop->ifindex, XDP_PASS) == XDP_REDIRECT;
}

/*
 * Whether the UDP checksum may be left to be done by the device: by one that XDP
 * sends to it is not done.
 */
static __always_inline int may_be_unfinished(const struct udphdr *udp, __u64 addresses)
{
	return udp->check && udp->check == sum_fold(addresses + bpf_htons(IPPROTO_UDP) + udp->len);
}

static __always_inline int express_udp4(struct hit *h, struct udp4 *p)
{
	__u64 addresses, tag;

	if (p->ip.protocol != IPPROTO_UDP || read_udp4(&h->a, p, h->len) != READ ||
	    may_be_unfinished(&p->udp, (__u64)p->ip.saddr + p->ip.daddr) ||
	    !is_hit(h, &p->eth, &p->inner))
		return XDP_PASS;
	addresses = rewrite_v4(&p->ip, h->out);
	tag = rewrite_tag(&p->tag, &h->out->endpoint);
	rewrite_udp(&p->udp, h->out->endpoint.encapsulation, 0, addresses, tag);
	return XDP_REDIRECT;
}

static __always_inline int express_udp6(struct hit *h, struct udp6 *p)
{
	__u64 addresses, tag, hops = 0;

	if (p->ip.version != 6 || p->ip.nexthdr != IPPROTO_UDP ||
	    read_udp6(&h->a, p, h->len) != READ ||
	    may_be_unfinished(&p->udp, sum_words((__be32 *)&p->ip.saddr, 8)) ||
	    !is_hit(h, &p->eth, &p->inner))
		return XDP_PASS;
	addresses = rewrite_v6(&p->ip, h->out, &hops);
	tag = rewrite_tag(&p->tag, &h->out->endpoint);
	rewrite_udp(&p->udp, h->out->endpoint.encapsulation, 0, addresses, tag);
	return XDP_REDIRECT;
}

SEC("xdp")
int landbridge_express(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct hit h = { .end = end, .state = the_state(), .now = recent_ticks(), .len = ctx->data_end - ctx->data };
	struct ethhdr *eth = data;
	int verdict = XDP_PASS;

	if (data + sizeof(struct udp4) > end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		verdict = express_udp4(&h, data);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6) && data + sizeof(struct udp6) <= end)
		verdict = express_udp6(&h, data);
	if (verdict != XDP_REDIRECT)
		return verdict;
	write_macs(eth, h.hop->dst, h.hop->src);
	count_hit(&h);
	return XDP_REDIRECT;
}
