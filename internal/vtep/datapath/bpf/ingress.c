//go:build ignore

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TC ingress: a packet of one tunnel becomes a packet of another one of the
 * same network and the other group. What is no tunnel's business passes.
 */
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include "fdb.h"
#include "flood.h"

/* Left to the next program and to the kernel. */
#define PASS TC_ACT_UNSPEC

static __always_inline __u32 roles_of(__be32 v4)
{
	struct address a;
	__u32 *roles;

	map_v4(&a, v4);
	roles = bpf_map_lookup_elem(&addresses, &a);
	return roles ? *roles : 0;
}

/*
 * Whether a packet that is not as it should be was meant for a tunnel at all:
 * UDP to our port at a tunnel address. It may be cut off anywhere.
 */
static __noinline int meant_for_us(struct __sk_buff *skb)
{
	struct udphdr udp;
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return 0;
	if (ip.version != 4 || ip.ihl < 5 || ip.protocol != IPPROTO_UDP)
		return 0;
	if (ip.frag_off & bpf_htons(IP_FRAGMENT & 0x1fff)) /* no UDP header in here */
		return 0;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4, &udp, sizeof(udp)))
		return 0;
	return udp.dest == bpf_htons(VXLAN_PORT) && (roles_of(ip.daddr) & ROLE_LOCAL);
}

static __always_inline int refuse_if_ours(struct __sk_buff *skb, enum event event)
{
	return meant_for_us(skb) ? refuse(skb, event) : PASS;
}

static __always_inline __u32 arrival(const struct packet *p)
{
	struct endpoint e = { .vni = vni_of(p), .encapsulation = ENCAP_VXLAN };
	__u32 *id;

	map_v4(&e.remote, p->ip.saddr);
	id = bpf_map_lookup_elem(&arrivals, &e);
	return id ? *id : NONE;
}

/*
 * A slot that changes hands under our eyes shows another endpoint, and is then
 * no tunnel of this packet.
 */
static __always_inline int is_of(const struct tunnel *t, const struct packet *p)
{
	return t->network != NONE && t->endpoint.vni == vni_of(p) &&
	       v4_of(&t->endpoint.remote) == p->ip.saddr;
}

static __always_inline int refuse_stranger(struct __sk_buff *skb, __be32 saddr)
{
	if (roles_of(saddr) & ROLE_REMOTE)
		return refuse_if_ours(skb, EVENT_UNKNOWN_VNI);
	return refuse_if_ours(skb, EVENT_UNKNOWN_SENDER);
}

static __always_inline void count_received(struct __sk_buff *skb, __u32 tunnel)
{
	struct traffic *t = bpf_map_lookup_elem(&traffic, &tunnel);

	if (!t)
		return;
	t->rx_packets += skb->gso_segs ?: 1;
	t->rx_bytes += skb->len - OUTER_LEN;
}

/* Forwards a frame that came by a tunnel which may send it. */
static __always_inline int forward(struct __sk_buff *skb, struct packet *p, __u32 id,
				   const struct tunnel *in)
{
	__u32 network = in->network, group = in->group, now = now_ticks(), to;
	struct tunnel *out;

	if (network == NONE)
		return refuse(skb, EVENT_UNKNOWN_VNI);
	if (mac_is_multicast(p->inner.h_source) || mac_is_zero(p->inner.h_source))
		return refuse(skb, EVENT_BAD_SOURCE);
	fdb_learn(network, p->inner.h_source, id, now);
	if (mac_is_multicast(p->inner.h_dest))
		return flood(skb, network, !group, now);
	to = fdb_tunnel(network, p->inner.h_dest);
	out = to == NONE ? NULL : tunnel_by_id(to);
	if (!out || out->network != network)
		return flood(skb, network, !group, now);
	if (out->group == group)
		return refuse(skb, EVENT_SPLIT_HORIZON);
	return send(skb, p, to, out, now);
}

SEC("tc")
int landbridge_ingress(struct __sk_buff *skb)
{
	struct tunnel *in;
	struct packet *p;
	__u32 id;

	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present ||
	    skb->pkt_type != PACKET_HOST)
		return PASS;
	p = headers(skb);
	if (!p)
		return refuse_if_ours(skb, EVENT_TRUNCATED);
	if (p->ip.protocol != IPPROTO_UDP)
		return PASS;
	if (p->ip.version != 4 || p->ip.ihl != 5)
		return refuse_if_ours(skb, EVENT_IP_OPTIONS);
	if (p->ip.frag_off & bpf_htons(IP_FRAGMENT))
		return refuse_if_ours(skb, EVENT_FRAGMENT);
	if (p->udp.dest != bpf_htons(VXLAN_PORT))
		return PASS;
	if (!lengths_fit(skb, p))
		return refuse_if_ours(skb, EVENT_TRUNCATED);
	if (bpf_ntohl(p->vxlan.flags) >> 24 != VXLAN_FLAGS >> 24)
		return refuse_if_ours(skb, EVENT_BAD_VXLAN);
	id = arrival(p);
	in = id == NONE ? NULL : tunnel_by_id(id);
	if (!in || !is_of(in, p))
		return refuse_stranger(skb, p->ip.saddr);
	if (v4_of(&in->local) != p->ip.daddr)
		return refuse_if_ours(skb, EVENT_WRONG_LOCAL);
	count_received(skb, id);
	return forward(skb, p, id, in);
}

char _license[] SEC("license") = "Dual BSD/GPL";
