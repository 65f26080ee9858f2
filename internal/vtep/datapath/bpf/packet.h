/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The shape of a packet in a tunnel, and how to get at it. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "model.h"

#define VXLAN_PORT 4789
#define VXLAN_FLAGS 0x08000000 /* VNI present, RFC 7348 section 5 */
#define IP_FRAGMENT 0x3fff     /* more fragments, or an offset */

struct vxlan {
	__be32 flags;
	__be32 vni; /* in the upper 24 bits */
};

/* Ethernet, IPv4 without options, UDP, VXLAN and the frame inside. */
struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct vxlan vxlan;
	struct ethhdr inner;
} __attribute__((packed));

#define OUTER_LEN (sizeof(struct packet) - sizeof(struct ethhdr))

/* The headers, made linear where they are not. NULL: the packet is shorter. */
static __always_inline struct packet *headers(struct __sk_buff *skb)
{
	struct packet *p = (void *)(long)skb->data;

	if ((void *)(p + 1) <= (void *)(long)skb->data_end)
		return p;
	if (bpf_skb_pull_data(skb, sizeof(*p)))
		return NULL;
	p = (void *)(long)skb->data;
	return (void *)(p + 1) <= (void *)(long)skb->data_end ? p : NULL;
}

static __always_inline __u32 vni_of(const struct packet *p)
{
	return bpf_ntohl(p->vxlan.vni) >> 8;
}

/* Whether the lengths in the headers fit the packet and each other. */
static __always_inline int lengths_fit(struct __sk_buff *skb, const struct packet *p)
{
	__u32 ip = bpf_ntohs(p->ip.tot_len);
	__u32 udp = bpf_ntohs(p->udp.len);

	if (skb->gso_size) /* the kernel's own; above 64 KiB they are zero */
		return 1;
	return ip + sizeof(p->eth) <= skb->len && udp + sizeof(p->ip) <= ip &&
	       udp >= sizeof(p->udp) + sizeof(p->vxlan) + sizeof(p->inner);
}

static __always_inline void map_v4(struct address *a, __be32 v4)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->b[10] = a->b[11] = 0xff;
	__builtin_memcpy(&a->b[12], &v4, sizeof(v4));
}

static __always_inline __be32 v4_of(const struct address *a)
{
	return *(const __be32 *)&a->b[12];
}

static __always_inline int mac_is_multicast(const __u8 *mac)
{
	return mac[0] & 1;
}

static __always_inline int mac_is_zero(const __u8 *mac)
{
	return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}
