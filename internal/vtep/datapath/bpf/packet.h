/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The shapes of packets in tunnels. Nothing here knows where a packet is held. */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "model.h"

#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */
#define IP_DF 0x4000

/* In the segmenter: says that a packet holds the frame of a physical port. */
#define PORT_OF_PORTS 0xffff

#define VXLAN_FLAGS 0x08000000	/* VNI present, RFC 7348 section 5 */
#define GENEVE_FLAGS 0x00006558 /* version 0, no options, Ethernet, RFC 8926 section 3.4 */
#define GRE_FLAGS 0x20006558	/* key present, Ethernet, RFC 2890 section 2 */

/* User space sets them. */
const volatile __u16 vxlan_port = 4789;
const volatile __u16 geneve_port = 6081;

/* VXLAN, Geneve without options, and GRE, where the key has all of the second word. */
struct tag {
	__be32 flags;
	__be32 vni; /* in the upper 24 bits */
};

struct udp4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct tag tag;
	struct ethhdr inner;
} __attribute__((packed));

struct udp6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct udphdr udp;
	struct tag tag;
	struct ethhdr inner;
} __attribute__((packed));

struct gre4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct tag tag;
	struct ethhdr inner;
} __attribute__((packed));

struct gre6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct tag tag;
	struct ethhdr inner;
} __attribute__((packed));

static __always_inline int shape_is_udp(__u32 shape)
{
	return shape == SHAPE_UDP4 || shape == SHAPE_UDP6;
}

static __always_inline int shape_is_v6(__u32 shape)
{
	return shape == SHAPE_UDP6 || shape == SHAPE_GRE6;
}

/* The length of what stands before the frame; the frame of a port is whole. */
static __always_inline __u32 outer_len(__u32 shape)
{
	if (shape == SHAPE_PLAIN)
		return 0;
	return ETH_HLEN + (shape_is_v6(shape) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) +
	       (shape_is_udp(shape) ? sizeof(struct udphdr) : 0) + sizeof(struct tag);
}

static __always_inline __be32 word_of(const struct address *a, int i)
{
	return ((const __be32 *)a->b)[i];
}

static __always_inline void map_v4(struct address *a, __be32 v4)
{
	__be32 *w = (__be32 *)a->b;

	w[0] = w[1] = 0;
	w[2] = bpf_htonl(0xffff);
	w[3] = v4;
}

static __always_inline __be32 v4_of(const struct address *a)
{
	return word_of(a, 3);
}

static __always_inline int same_address(const struct address *a, const struct address *b)
{
	return word_of(a, 3) == word_of(b, 3) && word_of(a, 2) == word_of(b, 2) &&
	       word_of(a, 1) == word_of(b, 1) && word_of(a, 0) == word_of(b, 0);
}

/* By words: the compiler copies what is packed byte by byte. Behind either are two bytes more. */
static __always_inline void write_macs(struct ethhdr *eth, const __u8 *dst, const __u8 *src)
{
	const __u32 *d = (const void *)dst, *s = (const void *)src;
	__u32 *to = (__u32 *)eth;

	to[0] = d[0];
	to[1] = (d[1] & 0xffff) | s[0] << 16;
	to[2] = s[0] >> 16 | s[1] << 16;
}

static __always_inline int mac_is_multicast(const __u8 *mac)
{
	return mac[0] & 1;
}

/* Of a link, not of a network: STP, LACP, LLDP (IEEE 802.1D, table 7-10). */
static __always_inline int mac_is_link_local(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 &&
	       (mac[5] & 0xf0) == 0;
}

static __always_inline int mac_is_broadcast(const __u8 *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

/* Of IPv6 neighbour solicitations, which are no less needed than ARP (RFC 2464). */
static __always_inline int mac_is_solicited_node(const __u8 *mac)
{
	return mac[0] == 0x33 && mac[1] == 0x33 && mac[2] == 0xff;
}

static __always_inline int mac_is_equal(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]));
}

static __always_inline int mac_is_zero(const __u8 *mac)
{
	return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}
