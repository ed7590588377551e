/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/udp_batch.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../check.h"

/* Where the server listens, where it is asked, and from where. */
struct way {
	const char *listens, *asked, *from;
};

static const struct way ways[] = {
	{"127.0.0.1", "127.0.0.1", "127.0.0.1"},
	{"0.0.0.0", "127.0.0.1", "127.0.0.1"},
	{"0.0.0.0", "127.0.0.77", "127.0.0.1"}, /* not the address that the kernel would choose */
	{"::1", "::1", "::1"},
	{"::", "::1", "::1"},
};

struct talk {
	struct udp_batch *batch;
	int server, client;
	union socket_address asked;
	socklen_t asked_len;
	bool here; /* this system has the address */
};

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

static uint16_t port_of(int fd)
{
	union socket_address at;
	socklen_t len = sizeof(at);
	assert_int_equal(getsockname(fd, &at.any, &len), 0);
	return ntohs(at.any.sa_family == AF_INET6 ? at.in6.sin6_port : at.in4.sin_port);
}

static struct talk begin(const struct way *way)
{
	struct talk t = {.client = -1};
	struct ip listens = ip_of(way->listens), asked = ip_of(way->asked), from = ip_of(way->from);
	union socket_address own;
	assert_int_equal(udp_batch_new(&t.batch), HN_OK);
	t.server = udp_socket_open(&listens, 0);
	if (t.server < 0)
		return t;
	t.asked_len = socket_address_of(&asked, port_of(t.server), &t.asked);
	socklen_t len = socket_address_of(&from, 0, &own);
	t.client = socket(own.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	t.here = t.client >= 0 && bind(t.client, &own.any, len) == 0 &&
		 connect(t.client, &t.asked.any, t.asked_len) == 0;
	return t;
}

static void end(struct talk *t)
{
	udp_batch_free(t->batch);
	if (t->server >= 0)
		(void)close(t->server);
	if (t->client >= 0)
		(void)close(t->client);
}

static size_t receive(const struct talk *t)
{
	struct pollfd ready = {.fd = t->server, .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 5000), 1);
	return udp_batch_receive(t->batch, t->server);
}

/* The client is connected: an answer from another address than the one it asked does not reach it. */
static void expect(const struct talk *t, const void *message, size_t len)
{
	uint8_t got[UDP_SEND_MAX + 1];
	struct pollfd ready = {.fd = t->client, .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 5000), 1);
	assert_int_equal(recv(t->client, got, sizeof(got), 0), len);
	assert_memory_equal(got, message, len);
}

static void answers_from_the_address_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct talk t = begin(&ways[i]);
		if (!t.here) {
			print_message("# no %s here\n", ways[i].asked);
			end(&t);
			continue;
		}
		assert_int_equal(send(t.client, "one", 3, 0), 3);
		assert_int_equal(receive(&t), 1);
		size_t len;
		const uint8_t *message = udp_batch_message(t.batch, 0, &len);
		assert_int_equal(len, 3);
		assert_memory_equal(message, "one", 3);
		struct ip client, from = ip_of(ways[i].from);
		udp_batch_client(t.batch, 0, &client);
		assert_memory_equal(&client, &from, sizeof(from));

		/* At once, and later when the batch holds others. */
		struct udp_path path;
		udp_batch_path(t.batch, 0, &path);
		memcpy(udp_batch_answer(t.batch, 0), "at once", 7);
		udp_batch_reply(t.batch, 0, 7);
		assert_int_equal(udp_batch_send(t.batch, t.server), 0);
		expect(&t, "at once", 7);
		assert_int_equal(udp_batch_receive(t.batch, t.server), 0);
		assert_true(udp_send(&path, (const uint8_t *)"late", 4));
		expect(&t, "late", 4);
		end(&t);
	}
}

static void takes_a_batch_at_once(void **state)
{
	(void)state;
	struct talk t = begin(&ways[2]);
	size_t sent = 0, len;
	for (uint8_t i = 0; i < UDP_BATCH + 6; i++)
		sent += send(t.client, &i, 1, 0) == 1;
	assert_int_equal(sent, UDP_BATCH + 6);
	assert_int_equal(receive(&t), UDP_BATCH);
	/* Every other one has an answer; the order of answers is that of replies. */
	for (size_t i = 0; i < UDP_BATCH; i += 2) {
		const uint8_t *message = udp_batch_message(t.batch, i, &len);
		assert_int_equal(len, 1);
		memcpy(udp_batch_answer(t.batch, i), message, 1);
		udp_batch_reply(t.batch, i, 1);
	}
	assert_int_equal(udp_batch_send(t.batch, t.server), 0);
	for (uint8_t i = 0; i < UDP_BATCH; i = (uint8_t)(i + 2))
		expect(&t, &i, 1);
	assert_int_equal(receive(&t), 6);
	assert_int_equal(udp_batch_send(t.batch, t.server), 0);
	end(&t);
}

static void takes_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, UDP_RECEIVE_MAX - 1, UDP_RECEIVE_MAX, UDP_RECEIVE_MAX + 1, 9000};
	static uint8_t message[9000];
	struct talk t = begin(&ways[0]);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t len;
		assert_int_equal(send(t.client, message, sizes[i], 0), sizes[i]);
		assert_int_equal(receive(&t), 1);
		(void)udp_batch_message(t.batch, 0, &len);
		assert_int_equal(len, sizes[i] < UDP_RECEIVE_MAX ? sizes[i] : UDP_RECEIVE_MAX);
		udp_batch_reply(t.batch, 0, UDP_SEND_MAX);
		memset(udp_batch_answer(t.batch, 0), 7, UDP_SEND_MAX);
		assert_int_equal(udp_batch_send(t.batch, t.server), 0);
		expect(&t, udp_batch_answer(t.batch, 0), UDP_SEND_MAX);
	}
	end(&t);
}

/* An answer that cannot go is lost, the others are not. */
static void counts_what_was_lost(void **state)
{
	(void)state;
	struct talk t = begin(&ways[0]);
	assert_int_equal(send(t.client, "1", 1, 0), 1);
	assert_int_equal(send(t.client, "2", 1, 0), 1);
	assert_int_equal(receive(&t), 2);
	struct udp_path path;
	udp_batch_path(t.batch, 0, &path);
	path.peer.in4.sin_port = 0;
	assert_false(udp_send(&path, (const uint8_t *)"1", 1));
	path.socket = -1;
	assert_false(udp_send(&path, (const uint8_t *)"1", 1));
	for (size_t i = 0; i < 2; i++) {
		udp_batch_answer(t.batch, i)[0] = (uint8_t)i;
		udp_batch_reply(t.batch, i, 1);
	}
	assert_int_equal(udp_batch_send(t.batch, -1), 2);
	end(&t);
}

/* Threads share a port; somebody else's port is refused with errno. */
static void shares_its_port(void **state)
{
	(void)state;
	struct ip address = ip_of("127.0.0.1");
	int one = udp_socket_open(&address, 0);
	assert_true(one >= 0);
	int two = udp_socket_open(&address, port_of(one));
	assert_true(two >= 0);
	(void)close(one);
	(void)close(two);
	struct ip elsewhere = ip_of("192.0.2.1");
	assert_int_equal(udp_socket_open(&elsewhere, 0), HN_EIO);
	assert_int_equal(errno, EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_from_the_address_asked),
		cmocka_unit_test(takes_a_batch_at_once),
		cmocka_unit_test(takes_any_size),
		cmocka_unit_test(counts_what_was_lost),
		cmocka_unit_test(shares_its_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
