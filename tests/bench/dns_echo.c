/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * What the kernel takes of each answer: sends every datagram back with the QR bit set, 64 a system call,
 * filled up to a size: dns_echo PORT SIZE. On 127.0.0.1, until it is killed.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH      64
#define ROOM       4096
#define ANSWER_MAX 1232

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: dns_echo PORT SIZE\n");
		return 2;
	}
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	size_t size = (size_t)strtoul(argv[2], NULL, 10);
	if (size > ANSWER_MAX)
		return 2;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int buffer = 4 << 20;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		perror("dns_echo");
		return 2;
	}
	static uint8_t bytes[BATCH][ROOM];
	static struct sockaddr_in peers[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec io[BATCH];
	for (;;) {
		for (unsigned i = 0; i < BATCH; i++) {
			io[i] = (struct iovec){bytes[i], ROOM};
			messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
							      .msg_namelen = sizeof(peers[i]),
							      .msg_iov = &io[i],
							      .msg_iovlen = 1};
		}
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		(void)poll(&ready, 1, -1);
		int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			bytes[i][2] |= 0x80;
			io[i].iov_len = messages[i].msg_len > size ? messages[i].msg_len : size;
		}
		if (n > 0)
			(void)sendmmsg(fd, messages, (unsigned)n, 0);
	}
}
