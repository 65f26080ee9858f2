/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The frame inside a packet, by the offset at which it begins: for what is off
 * the fast path, and need not know how the frame was brought.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "model.h"

#define VLAN_HLEN 4
#define IP_OFFSET 0x1fff /* of a fragment */
#define MAX_EXTENSIONS 4

struct inner {
	struct ethhdr eth;
	struct {
		__be16 tag;
		__be16 type;
	} vlan;
	__be16 type;	/* of what is behind at most one tag */
	__u16 l3;	/* where that begins */
};

/* Not 0 where the frame is shorter. */
static __always_inline long inner_at(struct __sk_buff *skb, __u32 l2, struct inner *f)
{
	long err = bpf_skb_load_bytes(skb, l2, &f->eth, sizeof(f->eth));

	f->type = f->eth.h_proto;
	f->l3 = l2 + sizeof(f->eth);
	if (err || (f->type != bpf_htons(ETH_P_8021Q) && f->type != bpf_htons(ETH_P_8021AD)))
		return err;
	err = bpf_skb_load_bytes(skb, f->l3, &f->vlan, sizeof(f->vlan));
	f->type = f->vlan.type;
	f->l3 += VLAN_HLEN;
	return err;
}

/* What IP carries and where. */
struct upper {
	__u32 at;
	__u8 protocol;
};

/* Not 0 where it cannot be told: cut off, or a fragment that is not the first. */
static __always_inline long upper_of_v4(struct __sk_buff *skb, __u32 l3, struct upper *u)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, l3, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return 1;
	u->at = l3 + ip.ihl * 4;
	u->protocol = ip.protocol;
	return ip.frag_off & bpf_htons(IP_OFFSET);
}

/* More extension headers than anybody needs who has nothing to hide. */
#define UPPER_HIDDEN 2

/* Passes over extension headers, behind which something could hide (RFC 7113). */
static __always_inline long upper_of_v6(struct __sk_buff *skb, __u32 l3, struct upper *u)
{
	struct {
		__u8 next;
		__u8 length;
		__be16 fragment;
	} x;
	struct ipv6hdr ip;
	int i;

	if (bpf_skb_load_bytes(skb, l3, &ip, sizeof(ip)) || ip.version != 6)
		return 1;
	u->at = l3 + sizeof(ip);
	u->protocol = ip.nexthdr;
	for (i = 0; i < MAX_EXTENSIONS; i++) {
		if (u->protocol != IPPROTO_HOPOPTS && u->protocol != IPPROTO_ROUTING &&
		    u->protocol != IPPROTO_DSTOPTS && u->protocol != IPPROTO_FRAGMENT)
			return 0;
		if (bpf_skb_load_bytes(skb, u->at, &x, sizeof(x)))
			return 1;
		if (u->protocol == IPPROTO_FRAGMENT && (x.fragment & bpf_htons(0xfff8)))
			return 1;
		u->at += u->protocol == IPPROTO_FRAGMENT ? 8 : (x.length + 1) * 8;
		u->protocol = x.next;
	}
	return UPPER_HIDDEN;
}

static __always_inline long upper_of(struct __sk_buff *skb, const struct inner *f, struct upper *u)
{
	if (f->type == bpf_htons(ETH_P_IP))
		return upper_of_v4(skb, f->l3, u);
	return f->type == bpf_htons(ETH_P_IPV6) ? upper_of_v6(skb, f->l3, u) : 1;
}
