/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which frames TC may have to clamp, found in the packet itself. Whatever is not
 * plain or not whole may be one.
 */
#pragma once

#include <linux/tcp.h>

#include "packet.h"

static __always_inline int has_syn(const struct tcphdr *tcp, const void *end)
{
	return (const void *)(tcp + 1) > end || tcp->syn;
}

static __always_inline int may_be_syn_v4(const struct iphdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end || ip->ihl != 5)
		return 1;
	return ip->protocol == IPPROTO_TCP && has_syn((const void *)(ip + 1), end);
}

static __always_inline int may_be_syn_v6(const struct ipv6hdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end)
		return 1;
	if (ip->nexthdr == IPPROTO_UDP || ip->nexthdr == IPPROTO_ICMPV6)
		return 0;
	return ip->nexthdr != IPPROTO_TCP || has_syn((const void *)(ip + 1), end);
}

static __always_inline int may_be_syn(const struct ethhdr *inner, const void *end)
{
	__be16 type = inner->h_proto;

	if (type == bpf_htons(ETH_P_IP))
		return may_be_syn_v4((const void *)(inner + 1), end);
	if (type == bpf_htons(ETH_P_IPV6))
		return may_be_syn_v6((const void *)(inner + 1), end);
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}
