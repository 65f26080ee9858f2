/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TCP is told of the smaller of both ways: in SYNs, of the largest segment that
 * fits. Both ends then send no larger ones, in whichever direction.
 */
#pragma once

#include "size.h"
#include "skb.h"

#define MIN_CLAMP 576 /* bytes of IP: a way that takes less is no way */
#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define MAX_TCP_OPTIONS 40

/* Where the value of the option is; 0 where there is none. */
static __always_inline __u32 find_mss(struct __sk_buff *skb, __u32 tcp, __u32 end)
{
	__u32 at = tcp + sizeof(struct tcphdr);
	struct {
		__u8 kind;
		__u8 len;
	} o;
	int i;

	for (i = 0; i < MAX_TCP_OPTIONS; i++) {
		if (at + 4 > end || bpf_skb_load_bytes(skb, at, &o, sizeof(o)) || o.kind == TCP_OPTION_END)
			return 0;
		if (o.kind == TCP_OPTION_MSS)
			return o.len == 4 ? at + 2 : 0;
		if (o.kind != TCP_OPTION_NOP && o.len < 2)
			return 0;
		at += o.kind == TCP_OPTION_NOP ? 1 : o.len;
	}
	return 0;
}

/*
 * The folded sum of the pseudo-header, which the checksum field holds where the
 * rest is left to whoever sends.
 */
static __always_inline __u16 pseudo_sum(struct __sk_buff *skb, const struct inner *f, __u32 tcp)
{
	int v6 = f->type == bpf_htons(ETH_P_IPV6);
	__be32 a[8] = {};
	__be16 len = 0;

	if (v6) {
		bpf_skb_load_bytes(skb, f->l3 + offsetof(struct ipv6hdr, saddr), a, 32);
		bpf_skb_load_bytes(skb, f->l3 + offsetof(struct ipv6hdr, payload_len), &len, sizeof(len));
		len = bpf_htons(bpf_ntohs(len) + f->l3 + sizeof(struct ipv6hdr) - tcp);
	} else {
		bpf_skb_load_bytes(skb, f->l3 + offsetof(struct iphdr, saddr), a, 8);
		bpf_skb_load_bytes(skb, f->l3 + offsetof(struct iphdr, tot_len), &len, sizeof(len));
		len = bpf_htons(bpf_ntohs(len) + f->l3 - tcp);
	}
	return sum_fold((__u64)(__u32)bpf_csum_diff(NULL, 0, a, sizeof(a), 0) + len + bpf_htons(IPPROTO_TCP));
}

/* Bytes at an odd offset count as if swapped. */
static __always_inline __u64 mss_change(__be16 from, __be16 to, int odd)
{
	return odd ? sum_change(__builtin_bswap16(from), __builtin_bswap16(to)) : sum_change(from, to);
}

static __always_inline void set_mss(struct __sk_buff *skb, const struct inner *f, __u32 tcp, __u32 at, __be16 from, __be16 to)
{
	__u32 field = tcp + offsetof(struct tcphdr, check);
	__u16 check;

	if (bpf_skb_load_bytes(skb, field, &check, sizeof(check)) ||
	    bpf_skb_store_bytes(skb, at, &to, sizeof(to), BPF_F_RECOMPUTE_CSUM))
		return;
	count_event(EVENT_CLAMPED);
	if (check == pseudo_sum(skb, f, tcp) && !checked_by_device(skb))
		return;
	check = checksum_change(check, mss_change(from, to, (at - tcp) & 1));
	bpf_skb_store_bytes(skb, field, &check, sizeof(check), BPF_F_RECOMPUTE_CSUM);
}

/* Lowers what a SYN offers to what fits frames of so many bytes. */
__noinline int clamp(struct __sk_buff *skb, __u32 l2, int room)
{
	struct upper u = {};
	struct inner f = {};
	struct tcphdr tcp;
	__be16 from, to;
	__u32 at;

	if (inner_at(skb, l2, &f) || upper_of(skb, &f, &u))
		return 0;
	if (u.protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, u.at, &tcp, sizeof(tcp)) || !tcp.syn)
		return 0;
	at = find_mss(skb, u.at, u.at + tcp.doff * 4);
	room -= f.l3 - l2;
	if (!at || room < MIN_CLAMP || bpf_skb_load_bytes(skb, at, &from, sizeof(from)))
		return 0;
	room -= sizeof(tcp) + (f.type == bpf_htons(ETH_P_IPV6) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	to = bpf_htons(room);
	if (bpf_ntohs(from) > room)
		set_mss(skb, &f, u.at, at, from, to);
	return 0;
}
