/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ARP and IPv6 neighbour discovery, as far as both filters and answers need it. */
#pragma once

#include "inner.h"
#include "maps.h"
#include "packet.h"

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define ND_ROUTER_SOLICITATION 133
#define ND_ROUTER_ADVERTISEMENT 134
#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_REDIRECT 137
#define ND_HOP_LIMIT 255
#define ND_OPTION_TARGET 2

/* ARP for IPv4 over Ethernet (RFC 826). */
struct arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_len;
	__u8 protocol_len;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender;
	__u8 target_mac[6];
	__be32 target;
} __attribute__((packed));

/* IPv6 with a neighbour solicitation or advertisement (RFC 4861). */
struct discovery {
	struct ipv6hdr ip;
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 flags;
	struct address target;
};

static __always_inline int is_arp(const struct arp *a)
{
	return a->hardware == bpf_htons(ARP_ETHERNET) && a->protocol == bpf_htons(ETH_P_IP) &&
	       a->hardware_len == ETH_ALEN && a->protocol_len == sizeof(__be32);
}

static __always_inline int v6_is_zero(const struct in6_addr *a)
{
	return !(a->in6_u.u6_addr32[0] | a->in6_u.u6_addr32[1] | a->in6_u.u6_addr32[2] |
		 a->in6_u.u6_addr32[3]);
}

static __always_inline struct neighbour *neighbour_of(__u32 network, const struct address *a)
{
	struct neighbour_key key = { .network = network, .address = *a };

	return bpf_map_lookup_elem(&neighbours, &key);
}

static __always_inline struct neighbour *neighbour_of_v4(__u32 network, __be32 v4)
{
	struct address a;

	map_v4(&a, v4);
	return neighbour_of(network, &a);
}
