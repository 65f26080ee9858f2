/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the maps hold. User space reads and writes the same structures; a
 * change of any of them needs a new FORMAT.
 *
 * Numbers are in host order, addresses as on the wire. IPv4 addresses are
 * v4-mapped (::ffff:a.b.c.d), so that keys have one shape for both families.
 */
#pragma once

#include <linux/types.h>

#define FORMAT 2

/* A tunnel, next hop or network with this id is none. */
#define NONE 0

/* Ages are in ticks of 2^30 ns (1.07 s) of the monotonic clock. */
#define TICK_SHIFT 30

#define NAME_LEN 254

struct address {
	__u8 b[16];
} __attribute__((aligned(4)));

enum encapsulation {
	ENCAP_VXLAN = 1,
	ENCAP_GENEVE = 2,
	ENCAP_GRE = 3, /* with key, transparent Ethernet bridging */
	ENCAP_PORT = 4, /* none: a bare metal port */
};

/* How the headers before a frame are laid out. VXLAN and Geneve are alike. */
enum shape {
	SHAPE_PLAIN,
	SHAPE_UDP4,
	SHAPE_UDP6,
	SHAPE_GRE4,
	SHAPE_GRE6,
	SHAPE_COUNT,
};

/* The sides. A frame leaves by another one, or from a port by another port. */
enum group {
	GROUP_FABRIC,
	GROUP_WAN,
	GROUP_PORTS,
	GROUP_COUNT,
};

/*
 * What an arriving packet shows: the key of its tunnel. A VLAN of a physical
 * port is a tunnel too: the interface's index is in the last four bytes of
 * remote, the VLAN (0: untagged) is the VNI.
 */
struct endpoint {
	struct address remote;
	__u32 vni;
	enum encapsulation encapsulation;
};

/*
 * What is not sent to a tunnel; the first three are not taken from it either.
 * A frame is judged by the same bits.
 */
enum filter {
	FILTER_DHCP = 1,      /* DHCP and DHCPv6 */
	FILTER_RA = 2,	      /* router advertisements and solicitations */
	FILTER_GATEWAY = 4,   /* the cloud's own routers */
	FILTER_MULTICAST = 8, /* multicast, but for neighbour solicitations */
	FILTER_UNKNOWN = 16,  /* unicast to an address that is not known */
};

/*
 * A tunnel. A slot is written whole before anything refers to it. Its network
 * is set to NONE first when it is given up, all else stays until no program
 * can still look at it.
 */
struct tunnel {
	__u32 network;
	enum group group;
	__u32 flood_next; /* the next tunnel in the flood list of its group */
	__u32 nexthop;
	struct endpoint endpoint;
	struct address local;
	enum shape shape; /* of its packets */
	enum filter filter; /* a bit set; fills a cache line */
};

/*
 * The way out to (local, remote), shared by all tunnels between them; or a
 * physical port, shared by its VLANs.
 */
struct nexthop {
	__u32 ifindex; /* 0: no route known; the port has no interface */
	__u32 mtu;
	__u8 dst[6];
	__u16 unused;
	__u8 src[6];
	__u16 resolved; /* src and dst are right as long as user space renews */
};

/*
 * What a network has: how it is flooded, how many addresses it may learn. Of those
 * that it has learned ever (`learned`), so many are forgotten.
 */
struct flood {
	__u32 head[GROUP_COUNT];   /* the first tunnels of its lists */
	__u32 shapes[GROUP_COUNT]; /* of the tunnels on them, as bits */
	enum filter filters;	   /* all bits that its tunnels have */
	__u32 rate;		   /* copies a second; 0: no limit */
	__u32 burst;		   /* copies that may be saved up */
	__u32 cost;		   /* of a copy: ns of a second that it may fill */
	__u32 learn_limit;
	__u32 forgotten;
};

/*
 * Until when a network's time is spent, in ns of the monotonic clock: by copies,
 * and by answers about sizes. Programs alone write it.
 */
struct bucket {
	__u64 flood;
	__u64 answers;
};

struct neighbour_key {
	__u32 network;
	struct address address;
};

/* Who has an address. */
struct neighbour {
	__u8 mac[6]; /* zero: not known, or not to be told */
	__u8 gateway; /* it is a router of the cloud's own */
	__u8 unused;
};

/* A MAC address of the cloud's own routers, by an fdb_key. */
struct router {
	__u32 seen; /* ticks */
	__u32 fixed;
};

struct fdb_key {
	__u32 network;
	__u8 mac[6];
	__u16 zero;
};

/* Why an entry is never learned over; 0: it is. */
enum fixed {
	FIXED_STATIC = 1, /* from the control plane; never aged either */
	FIXED_FROZEN = 2, /* moved too often */
};

struct fdb_entry {
	__u32 tunnel;
	__u32 seen;  /* ticks */
	enum fixed fixed; /* never learned over */
};

/*
 * What the FDB has said of an address, for the program alone: see cache.h. It holds
 * in that tick, as long as the network has that generation.
 */
struct cached {
	__u64 address; /* in the order of a little-endian machine, and ADDRESS_HEARD */
	__u64 generation;
	__u32 network;
	__u32 tunnel;
	__u32 tick;
	__u32 unused; /* half a cache line */
};

struct cached_set {
	struct cached way[2];
};

#define CACHE_SHIFT 13

