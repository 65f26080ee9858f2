/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a packet of a tunnel shows, whichever its shape and wherever it is held. */
#pragma once

#include "maps.h"
#include "packet.h"

/* What reading a packet comes to, besides the event that it is refused by. */
#define READ (-1)
#define NOT_OURS (-2)

/*
 * A packet and the frame in it. Zeroed before it is filled: programs of their
 * own take pointers to it.
 */
struct arrival {
	struct endpoint from;
	struct address local;
	__u32 shape; /* what the packet has now */
	__u8 dst[ETH_ALEN];
	__u8 src[ETH_ALEN];
	__u32 kept;  /* whether what follows is: see keep() */
	__u16 sport; /* the entropy of the frame's flow */
	__u8 tos;
	__u8 zero;
	__be16 id;
	__be16 frag_off;
};

/* The interface is in the place of an IPv4 address, not in its byte order. */
static __always_inline void set_port(struct endpoint *e, __u32 ifindex, __u32 vlan)
{
	__builtin_memcpy(&e->remote.b[12], &ifindex, sizeof(ifindex));
	e->vni = vlan;
	e->encapsulation = ENCAP_PORT;
}

/* By words: the compiler copies what is packed byte by byte. */
static __always_inline void show_frame(struct arrival *a, const struct ethhdr *inner)
{
	const __u32 *from = (const void *)inner;
	__u32 *to = (__u32 *)a->dst;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* The addresses as numbers, in the order of a little-endian machine. */
static __always_inline __u64 destination_of(const struct arrival *a)
{
	const __u32 *w = (const __u32 *)a->dst;

	return (__u64)(w[1] & 0xffff) << 32 | w[0];
}

static __always_inline __u64 source_of(const struct arrival *a)
{
	const __u32 *w = (const __u32 *)a->dst;

	return (__u64)w[2] << 16 | w[1] >> 16;
}

static __always_inline void show_v4(struct arrival *a, const struct iphdr *ip)
{
	map_v4(&a->from.remote, ip->saddr);
	map_v4(&a->local, ip->daddr);
}

static __always_inline void show_v6(struct arrival *a, const struct ipv6hdr *ip)
{
	__builtin_memcpy(&a->from.remote, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(&a->local, &ip->daddr, sizeof(ip->daddr));
}

static __always_inline int check_v4(const struct iphdr *ip)
{
	if (ip->version != 4 || ip->ihl != 5)
		return EVENT_IP_OPTIONS;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT))
		return EVENT_FRAGMENT;
	return READ;
}

static __always_inline int is_our_port(__be16 port)
{
	return port == bpf_htons(vxlan_port) || port == bpf_htons(geneve_port);
}

/* VXLAN or Geneve: the port tells. Reserved bits may be anything. */
static __always_inline int show_udp(struct arrival *a, const struct udphdr *udp,
				    const struct tag *tag)
{
	__u32 flags = bpf_ntohl(tag->flags);

	a->from.vni = bpf_ntohl(tag->vni) >> 8;
	if (udp->dest == bpf_htons(vxlan_port)) {
		a->from.encapsulation = ENCAP_VXLAN;
		return flags >> 24 == VXLAN_FLAGS >> 24 ? READ : EVENT_BAD_VXLAN;
	}
	a->from.encapsulation = ENCAP_GENEVE;
	if (flags >> 24 & 0x3f)
		return EVENT_GENEVE_OPTIONS;
	return (flags & 0xffc0ffff) == GENEVE_FLAGS ? READ : EVENT_BAD_GENEVE;
}

static __always_inline int show_gre(struct arrival *a, const struct tag *tag)
{
	__u32 flags = bpf_ntohl(tag->flags);

	a->from.vni = bpf_ntohl(tag->vni);
	a->from.encapsulation = ENCAP_GRE;
	if ((flags & 0xffff) != ETH_P_TEB)
		return NOT_OURS;
	return flags == GRE_FLAGS ? READ : EVENT_BAD_GRE;
}

/*
 * Whether the lengths in the headers fit the packet of len bytes and each
 * other. Those of the kernel's super-packets (len 0 here) may be anything.
 */
static __always_inline int lengths_fit(__u32 len, __u32 headers, __u32 ip, __u32 payload,
				       __u32 udp)
{
	if (!len)
		return 1;
	if (ip + ETH_HLEN > len || ip + ETH_HLEN < headers)
		return 0;
	return !udp || (udp <= payload &&
			udp >= sizeof(struct udphdr) + sizeof(struct tag) + ETH_HLEN);
}

static __always_inline int read_udp4(struct arrival *a, const struct udp4 *p, __u32 len)
{
	const struct udphdr *udp = &p->udp;
	const struct iphdr *ip = &p->ip;
	__u32 length = bpf_ntohs(ip->tot_len);
	int err = check_v4(ip);

	if (err != READ)
		return err;
	if (!is_our_port(udp->dest))
		return NOT_OURS;
	if (!lengths_fit(len, sizeof(*p), length, length - sizeof(*ip), bpf_ntohs(udp->len)))
		return EVENT_TRUNCATED;
	a->shape = SHAPE_UDP4;
	show_v4(a, &p->ip);
	show_frame(a, &p->inner);
	return show_udp(a, &p->udp, &p->tag);
}

static __always_inline int read_udp6(struct arrival *a, const struct udp6 *p, __u32 len)
{
	__u32 payload = bpf_ntohs(p->ip.payload_len);

	if (!is_our_port(p->udp.dest))
		return NOT_OURS;
	if (!lengths_fit(len, sizeof(*p), payload + sizeof(p->ip), payload, bpf_ntohs(p->udp.len)))
		return EVENT_TRUNCATED;
	a->shape = SHAPE_UDP6;
	show_v6(a, &p->ip);
	show_frame(a, &p->inner);
	return show_udp(a, &p->udp, &p->tag);
}

static __always_inline int read_gre4(struct arrival *a, const struct gre4 *p, __u32 len)
{
	int err = check_v4(&p->ip);

	if (err != READ)
		return err;
	if (!lengths_fit(len, sizeof(*p), bpf_ntohs(p->ip.tot_len), 0, 0))
		return EVENT_TRUNCATED;
	a->shape = SHAPE_GRE4;
	show_v4(a, &p->ip);
	show_frame(a, &p->inner);
	return show_gre(a, &p->tag);
}

static __always_inline int read_gre6(struct arrival *a, const struct gre6 *p, __u32 len)
{
	if (!lengths_fit(len, sizeof(*p), bpf_ntohs(p->ip.payload_len) + sizeof(p->ip), 0, 0))
		return EVENT_TRUNCATED;
	a->shape = SHAPE_GRE6;
	show_v6(a, &p->ip);
	show_frame(a, &p->inner);
	return show_gre(a, &p->tag);
}

/* The tunnel that the packet came by; NONE: by none of ours. */
static __always_inline __u32 arrived_by(const struct arrival *a)
{
	__u32 *id = bpf_map_lookup_elem(&arrivals, &a->from);

	return id ? *id : NONE;
}

/*
 * A slot that changes hands under our eyes shows another endpoint, and is then
 * no tunnel of this packet.
 */
static __always_inline int is_of(const struct tunnel *t, const struct arrival *a)
{
	return t->network != NONE && t->endpoint.vni == a->from.vni &&
	       t->endpoint.encapsulation == a->from.encapsulation &&
	       same_address(&t->endpoint.remote, &a->from.remote);
}

static __always_inline __u32 roles_of(const struct address *a)
{
	__u32 *roles = bpf_map_lookup_elem(&addresses, a);

	return roles ? *roles : 0;
}
