/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/steady.h"
#include "base/utc.h"

#define WAIT_NS (4 * NS_SECOND)
#define NS_MS   1000000
#define PIECE   4096

/* ---- the question ---- */

static bool is_word(const char *text)
{
	const char *c = text;
	while ((unsigned char)*c > ' ' && *c != 0x7f)
		c++;
	return c > text && *c == '\0';
}

static int get_word(const json_t *o, const char *name, bool required, const char **out)
{
	int err = json_get_string(o, name, required, out, NULL);
	return err == HN_OK && !is_word(*out) ? HN_EFORMAT : err;
}

int ask_words(enum head_ask ask, const char *arguments, char out[ASK_WORDS_SIZE])
{
	const char *name = "-", *client = "-", *type = "A";
	json_t *o = NULL;
	int len = 0;
	int err = json_object_read(arguments, strlen(arguments), &o, NULL);
	if (err == HN_OK)
		err = get_word(o, "name", ask != HEAD_STATISTICS, &name);
	if (err == HN_OK)
		err = get_word(o, "client", false, &client);
	if (err == HN_OK)
		err = get_word(o, "type", false, &type);
	if (err == HN_OK && ask == HEAD_EXPLAIN)
		len = snprintf(out, ASK_WORDS_SIZE, "explain %s %s %s", name, client, type);
	else if (err == HN_OK && ask == HEAD_SKETCH)
		len = snprintf(out, ASK_WORDS_SIZE, "sketch %s", name);
	else if (err == HN_OK)
		len = snprintf(out, ASK_WORDS_SIZE, "stats");
	json_decref(o);
	return err == HN_OK && len >= ASK_WORDS_SIZE ? HN_ELIMIT : err;
}

/* ---- the asking ---- */

/* Who listens and takes nobody is as one who is away: the edge has other things to do. */
static int connect_to(const char *socket_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* Until the other side has closed. */
static int read_answer(int fd, int64_t until_ns, struct buf *out)
{
	char piece[PIECE];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = (until_ns - steady_ns()) / NS_MS;
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return HN_EIO;
		ssize_t n = recv(fd, piece, sizeof(piece), 0);
		if (n == 0)
			return buf_err(out);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return HN_EIO;
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		if (buf_err(out) != HN_OK)
			return buf_err(out);
	}
}

int ask_control(const char *socket_path, const char *words, struct buf *out)
{
	int64_t until_ns = steady_ns() + WAIT_NS;
	int fd = connect_to(socket_path);
	if (fd < 0)
		return HN_EIO;
	int err = fd_write_all(fd, words, strlen(words));
	if (err == HN_OK)
		err = fd_write_all(fd, "\n", 1);
	err = err == HN_OK ? read_answer(fd, until_ns, out) : HN_EIO;
	(void)close(fd);
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return err;
}
