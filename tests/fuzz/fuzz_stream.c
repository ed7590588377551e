/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver/socket_address.h"
#include "resolver/stream.h"
#include "tests/fuzz/target.h"
#include "tests/unit/resolver/served.h"

/*
 * Input: how it is cut, and then what a client sends over TCP before it says that it sends no more. However
 * it is cut, each message gets one answer with its id, and then the connection ends; unless one of them is no
 * question at all, or something is left behind the last: then it just ends.
 */

#define MESSAGES_MAX 256
#define POLLS_MAX    20000

static struct world {
	struct served served;
	struct streams *streams;
	union socket_address at;
} world;

static bool set_up(struct world *w)
{
	static const char text[] = "listen:\n  - {address: 127.0.0.1, port: 1, transports: [tcp]}\n"
				   "groups:\n  - {name: here, prefixes: [127.0.0.1]}\n";
	struct fault fault = {0};
	socklen_t len = sizeof(w->at);
	rcu_register_thread();
	if (resolver_config_parse("test", text, sizeof(text) - 1, &w->served.config, &fault) != HN_OK)
		return false;
	((struct resolver_listener *)w->served.config->listen.items)->port = 0;
	return served_make(&w->served, 0, &fault) == HN_OK &&
	       exchange_new(&w->served.service, w->served.loop, &w->served.exchange) == HN_OK &&
	       streams_new(&w->served.service, NULL, w->served.loop, w->served.exchange, &w->streams,
			   &fault) == HN_OK &&
	       getsockname(w->served.loop->fds[1].fd, &w->at.any, &len) == 0;
}

/* What the client sends is read in the plainest way. @return how many answers are due; -1: perhaps fewer */
static int expect(const uint8_t *data, size_t len, unsigned ids[1 << 16])
{
	struct cur c = cur_of(data, len);
	int count = 0;
	while (cur_left(&c) > 0) {
		struct dns_query q;
		struct cur message = cur_sub(&c, cur_be16(&c));
		if (!cur_ok(&c) || !cur_ok(&message))
			break;
		size_t size = cur_left(&message);
		const uint8_t *bytes = cur_take(&message, size);
		if (dns_query_read(bytes, size, &q) == DNS_VERDICT_DROP)
			return -1;
		ids[q.id]++;
		count++;
	}
	return count;
}

static void answer_all(struct world *w)
{
	const struct fake_record record = {NULL, DNS_TYPE_A, 1, "\xc0\0\2\1", 4};
	while (fake.count > 1)
		fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &record, 1);
	if (fake.count == 1)
		fake_failure(w->served.loop);
}

/* Whatever came: whole answers, each to a question. @return how many; -1: the server has ended */
static int take_answers(int fd, struct buf *in, unsigned ids[1 << 16], bool *ended_out)
{
	uint8_t bytes[4096];
	ssize_t n;
	int count = 0;
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		buf_add(in, bytes, (size_t)n);
	*ended_out = n == 0 || errno != EAGAIN;
	size_t at = 0;
	while (in->len - at >= 2) {
		const uint8_t *message = (const uint8_t *)in->data + at;
		size_t len = load_be16(message);
		if (in->len - at - 2 < len)
			break;
		assert(len >= DNS_HEADER_LEN && message[4] & DNS_QR >> 8);
		assert(ids[load_be16(message + 2)]-- > 0);
		at += 2 + len;
		count++;
	}
	memmove(in->data, in->data + at, in->len - at);
	in->len -= at;
	return count;
}

static void talk(struct world *w, int fd, const uint8_t *data, size_t len, size_t piece, int due,
		 unsigned ids[1 << 16])
{
	struct buf in;
	size_t at = 0;
	int answered = 0;
	bool ended = false;
	buf_init(&in, 1u << 24);
	buf_addc(&in, 0);
	in.len = 0;
	for (unsigned i = 0; i < POLLS_MAX && !ended; i++) {
		size_t n = len - at < piece ? len - at : piece;
		ssize_t sent = at < len ? send(fd, data + at, n, MSG_NOSIGNAL) : 0;
		at += sent > 0 ? (size_t)sent : 0;
		if (at == len)
			(void)shutdown(fd, SHUT_WR);
		(void)fake_events(w->served.loop);
		answer_all(w);
		answered += take_answers(fd, &in, ids, &ended);
	}
	assert(ended);
	assert(due < 0 || answered == due);
	buf_clear(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static unsigned ids[1 << 16];
	static const struct linger at_once = {.l_onoff = 1};
	static bool ready;
	ready = ready || set_up(&world);
	assert(ready);
	if (len < 2 || len > 8192)
		return 0;
	memset(ids, 0, sizeof(ids));
	size_t piece = data[0] ? data[0] : len;
	int due = expect(data + 1, len - 1, ids);
	if (due > MESSAGES_MAX)
		return 0;
	if (answer_cache_new((size_t)1 << 16, 3600, &world.served.service.cache) != HN_OK)
		return 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(fd >= 0 && connect(fd, &world.at.any, sizeof(world.at.in4)) == 0);
	assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	talk(&world, fd, data + 1, len - 1, piece, due, ids);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(fd);
	answer_all(&world);
	/* Nothing is remembered from one input to the next. */
	fake_pass(world.served.loop, 2000);
	rcu_barrier();
	answer_cache_free(world.served.service.cache);
	return 0;
}
