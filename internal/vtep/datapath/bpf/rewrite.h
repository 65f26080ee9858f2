/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Turns the outer header of one tunnel into that of another of the same shape.
 * Each part gives what the sum over the packet changes by.
 *
 * DSCP and ECN stay (the last to decapsulate applies RFC 6040), the source port
 * and the flow label too: they are the entropy of the inner flow. So do DF and
 * the identification, as a router leaves them.
 */
#pragma once

#include "checksum.h"
#include "packet.h"

#define FRESH_TTL 64

/* The sum of the addresses of a pseudo-header; those of IPv4 without what maps them. */
static __always_inline __u64 sum_addresses(const struct address *a, const struct address *b,
					   int v6)
{
	__u64 sum = (__u64)word_of(a, 3) + word_of(b, 3);

	if (v6)
		sum += (__u64)word_of(a, 0) + word_of(a, 1) + word_of(a, 2) + word_of(b, 0) +
		       word_of(b, 1) + word_of(b, 2);
	return sum;
}

static __always_inline __be32 tag_flags(__u32 encapsulation)
{
	if (encapsulation == ENCAP_VXLAN)
		return bpf_htonl(VXLAN_FLAGS);
	return bpf_htonl(encapsulation == ENCAP_GENEVE ? GENEVE_FLAGS : GRE_FLAGS);
}

static __always_inline __be32 tag_vni(const struct endpoint *e)
{
	return bpf_htonl(e->encapsulation == ENCAP_GRE ? e->vni : e->vni << 8);
}

static __always_inline __be16 port_of(__u32 encapsulation)
{
	return bpf_htons(encapsulation == ENCAP_VXLAN ? vxlan_port : geneve_port);
}

static __always_inline __u64 rewrite_tag(struct tag *tag, const struct endpoint *to)
{
	__be32 flags = tag_flags(to->encapsulation), vni = tag_vni(to);
	__u64 change = sum_change(tag->flags, flags) + sum_change(tag->vni, vni);

	tag->flags = flags;
	tag->vni = vni;
	return change;
}

/* The change of addresses; the header's own checksum makes up for the rest. */
static __always_inline __u64 rewrite_v4(struct iphdr *ip, const struct tunnel *out)
{
	__be32 saddr = v4_of(&out->local), daddr = v4_of(&out->endpoint.remote);
	__u64 change = sum_change(ip->saddr, saddr) + sum_change(ip->daddr, daddr);

	ip->check = checksum_change(ip->check, change + sum_change(bpf_htons(ip->ttl << 8),
								    bpf_htons(FRESH_TTL << 8)));
	ip->ttl = FRESH_TTL;
	ip->saddr = saddr;
	ip->daddr = daddr;
	return change;
}

static __always_inline __u64 change_words(__be32 *words, const struct address *to)
{
	__u64 change = 0;
	int i;

#pragma unroll
	for (i = 0; i < 4; i++) {
		change += sum_change(words[i], word_of(to, i));
		words[i] = word_of(to, i);
	}
	return change;
}

/* The change of addresses; that of the hop limit is added to hops. */
static __always_inline __u64 rewrite_v6(struct ipv6hdr *ip, const struct tunnel *out, __u64 *hops)
{
	*hops += sum_change(bpf_htons(ip->hop_limit), bpf_htons(FRESH_TTL));
	ip->hop_limit = FRESH_TTL;
	return change_words(ip->saddr.in6_u.u6_addr32, &out->local) +
	       change_words(ip->daddr.in6_u.u6_addr32, &out->endpoint.remote);
}

/*
 * Ports and checksum, after addresses and tag have changed by that much. An
 * unfinished checksum holds the sum of the pseudo-header alone. What the
 * checksum does not make up for is given back.
 */
static __always_inline __u64 rewrite_udp(struct udphdr *udp, __u32 encapsulation, int unfinished,
					 __u64 addresses, __u64 tag)
{
	__be16 port = port_of(encapsulation);

	tag += sum_change(udp->dest, port);
	udp->dest = port;
	if (!udp->check)
		return addresses + tag;
	if (unfinished)
		udp->check = sum_fold(udp->check + addresses);
	else
		udp->check = checksum_change(udp->check, addresses + tag) ?: 0xffff;
	return 0;
}