/*
 * The moves of an address of late. One that moves MOVES_MAX times within
 * MOVES_WITHIN is frozen where it is (RFC 7432 section 15.1), until it has not
 * tried to move for as long.
 */
struct mover {
	__u32 since; /* ticks, of the first of these moves */
	__u32 last;  /* of the last move, or of the last one that was refused */
	__u32 moves;
};

#define MOVES_MAX 5
#define MOVES_WITHIN 168 /* ticks: 180 s */

/* Why an underlay address is known: a bit set. */
enum role {
	ROLE_LOCAL = 1,
	ROLE_REMOTE = 2,
};

/* Frames and bytes inside the tunnel; a GSO packet counts its segments. */
struct traffic {
	__u64 rx_packets;
	__u64 rx_bytes;
	__u64 tx_packets;
	__u64 tx_bytes;
};

/* For user space alone: what a network id stands for. */
struct network_name {
	__u16 length;
	__u8 text[NAME_LEN];
};

struct state {
	__u32 format;
	__u32 trusted_until; /* ticks: until then cached next hops are believed */
	__u32 segment_out;   /* interfaces of the segmenter: where packets go in */
	__u32 segment_in;    /* and where their segments arrive; 0: there is none */
	__u32 clamp;	     /* whether TCP is told of smaller ways */
};

/* Indices of the counters of events; all but EVENT_FDB_FULL, and those from EVENT_TOO_BIG_TOLD on, are drops. */
enum event {
	EVENT_UNKNOWN_SENDER,
	EVENT_UNKNOWN_VNI,
	EVENT_WRONG_LOCAL,
	EVENT_TRUNCATED,
	EVENT_IP_OPTIONS,
	EVENT_FRAGMENT,
	EVENT_BAD_VXLAN,
	EVENT_BAD_SOURCE,
	EVENT_SPLIT_HORIZON,
	EVENT_NO_TARGET,
	EVENT_NO_ROUTE,
	EVENT_FLOOD_LIMIT,
	EVENT_FDB_FULL,
	EVENT_BAD_GENEVE,
	EVENT_GENEVE_OPTIONS,
	EVENT_BAD_GRE,
	EVENT_NO_SEGMENTER,
	EVENT_NO_RESHAPE,
	EVENT_UNKNOWN_VLAN,
	EVENT_LINK_LOCAL,
	EVENT_NO_PORT,
	EVENT_FILTER_DHCP,
	EVENT_FILTER_RA,
	EVENT_FILTER_GATEWAY,
	EVENT_FILTER_MULTICAST,
	EVENT_FILTER_UNKNOWN,
	EVENT_FLOOD_RATE,
	EVENT_TOO_BIG,
	EVENT_TOO_BIG_TOLD,
	EVENT_CLAMPED,
	EVENT_COUNT,
};

#define MAX_EVENTS 32 /* a power of two, for the verifier */
_Static_assert(EVENT_COUNT <= MAX_EVENTS, "as many bits and counters as events");

/* What became of the frames of a network, beside what its tunnels count. */
struct network_counters {
	__u64 flooded; /* frames */
	__u64 copies;  /* of them, the frames themselves included */
	__u64 moves;
	__u64 frozen;	  /* moves that were one too many */
	__u64 mismatches; /* frames of fixed addresses that came by another tunnel */
	__u64 limited;	  /* addresses not learned: the network has its share */
	__u64 full;	  /* addresses not learned: the FDB is full */
	__u64 answered;	  /* requests for neighbours */
	__u64 held;	  /* frames not flooded: the network is flooded enough */
	__u64 drops[MAX_EVENTS];
};

/* Which drops to show to who listens. */
struct capture {
	__u64 reasons;	/* events, a bit each; 0: none */
	__u32 until;	/* ticks: whoever listens renews it */
	__u32 length;	/* bytes of a packet, at most */
	__u32 most;	/* packets in a window, by each CPU */
	__u32 unused;
};

#define WINDOW_SHIFT 26 /* a window has 2^26 ns: 67 ms */

struct window {
	__u32 number;
	__u32 taken;
};

/* What precedes the bytes of a packet that was dropped. */
struct sample {
	__u64 time; /* ns of the monotonic clock */
	enum event event;
	__u32 network; /* NONE where it is not known */
	__u32 ifindex;
	__u32 length; /* of the packet; its first bytes follow */
};

/* What a dry run tells of its way, with two numbers each. */
enum step {
	STEP_ARRIVED = 1, /* tunnel */
	STEP_LEARNED,	  /* enum learning, the tunnel that is known */
	STEP_FOUND,	  /* tunnel, fixed */
	STEP_FLOODED,	  /* group it came by, whether to a group address */
	STEP_COPIED,	  /* tunnel */
	STEP_SENT,	  /* tunnel, interface */
	STEP_RESOLVED,	  /* tunnel: the kernel is asked for the neighbour; interface */
	STEP_DROPPED,	  /* event */
	STEP_SEGMENTED,	  /* by the segmenter, after which it comes again */
};

/* What a frame teaches of its source. */
enum learning {
	LEARN_NEW = 1,
	LEARN_SAME,
	LEARN_MOVE,
	LEARN_MISMATCH,
	LEARN_FREEZE,
	LEARN_LIMITED,
};

struct note {
	enum step step;
	__u32 a;
	__u32 b;
};
