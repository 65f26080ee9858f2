/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whether a packet that is not as it should be was meant for a tunnel at all:
 * UDP to a port of ours, or Ethernet in GRE, at a tunnel address. It may be cut
 * off anywhere.
 */
#pragma once

#include <linux/in6.h>

#include "arrival.h"

static __always_inline int is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS;
}

static __always_inline int is_tunnel_at(struct __sk_buff *skb, __u32 offset, __u8 protocol)
{
	struct udphdr udp;
	__be16 gre[2];

	if (protocol == IPPROTO_UDP)
		return !bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)) && is_our_port(udp.dest);
	return protocol == IPPROTO_GRE && !bpf_skb_load_bytes(skb, offset, gre, sizeof(gre)) &&
	       gre[1] == bpf_htons(ETH_P_TEB);
}

static __always_inline int meant_for_us_v4(struct __sk_buff *skb)
{
	struct address local;
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return 0;
	if (ip.version != 4 || ip.ihl < 5)
		return 0;
	if (ip.frag_off & bpf_htons(IP_FRAGMENT & 0x1fff)) /* no headers in here */
		return 0;
	map_v4(&local, ip.daddr);
	return (roles_of(&local) & ROLE_LOCAL) &&
	       is_tunnel_at(skb, ETH_HLEN + ip.ihl * 4, ip.protocol);
}

/* Looks behind one extension header. */
static __always_inline int meant_for_us_v6(struct __sk_buff *skb)
{
	struct {
		__u8 next, len;
		__be16 fragment_offset;
	} extension;
	__u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
	struct address local;
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.version != 6)
		return 0;
	__builtin_memcpy(&local, &ip.daddr, sizeof(local));
	if (!(roles_of(&local) & ROLE_LOCAL))
		return 0;
	if (!is_extension(ip.nexthdr))
		return is_tunnel_at(skb, offset, ip.nexthdr);
	if (bpf_skb_load_bytes(skb, offset, &extension, sizeof(extension)))
		return 0;
	if (ip.nexthdr != IPPROTO_FRAGMENT)
		return is_tunnel_at(skb, offset + (extension.len + 1) * 8, extension.next);
	if (extension.fragment_offset & bpf_htons(0xfff8)) /* no headers in here */
		return 0;
	return is_tunnel_at(skb, offset + 8, extension.next);
}

static __noinline int meant_for_us(struct __sk_buff *skb)
{
	return skb->protocol == bpf_htons(ETH_P_IP) ? meant_for_us_v4(skb) : meant_for_us_v6(skb);
}
