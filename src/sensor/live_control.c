/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ancillary {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int control_send(int socket, const struct control *c, int fd)
{
	struct control copy = *c;
	struct iovec part = {&copy, sizeof(copy)};
	union ancillary extra = {.bytes = {0}};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = extra.bytes;
		message.msg_controllen = sizeof(extra.bytes);
		extra.head.cmsg_level = SOL_SOCKET;
		extra.head.cmsg_type = SCM_RIGHTS;
		extra.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&extra.head), &fd, sizeof(fd));
	}
	ssize_t n;
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	explicit_bzero(copy.secret, sizeof(copy.secret));
	return n == (ssize_t)sizeof(copy) ? HN_OK : HN_EIO;
}

int control_receive(int socket, struct control *out, int *fd_out)
{
	struct iovec part = {out, sizeof(*out)};
	union ancillary extra = {.bytes = {0}};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = extra.bytes,
				 .msg_controllen = sizeof(extra.bytes)};
	ssize_t n;
	*fd_out = -1;
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 ? HN_ENOENT : HN_EIO;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && extra.head.cmsg_level == SOL_SOCKET &&
	    extra.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd_out, CMSG_DATA(&extra.head), sizeof(*fd_out));
	bool file = out->type >= CONTROL_TRUST && out->type <= CONTROL_LAYER;
	if (n == (ssize_t)sizeof(*out) && out->type >= CONTROL_TICK && out->type < CONTROL_TYPES &&
	    file == (*fd_out >= 0))
		return HN_OK;
	if (*fd_out >= 0)
		(void)close(*fd_out);
	*fd_out = -1;
	return HN_EFORMAT;
}
