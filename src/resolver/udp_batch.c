/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/udp_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_SIZE  64 /* one in6_pktinfo and its header */
#define SOCKET_BUFFER (4 << 20)

/* Messages are short, and each begins some lines further into its page than the one before: at the same place
 * in every page they would take turns in few lines of the processor's caches. */
#define LINE  64
#define SHIFT ((size_t)3 * LINE)

/* What the kernel reads and writes for one datagram, apart from the bytes. */
struct slot {
	union socket_address peer;
	struct iovec in, out;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_SIZE];
};

struct udp_batch {
	struct mmsghdr received[UDP_BATCH];
	struct mmsghdr replies[UDP_BATCH];
	struct slot slots[UDP_BATCH];
	size_t count;
	size_t reply_count;
	int socket;
	_Alignas(LINE) uint8_t in[UDP_BATCH][UDP_RECEIVE_MAX + SHIFT];
	uint8_t out[UDP_BATCH][UDP_SEND_MAX + SHIFT];
};

int udp_batch_new(struct udp_batch **out)
{
	struct udp_batch *b = aligned_alloc(LINE, sizeof(*b));
	if (!b)
		return HN_ENOMEM;
	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct slot *s = &b->slots[i];
		s->in = (struct iovec){b->in[i], UDP_RECEIVE_MAX};
		s->out.iov_base = b->out[i];
		b->received[i].msg_hdr = (struct msghdr){
			.msg_name = &s->peer,
			.msg_iov = &s->in,
			.msg_iovlen = 1,
			.msg_control = s->control,
		};
	}
	*out = b;
	return HN_OK;
}

void udp_batch_free(struct udp_batch *b)
{
	free(b);
}

static bool is_wildcard(const struct ip *address)
{
	static const uint8_t zero[16];
	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static bool set_options(int fd, const struct ip *address)
{
	bool v6 = address->version == 6;
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (v6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	/* The kernel may grant less; a burst is then lost earlier, nothing else. */
	(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	if (v6 ? set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
	       : set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT))
		return false;
	if (!is_wildcard(address))
		return true;
	return (v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
		   : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)) == 0;
}

int udp_socket_open(const struct ip *address, uint16_t port)
{
	union socket_address at;
	socklen_t len = socket_address_of(address, port, &at);
	int fd = socket(at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return HN_EIO;
	if (set_options(fd, address) && bind(fd, &at.any, len) == 0)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return HN_EIO;
}

size_t udp_batch_receive(struct udp_batch *b, int fd)
{
	/* The kernel shortened these two to what it filled of the last batch. */
	for (size_t i = 0; i < UDP_BATCH; i++) {
		b->received[i].msg_hdr.msg_namelen = sizeof(b->slots[i].peer);
		b->received[i].msg_hdr.msg_controllen = CONTROL_SIZE;
	}
	int n = recvmmsg(fd, b->received, UDP_BATCH, MSG_DONTWAIT, NULL);
	b->count = n > 0 ? (size_t)n : 0;
	b->reply_count = 0;
	b->socket = fd;
	return b->count;
}

const uint8_t *udp_batch_message(const struct udp_batch *b, size_t i, size_t *len_out)
{
	*len_out = b->received[i].msg_len;
	return b->in[i];
}

void udp_batch_client(const struct udp_batch *b, size_t i, struct ip *out)
{
	socket_address_ip(&b->slots[i].peer, out);
}

/* The address that was asked, on a wildcard socket; the answer must come from it. */
static struct ip local_of(const struct msghdr *header)
{
	struct ip local = {0};
	struct msghdr walk = *header;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&walk); c; c = CMSG_NXTHDR(&walk, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(local.bytes, &info.ipi_spec_dst, 4);
			local.version = 4;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(local.bytes, &info.ipi6_addr, 16);
			local.version = 6;
		}
	}
	return local;
}

void udp_batch_path(const struct udp_batch *b, size_t i, struct udp_path *out)
{
	out->peer = b->slots[i].peer;
	out->local = local_of(&b->received[i].msg_hdr);
	out->socket = b->socket;
}

uint8_t *udp_batch_answer(struct udp_batch *b, size_t i)
{
	return b->out[i];
}

/* Which way an answer goes the routes say, not the way by which the question came. */
static void forget_interface(const struct msghdr *header)
{
	struct msghdr walk = *header;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&walk); c; c = CMSG_NXTHDR(&walk, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			memset(CMSG_DATA(c) + offsetof(struct in_pktinfo, ipi_ifindex), 0, sizeof(int));
		else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			memset(CMSG_DATA(c) + offsetof(struct in6_pktinfo, ipi6_ifindex), 0, sizeof(int));
	}
}

void udp_batch_reply(struct udp_batch *b, size_t i, size_t len)
{
	struct slot *s = &b->slots[i];
	s->out.iov_len = len;
	const struct msghdr *asked = &b->received[i].msg_hdr;
	if (asked->msg_controllen > 0)
		forget_interface(asked);
	b->replies[b->reply_count++].msg_hdr = (struct msghdr){
		.msg_name = &s->peer,
		.msg_namelen = asked->msg_namelen,
		.msg_iov = &s->out,
		.msg_iovlen = 1,
		/* What came with the question goes back with the answer: the address that was asked. */
		.msg_control = asked->msg_controllen > 0 ? s->control : NULL,
		.msg_controllen = asked->msg_controllen,
	};
}

size_t udp_batch_send(struct udp_batch *b, int fd)
{
	size_t lost = 0;
	size_t at = 0;
	while (at < b->reply_count) {
		int n = sendmmsg(fd, b->replies + at, (unsigned)(b->reply_count - at), MSG_DONTWAIT);
		if (n > 0) {
			at += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/* The first of the rest cannot go: unreachable, or the queue is full. The others are tried.
		 */
		lost++;
		at++;
	}
	b->reply_count = 0;
	return lost;
}

bool udp_send(const struct udp_path *path, const uint8_t *message, size_t len)
{
	/* sendmsg() does not write through these. */
	struct udp_path to = *path;
	struct iovec io = {(void *)(uintptr_t)message, len};
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_SIZE] = {0};
	bool v6 = path->peer.any.sa_family == AF_INET6;
	struct msghdr header = {
		.msg_name = &to.peer,
		.msg_namelen = v6 ? sizeof(to.peer.in6) : sizeof(to.peer.in4),
		.msg_iov = &io,
		.msg_iovlen = 1,
	};
	if (path->local.version != 0) {
		struct in_pktinfo info4 = {0};
		struct in6_pktinfo info6 = {0};
		memcpy(&info4.ipi_spec_dst, path->local.bytes, 4);
		memcpy(&info6.ipi6_addr, path->local.bytes, 16);
		size_t size = v6 ? sizeof(info6) : sizeof(info4);
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(size);
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
		c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), v6 ? (const void *)&info6 : (const void *)&info4, size);
	}
	return sendmsg(path->socket, &header, MSG_DONTWAIT) == (ssize_t)len;
}
