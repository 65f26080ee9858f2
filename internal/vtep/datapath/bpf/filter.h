/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What concerns one cloud alone, and is kept from the other: its DHCP servers
 * and its routers. The two clouds may have them with equal addresses.
 */
#pragma once

#include "fdb.h"
#include "neighbour.h"

#define DHCP_SERVER 67
#define DHCP_CLIENT 68
#define DHCPV6_CLIENT 546
#define DHCPV6_SERVER 547
#define ND_TARGET 8 /* offset in solicitations and advertisements */

/* Those that need a look into the frame. */
#define FILTER_CONCERN (FILTER_DHCP | FILTER_RA | FILTER_GATEWAY)

static __always_inline int is_gateway(const struct neighbour *n)
{
	return n && n->gateway;
}

static __always_inline int is_router(__u32 network, const __u8 *mac)
{
	struct fdb_key key;

	fdb_key_of(&key, network, mac);
	return bpf_map_lookup_elem(&routers, &key) != NULL;
}

/*
 * Whoever speaks for a gateway's address is a router. What the control plane
 * says of a MAC stands.
 */
static __always_inline void router_learn(__u32 network, const __u8 *mac)
{
	struct router fresh = { .seen = now_ticks() }, *r;
	struct fdb_entry *e;
	struct fdb_key key;

	fdb_key_of(&key, network, mac);
	r = bpf_map_lookup_elem(&routers, &key);
	if (r) {
		r->seen = fresh.seen;
		return;
	}
	e = bpf_map_lookup_elem(&fdb, &key);
	if (!e || e->fixed != FIXED_STATIC)
		bpf_map_update_elem(&routers, &key, &fresh, BPF_NOEXIST);
}

/* About a gateway, from one (then also learned, where that is asked for), or neither. */
static __always_inline __u32 gateway_filter(__u32 network, const __u8 *mac, int from, int about, int learn)
{
	if (from && learn && !dry_run)
		router_learn(network, mac);
	return from || about ? FILTER_GATEWAY : 0;
}

static __always_inline __u32 filter_of_arp(struct __sk_buff *skb, __u32 network,
					   const struct inner *f, int learn)
{
	struct arp a;

	if (bpf_skb_load_bytes(skb, f->l3, &a, sizeof(a)) || !is_arp(&a))
		return 0;
	return gateway_filter(network, f->eth.h_source, is_gateway(neighbour_of_v4(network, a.sender)),
			      is_gateway(neighbour_of_v4(network, a.target)), learn);
}

/* DHCP goes to one of its two ports, whoever sends it. */
static __always_inline __u32 filter_of_udp(struct __sk_buff *skb, __u32 at, __u16 one, __u16 other)
{
	struct udphdr udp;

	if (bpf_skb_load_bytes(skb, at, &udp, sizeof(udp)))
		return 0;
	return udp.dest == bpf_htons(one) || udp.dest == bpf_htons(other) ? FILTER_DHCP : 0;
}

static __always_inline __u32 filter_of_v4(struct __sk_buff *skb, const struct inner *f)
{
	struct upper u;

	if (upper_of_v4(skb, f->l3, &u) || u.protocol != IPPROTO_UDP)
		return 0;
	return filter_of_udp(skb, u.at, DHCP_SERVER, DHCP_CLIENT);
}

static __always_inline __u32 filter_of_nd(struct __sk_buff *skb, __u32 network,
					  const struct inner *f, __u32 at, int learn)
{
	struct address source, target;
	int from, about = 0;
	__u8 type;

	if (bpf_skb_load_bytes(skb, at, &type, sizeof(type)))
		return 0;
	if (type == ND_ROUTER_SOLICITATION || type == ND_ROUTER_ADVERTISEMENT)
		return FILTER_RA;
	if (type != ND_SOLICITATION && type != ND_ADVERTISEMENT)
		return 0;
	if (bpf_skb_load_bytes(skb, f->l3 + offsetof(struct ipv6hdr, saddr), &source, sizeof(source)) ||
	    bpf_skb_load_bytes(skb, at + ND_TARGET, &target, sizeof(target)))
		return 0;
	from = is_gateway(neighbour_of(network, &source));
	about = is_gateway(neighbour_of(network, &target));
	return gateway_filter(network, f->eth.h_source, from || (about && type == ND_ADVERTISEMENT),
			      about, learn);
}

static __always_inline __u32 filter_of_v6(struct __sk_buff *skb, __u32 network,
					  const struct inner *f, int learn)
{
	struct upper u;
	long err = upper_of_v6(skb, f->l3, &u);

	if (err)
		return err == UPPER_HIDDEN ? FILTER_DHCP | FILTER_RA : 0;
	if (u.protocol == IPPROTO_UDP)
		return filter_of_udp(skb, u.at, DHCPV6_SERVER, DHCPV6_CLIENT);
	return u.protocol == IPPROTO_ICMPV6 ? filter_of_nd(skb, network, f, u.at, learn) : 0;
}

/*
 * Which of FILTER_CONCERN a frame is subject to. Routers are learned where that
 * is asked for: from the side that they belong to.
 */
__noinline __u32 filter_of(struct __sk_buff *skb, __u32 l2, __u32 network, __u32 learn)
{
	struct inner f = {};
	__u32 filter = 0;

	if (inner_at(skb, l2, &f))
		return 0;
	if (f.type == bpf_htons(ETH_P_ARP))
		filter = filter_of_arp(skb, network, &f, learn);
	else if (f.type == bpf_htons(ETH_P_IP))
		filter = filter_of_v4(skb, &f);
	else if (f.type == bpf_htons(ETH_P_IPV6))
		filter = filter_of_v6(skb, network, &f, learn);
	if (is_router(network, f.eth.h_source) || is_router(network, f.eth.h_dest))
		filter |= FILTER_GATEWAY;
	return filter;
}

/* The filter that a flooded frame is subject to by where it goes alone. */
static __always_inline __u32 flood_kind(const __u8 *mac)
{
	if (!mac_is_multicast(mac))
		return FILTER_UNKNOWN;
	return mac_is_broadcast(mac) || mac_is_solicited_node(mac) ? 0 : FILTER_MULTICAST;
}

/* The event of a frame that bits keep back. */
static __always_inline enum event filter_event(__u32 filter)
{
	if (filter & FILTER_DHCP)
		return EVENT_FILTER_DHCP;
	if (filter & FILTER_RA)
		return EVENT_FILTER_RA;
	if (filter & FILTER_GATEWAY)
		return EVENT_FILTER_GATEWAY;
	return filter & FILTER_MULTICAST ? EVENT_FILTER_MULTICAST : EVENT_FILTER_UNKNOWN;
}
