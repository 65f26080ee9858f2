//go:build ignore

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What measures: a source, sinks, the trivial redirects that are the limit, and
 * drivers that show a program another packet at each turn of a test run.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define OUTER_LEN 50	/* Ethernet, IPv4, UDP, VXLAN */
#define FRAME_WORDS 14	/* 112 bytes: a frame of 62 in a tunnel, 66 with its checksum */
#define VNI_AT 46
#define INNER_DST_AT 50
#define INNER_SRC_AT 56

/* The packet that is sent, or shown. */
const volatile __u64 frame[FRAME_WORDS];
/* Where the source and the trivial redirects send to. */
const volatile __u32 out_ifindex;
/* What the drivers choose from: powers of 2. */
const volatile __u32 networks = 1;
const volatile __u32 hosts = 1; /* per network and side */
const volatile __u32 first_vni = 1;

__u64 arrived;		      /* at a sink */
__u64 random = 88172645463325252; /* xorshift */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target_tc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target_xdp SEC(".maps");

/* Writes the packet anew: what a page had before, a gateway has rewritten. */
static __always_inline int write_frame(void *data, void *end)
{
	__u64 *to = data;
	int i;

	if (data + sizeof(frame) > end)
		return 0;
	for (i = 0; i < FRAME_WORDS; i++)
		to[i] = frame[i];
	return 1;
}

static __always_inline __u64 next_random(void)
{
	__u64 x = random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return random = x;
}

/* A MAC address: a prefix for the side, and a number. */
static __always_inline void write_mac(__u8 *mac, __u8 side, __u32 number)
{
	mac[0] = side;
	mac[1] = 0;
	*(__be32 *)(mac + 2) = bpf_htonl(number);
}

/* From any host of the fabric to any host of the WAN in any network. */
static __always_inline int write_any(void *data, void *end)
{
	__u64 r = next_random();
	__u32 network = (r >> 8) & (networks - 1);
	__u32 first = network * hosts;

	if (!write_frame(data, end))
		return 0;
	*(__be32 *)(data + VNI_AT) = bpf_htonl((first_vni + network) << 8);
	write_mac(data + INNER_SRC_AT, 0x02, first + ((r >> 20) & (hosts - 1)));
	write_mac(data + INNER_DST_AT, 0x06, first + ((r >> 42) & (hosts - 1)));
	return 1;
}

SEC("xdp")
int bench_source(struct xdp_md *ctx)
{
	if (!write_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_ABORTED;
	return bpf_redirect(out_ifindex, 0);
}

SEC("xdp")
int bench_redirect_xdp(struct xdp_md *ctx)
{
	return bpf_redirect(out_ifindex, 0);
}

SEC("tc")
int bench_redirect_tc(struct __sk_buff *skb)
{
	return bpf_redirect(out_ifindex, 0);
}

SEC("xdp")
int bench_sink_xdp(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&arrived, 1);
	return XDP_DROP;
}

SEC("tc")
int bench_sink_tc(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&arrived, 1);
	return TC_ACT_SHOT;
}

/* Does nothing: what a driver costs by itself. */
SEC("tc")
int bench_nothing_tc(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

SEC("tc")
int bench_drive_tc(struct __sk_buff *skb)
{
	if (write_any((void *)(long)skb->data, (void *)(long)skb->data_end))
		bpf_tail_call(skb, &target_tc, 0);
	return TC_ACT_UNSPEC;
}

SEC("xdp")
int bench_nothing_xdp(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int bench_drive_xdp(struct xdp_md *ctx)
{
	if (write_any((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		bpf_tail_call(ctx, &target_xdp, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
