/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/locked.h"

#define RETIRE_MS     10 /* a block that is not full is handed over after so long */
#define RESERVE       8  /* bytes before a frame, for the tag of a VLAN */
#define BLOCKS_LEAST  4
#define LINK_ETHERNET 1 /* LINKTYPE_ */
#define LINK_RAW      101

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int fail(const char *interface, struct fault *fault)
{
	return fault_set(fault, HN_EIO, interface, "%s", hn_errno_text(errno));
}

static int link_type_of(int fd, const char *interface, uint32_t *out, struct fault *fault)
{
	struct ifreq request = {0};
	memcpy(request.ifr_name, interface, strnlen(interface, IFNAMSIZ - 1));
	if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
		return fail(interface, fault);
	switch (request.ifr_hwaddr.sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		*out = LINK_ETHERNET;
		return HN_OK;
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		*out = LINK_RAW;
		return HN_OK;
	default:
		return fault_set(
			fault, HN_EUNSUPPORTED, interface, "%s",
			tr("is of a kind that is not read: Ethernet, tun and PPP are",
			   "は対応していない種類のインターフェース。Ethernet、tun、PPPに対応している"));
	}
}

static bool set(int fd, int name, const void *value, size_t len)
{
	return setsockopt(fd, SOL_PACKET, name, value, (socklen_t)len) == 0;
}

/* Before it is bound nothing comes, so no packet is seen that these do not hold for. */
static bool set_up(int fd, const struct ring_options *o, struct ring_socket *out)
{
	int version = TPACKET_V3, reserve = RESERVE, ignore = 1;
	uint64_t blocks = o->bytes / RING_BLOCK_BYTES;
	out->blocks = blocks < BLOCKS_LEAST ? BLOCKS_LEAST : (unsigned)blocks;
	struct tpacket_req3 request = {.tp_block_size = RING_BLOCK_BYTES,
				       .tp_block_nr = out->blocks,
				       .tp_frame_size = 2048,
				       .tp_frame_nr = out->blocks * (RING_BLOCK_BYTES / 2048),
				       .tp_retire_blk_tov = RETIRE_MS};
	return set(fd, PACKET_VERSION, &version, sizeof(version)) &&
	       set(fd, PACKET_RESERVE, &reserve, sizeof(reserve)) &&
	       set(fd, PACKET_RX_RING, &request, sizeof(request)) &&
	       /* A kernel before 4.20 does not know it; then the walk passes over them. */
	       (o->outgoing || set(fd, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore)) ||
		errno == ENOPROTOOPT);
}

static bool attach(int fd, const struct ring_options *o, unsigned index)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
	struct packet_mreq all = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	int group = (getpid() & 0xffff) | PACKET_FANOUT_HASH << 16;
	return bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	       set(fd, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) &&
	       (o->rings < 2 || set(fd, PACKET_FANOUT, &group, sizeof(group)));
}

static int open_one(const struct ring_options *o, unsigned index, struct ring_socket *out,
		    struct fault *fault)
{
	out->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->fd < 0)
		return fail(o->interface, fault);
	int rc = link_type_of(out->fd, o->interface, &out->link_type, fault);
	if (rc == HN_OK && (!set_up(out->fd, o, out) || !attach(out->fd, o, index)))
		rc = fail(o->interface, fault);
	if (rc != HN_OK)
		(void)close(out->fd);
	return rc;
}

int ring_open(const struct ring_options *options, struct ring_socket out[], struct fault *fault)
{
	unsigned index = if_nametoindex(options->interface);
	if (index == 0)
		return fail(options->interface, fault);
	for (unsigned i = 0; i < options->rings; i++) {
		int rc = open_one(options, index, &out[i], fault);
		if (rc == HN_OK)
			continue;
		while (i > 0)
			(void)close(out[--i].fd);
		return rc;
	}
	return HN_OK;
}

int ring_map(const struct ring_socket *socket, bool outgoing, struct ring *out, bool *locked_out)
{
	size_t size = (size_t)socket->blocks * RING_BLOCK_BYTES;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, socket->fd, 0);
	if (map == MAP_FAILED)
		return HN_EIO;
	/* The kernel's pages of a ring are never swapped out; the lock says so of our mapping too. */
	*locked_out = mlock(map, size) == 0;
	(void)madvise(map, size, MADV_DONTDUMP);
	*out = (struct ring){.socket = *socket, .map = map, .outgoing = outgoing};
	return HN_OK;
}

static struct tpacket_block_desc *block_at(const struct ring *r)
{
	/* Blocks begin at pages. */
	return (struct tpacket_block_desc *)(void *)(r->map + (size_t)r->next * RING_BLOCK_BYTES);
}

static void give_back(struct ring *r)
{
	struct tpacket_block_desc *block = block_at(r);
	uint8_t *data = (uint8_t *)(void *)block;
	size_t used = ring_block_used(data, RING_BLOCK_BYTES);
	/* The descriptor stays the kernel's; behind it lie the frames. */
	if (used > sizeof(*block))
		locked_wipe(data + sizeof(*block), used - sizeof(*block));
	r->broken += r->block.broken;
	r->holding = false;
	r->next = (r->next + 1) % r->socket.blocks;
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

void ring_next(struct ring *r, struct capture_batch *out)
{
	out->count = 0;
	out->hold = NULL;
	for (unsigned i = 0; i <= r->socket.blocks; i++) {
		struct tpacket_block_desc *block = block_at(r);
		if (!r->holding) {
			if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
			     TP_STATUS_USER) == 0)
				return;
			ring_block_begin(&r->block, (uint8_t *)(void *)block, RING_BLOCK_BYTES,
					 r->socket.link_type, r->outgoing);
			r->holding = true;
		}
		ring_block_next(&r->block, out);
		if (out->count > 0)
			return;
		give_back(r);
	}
}

uint64_t ring_lost(struct ring *r)
{
	struct tpacket_stats_v3 stats = {0};
	socklen_t len = sizeof(stats);
	uint64_t lost = r->broken;
	r->broken = 0;
	if (getsockopt(r->socket.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		lost += stats.tp_drops;
	return lost;
}
