/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

#define WAIT_MS 4000
#define PIECE   4096

static int connect_to(const char *socket_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

int ask_control(const char *socket_path, const char *words, struct buf *out)
{
	int fd = connect_to(socket_path);
	if (fd < 0)
		return HN_EIO;
	int err = fd_write_all(fd, words, strlen(words));
	if (err == HN_OK)
		err = fd_write_all(fd, "\n", 1);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	for (ssize_t n = 1; err == HN_OK && n > 0;) {
		char piece[PIECE];
		if (poll(&p, 1, WAIT_MS) <= 0) {
			err = HN_EIO;
			break;
		}
		n = recv(fd, piece, sizeof(piece), 0);
		if (n < 0)
			err = HN_EIO;
		if (n > 0)
			buf_add(out, piece, (size_t)n);
	}
	(void)close(fd);
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return err == HN_OK ? buf_err(out) : err;
}
