/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Turns the outer header of one tunnel into that of another, in place. */
#pragma once

#include "checksum.h"
#include "maps.h"
#include "packet.h"

#define FRESH_TTL 64

/* Whether the device has looked at checksums: then they are finished. */
static __always_inline int checked_by_device(struct __sk_buff *skb)
{
	return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) >= 0 || bpf_csum_update(skb, 0) >= 0;
}

/*
 * Whether the UDP checksum is left to be done by whoever sends: the field then
 * holds the sum of the pseudo-header. A finished one looks the same once in
 * 65536, and is taken for the other only where the device does not check.
 */
static __always_inline int checksum_is_partial(struct __sk_buff *skb, const struct packet *p)
{
	__u64 pseudo = (__u64)p->ip.saddr + p->ip.daddr + bpf_htons(IPPROTO_UDP) + p->udp.len;

	if (skb->gso_size)
		return 1;
	return p->udp.check == sum_fold(pseudo) && !checked_by_device(skb);
}

static __always_inline void rewrite_udp_check(struct __sk_buff *skb, struct packet *p,
					      __u64 addresses, __u64 vxlan)
{
	if (!p->udp.check) /* none; but the device may have summed the whole packet */
		bpf_csum_update(skb, sum_fold(vxlan));
	else if (checksum_is_partial(skb, p))
		p->udp.check = sum_fold(p->udp.check + addresses);
	else
		p->udp.check = checksum_change(p->udp.check, addresses + vxlan) ?: 0xffff;
}

/*
 * DSCP and ECN stay (the last to decapsulate applies RFC 6040), the source port
 * too: it is the entropy of the inner flow. So do DF and the identification, as
 * a router leaves them.
 */
static __always_inline void rewrite(struct __sk_buff *skb, struct packet *p,
				    const struct tunnel *out)
{
	__be32 saddr = v4_of(&out->local), daddr = v4_of(&out->endpoint.remote);
	__be32 flags = bpf_htonl(VXLAN_FLAGS), vni = bpf_htonl(out->endpoint.vni << 8);
	__u64 addresses = sum_change(p->ip.saddr, saddr) + sum_change(p->ip.daddr, daddr);
	__u64 vxlan = sum_change(p->vxlan.flags, flags) + sum_change(p->vxlan.vni, vni);

	rewrite_udp_check(skb, p, addresses, vxlan);
	p->ip.check = checksum_change(p->ip.check, addresses + sum_change(bpf_htons(p->ip.ttl << 8),
									   bpf_htons(FRESH_TTL << 8)));
	p->ip.ttl = FRESH_TTL;
	p->ip.saddr = saddr;
	p->ip.daddr = daddr;
	p->vxlan.flags = flags;
	p->vxlan.vni = vni;
}
