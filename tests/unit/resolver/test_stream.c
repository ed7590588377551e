/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "resolver/socket_address.h"

#include "../check.h"
#include "served.h"

/* Real sockets on loopback; the clock and the recursor are told by hand. */

#define ROUNDS_MAX  5000
#define DEADLINE_MS 10000
#define LARGE       15000 /* bytes of the answer to type LARGE_TYPE */
#define LARGE_TYPE  65280

enum listener {
	PLAIN,
	BALANCED,
};

struct world {
	struct served served;
	struct streams *streams;
	uint16_t ports[2];
};

static const char CONFIG[] =
	"listen:\n"
	"  - {address: 127.0.0.1, port: 1, transports: [tcp]}\n"
	"  - {address: 127.0.0.1, port: 2, transports: [tcp], proxy: true, proxies: [127.0.0.1]}\n"
	"groups:\n"
	"  - {name: here, prefixes: [127.0.0.1]}\n"
	"  - {name: office, prefixes: [192.0.2.0/24]}\n";

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault fault = {0};
	assert_non_null(w);
	if (resolver_config_parse("test", CONFIG, sizeof(CONFIG) - 1, &w->served.config, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	/* Any ports that are free. */
	for (size_t i = 0; i < COUNT(w->ports); i++)
		((struct resolver_listener *)w->served.config->listen.items)[i].port = 0;
	if (served_make(&w->served, (size_t)1 << 20, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	assert_int_equal(streams_new(&w->served.service, NULL, w->served.loop, NULL, &w->streams, &fault),
			 HN_OK);
	for (size_t i = 0; i < COUNT(w->ports); i++) {
		union socket_address at;
		socklen_t len = sizeof(at);
		assert_int_equal(getsockname(w->served.loop->fds[i].fd, &at.any, &len), 0);
		w->ports[i] = ntohs(at.in4.sin_port);
	}
	streams_free(w->streams);
	/* Again, with an exchange whose descriptor is told first: answers land before clients are heard. */
	for (size_t i = 0; i < COUNT(w->ports); i++)
		((struct resolver_listener *)w->served.config->listen.items)[i].port = w->ports[i];
	assert_int_equal(exchange_new(&w->served.service, w->served.loop, &w->served.exchange), HN_OK);
	if (streams_new(&w->served.service, NULL, w->served.loop, w->served.exchange, &w->streams, &fault) !=
	    HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	streams_free(w->streams);
	served_clear(&w->served);
	free(w);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Lets everything happen that can; it must come to rest. */
static void settle(struct world *w)
{
	unsigned rounds = 0;
	while (fake_events(w->served.loop) > 0)
		if (++rounds > ROUNDS_MAX)
			fail_msg("the loop never rests");
}

/* Lets things happen until it is so: what was sent over loopback need not be there at once. */
#define AWAIT(w, condition)                                                                                  \
	do {                                                                                                 \
		int64_t until = now_ms() + DEADLINE_MS;                                                      \
		settle(w);                                                                                   \
		while (!(condition)) {                                                                       \
			if (now_ms() > until)                                                                \
				fail_msg("never: %s", #condition);                                           \
			(void)poll(NULL, 0, 1);                                                              \
			settle(w);                                                                           \
		}                                                                                            \
	} while (0)

/* What came to each client and is no whole answer yet, by descriptor. */
static struct received {
	uint8_t bytes[4 * LARGE];
	size_t len;
} received[FAKE_FDS_MAX * 2];

static int dial_from(const struct world *w, enum listener where, const char *from)
{
	struct ip ip;
	union socket_address at;
	assert_int_equal(ip_parse(from, strlen(from), &ip), HN_OK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && (size_t)fd < COUNT(received));
	received[fd].len = 0;
	socklen_t len = socket_address_of(&ip, 0, &at);
	assert_int_equal(bind(fd, &at.any, len), 0);
	assert_int_equal(ip_parse("127.0.0.1", 9, &ip), HN_OK);
	len = socket_address_of(&ip, w->ports[where], &at);
	assert_int_equal(connect(fd, &at.any, len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* How many connections were taken or refused. */
static uint64_t seen(const struct world *w)
{
	const struct stream_counts *c = stream_counts(w->streams);
	return atomic_load(&c->opened) + atomic_load(&c->refused);
}

static int dial(struct world *w, enum listener where)
{
	uint64_t before = seen(w);
	int fd = dial_from(w, where, "127.0.0.1");
	AWAIT(w, seen(w) > before);
	return fd;
}

/* A question as it stands on a stream. @return its length */
static size_t question(uint16_t id, const char *label, uint16_t type, uint8_t out[128])
{
	size_t name_len = strlen(label) + 1;
	memset(out, 0, 128);
	store_be16(out, (uint16_t)(DNS_HEADER_LEN + name_len + 1 + 4));
	store_be16(out + 2, id);
	store_be16(out + 4, DNS_RD);
	store_be16(out + 6, 1);
	out[14] = (uint8_t)(name_len - 1);
	memcpy(out + 15, label, name_len - 1);
	store_be16(out + 14 + name_len + 1, type);
	store_be16(out + 14 + name_len + 3, DNS_CLASS_IN);
	return 2 + DNS_HEADER_LEN + name_len + 1 + 4;
}

static void ask(int fd, uint16_t id, const char *label, uint16_t type)
{
	uint8_t message[128];
	size_t len = question(id, label, type, message);
	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), len);
}

#define NOTHING_YET (-1)
#define ENDED       (-2)

/* @return the next answer's id, or one of these */
static int answer_of(int fd)
{
	struct received *r = &received[fd];
	ssize_t n = 1;
	while (r->len < sizeof(r->bytes) &&
	       (n = recv(fd, r->bytes + r->len, sizeof(r->bytes) - r->len, 0)) > 0)
		r->len += (size_t)n;
	bool whole = r->len >= 2 && r->len - 2 >= load_be16(r->bytes);
	if (!whole)
		return n == 0 || errno != EAGAIN ? ENDED : NOTHING_YET;
	size_t len = 2u + load_be16(r->bytes);
	int id = load_be16(r->bytes + 2);
	assert_true(len > 2 + DNS_HEADER_LEN && r->bytes[4] & DNS_QR >> 8);
	memmove(r->bytes, r->bytes + len, r->len - len);
	r->len -= len;
	return id;
}

#define EXPECT(w, fd, wanted)                                                                                \
	do {                                                                                                 \
		int got;                                                                                     \
		AWAIT(w, (got = answer_of(fd)) != NOTHING_YET);                                              \
		assert_int_equal(got, wanted);                                                               \
	} while (0)

static void learn(struct world *w)
{
	const struct fake_record record = {NULL, DNS_TYPE_A, 300, "\xc0\0\2\1", 4};
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &record, 1);
	settle(w);
}

/* Puts an answer into the cache. */
static void know(struct world *w, const char *label, uint16_t type)
{
	static char large[LARGE];
	const struct fake_record record = {NULL, type, 300, type == LARGE_TYPE ? large : "\xc0\0\2\1",
					   type == LARGE_TYPE ? LARGE : 4};
	int fd = dial(w, PLAIN);
	ask(fd, 1, label, type);
	AWAIT(w, fake.count == 1);
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &record, 1);
	settle(w);
	EXPECT(w, fd, 1);
	assert_int_equal(close(fd), 0);
	settle(w);
}

static uint64_t open_now(const struct world *w)
{
	return atomic_load(&stream_counts(w->streams)->open);
}

/* Waits until something could be told, and tells nothing. */
static void await_ready(const struct world *w)
{
	struct pollfd p[FAKE_FDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < FAKE_FDS_MAX; i++)
		if (w->served.loop->fds[i].fd >= 0)
			p[count++] = (struct pollfd){.fd = w->served.loop->fds[i].fd, .events = POLLIN};
	assert_true(poll(p, count, DEADLINE_MS) > 0);
}

static void takes_questions_in_any_pieces(void **state)
{
	struct world *w = *state;
	uint8_t all[3 * 128];
	size_t len = 0;
	know(w, "www", DNS_TYPE_A);
	for (uint16_t i = 0; i < 3; i++)
		len += question((uint16_t)(i + 10), "www", DNS_TYPE_A, all + len);
	for (size_t piece = 1; piece <= len; piece = piece < 8 ? piece + 1 : piece * 3) {
		int fd = dial(w, PLAIN);
		for (size_t at = 0; at < len; at += piece) {
			size_t n = len - at < piece ? len - at : piece;
			assert_int_equal(send(fd, all + at, n, 0), n);
			settle(w);
		}
		for (int i = 10; i < 13; i++)
			EXPECT(w, fd, i);
		assert_int_equal(answer_of(fd), NOTHING_YET);
		assert_int_equal(close(fd), 0);
		settle(w);
	}
	AWAIT(w, open_now(w) == 0);
}

static void answers_out_of_order(void **state)
{
	struct world *w = *state;
	know(w, "known", DNS_TYPE_A);
	int fd = dial(w, PLAIN);
	ask(fd, 1, "slow", DNS_TYPE_A);
	ask(fd, 2, "known", DNS_TYPE_A);
	settle(w);
	EXPECT(w, fd, 2);
	assert_int_equal(answer_of(fd), NOTHING_YET);
	learn(w);
	EXPECT(w, fd, 1);
	(void)close(fd);
}

/* RFC 7766, 6.2.4: who sends no more is still answered. */
static void answers_who_sends_no_more(void **state)
{
	struct world *w = *state;
	know(w, "known", DNS_TYPE_A);
	int fd = dial(w, PLAIN);
	ask(fd, 1, "slow", DNS_TYPE_A);
	ask(fd, 2, "known", DNS_TYPE_A);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	settle(w);
	EXPECT(w, fd, 2);
	assert_int_equal(answer_of(fd), NOTHING_YET);
	learn(w);
	EXPECT(w, fd, 1);
	EXPECT(w, fd, ENDED);
	AWAIT(w, open_now(w) == 0);
	(void)close(fd);
}

/* The answer, and that nobody is there any more, are told in one round. */
static void answers_nobody(void **state)
{
	struct world *w = *state;
	static const struct linger at_once = {.l_onoff = 1};
	for (unsigned reset = 0; reset < 2; reset++) {
		const char label[] = {'a', (char)('0' + reset), '\0'};
		int fd = dial(w, PLAIN);
		ask(fd, 1, label, DNS_TYPE_A);
		AWAIT(w, fake.count == 1);
		if (reset)
			assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		assert_int_equal(close(fd), 0);
		await_ready(w);
		learn(w);
		AWAIT(w, open_now(w) == 0);
	}
}

/* Its place may be another's by then. */
static void never_gives_an_answer_to_another(void **state)
{
	struct world *w = *state;
	int first = dial(w, PLAIN);
	ask(first, 1, "slow", DNS_TYPE_A);
	AWAIT(w, fake.count == 1);
	static const struct linger at_once = {.l_onoff = 1};
	assert_int_equal(setsockopt(first, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	assert_int_equal(close(first), 0);
	settle(w);
	AWAIT(w, open_now(w) == 0);
	int second = dial(w, PLAIN);
	AWAIT(w, open_now(w) == 1);
	learn(w);
	assert_int_equal(answer_of(second), NOTHING_YET);
	ask(second, 2, "slow", DNS_TYPE_A);
	settle(w);
	EXPECT(w, second, 2);
	(void)close(second);
}

static void holds_questions_up_at_a_limit(void **state)
{
	struct world *w = *state;
	int fd = dial(w, PLAIN);
	for (uint16_t i = 0; i < STREAM_UNDER_WAY + 3; i++) {
		char label[8];
		snprintf(label, sizeof(label), "n%u", i);
		ask(fd, i, label, DNS_TYPE_A);
	}
	AWAIT(w, fake.count == STREAM_UNDER_WAY);
	learn(w);
	EXPECT(w, fd, 0);
	AWAIT(w, fake.count == STREAM_UNDER_WAY);
	while (fake.count > 0)
		learn(w);
	for (int i = 1; i < STREAM_UNDER_WAY + 3; i++)
		EXPECT(w, fd, i);
	(void)close(fd);
}

/* More than is kept for one client: the rest comes as it reads, half-closed or not. */
static void goes_on_when_the_client_reads(void **state)
{
	struct world *w = *state;
	know(w, "large", LARGE_TYPE);
	for (unsigned half = 0; half < 2; half++) {
		const uint16_t count = 600; /* 9 MB: more than the sockets hold */
		uint16_t next = 0;
		int fd = dial(w, PLAIN);
		for (uint16_t i = 0; i < count; i++)
			ask(fd, i, "large", LARGE_TYPE);
		if (half)
			assert_int_equal(shutdown(fd, SHUT_WR), 0);
		for (int64_t until = now_ms() + DEADLINE_MS; next < count && now_ms() < until;) {
			(void)fake_events(w->served.loop);
			int id;
			while ((id = answer_of(fd)) >= 0)
				assert_int_equal(id, next++);
		}
		assert_int_equal(next, count);
		settle(w);
		if (half)
			EXPECT(w, fd, ENDED);
		else
			assert_int_equal(answer_of(fd), NOTHING_YET);
		(void)close(fd);
		settle(w);
		AWAIT(w, open_now(w) == 0);
	}
}

static void closes_who_dribbles_or_is_idle(void **state)
{
	struct world *w = *state;
	int idle = dial(w, PLAIN), waits = dial(w, PLAIN), dribbles = dial(w, PLAIN);
	uint8_t message[128];
	(void)question(1, "slow", DNS_TYPE_A, message);
	ask(waits, 7, "slow", DNS_TYPE_A);
	AWAIT(w, fake.count == 1);
	for (int64_t ms = 0; ms <= STREAM_IDLE_MS + 2000; ms += 1000) {
		if (ms < 8000)
			assert_int_equal(send(dribbles, message + ms / 1000, 1, MSG_NOSIGNAL), 1);
		settle(w);
		fake_pass(w->served.loop, 1000);
	}
	EXPECT(w, idle, ENDED);
	EXPECT(w, dribbles, ENDED);
	assert_int_equal(answer_of(waits), NOTHING_YET);
	assert_int_equal(atomic_load(&stream_counts(w->streams)->idle), 2);
	learn(w);
	EXPECT(w, waits, 7);
	(void)close(idle);
	(void)close(waits);
	(void)close(dribbles);
}

static void ends_with_who_asks_nothing(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *bytes;
		size_t len;
	} said[] = {
		{"\0\0", 2},
		{"\0\1x", 3},
		{"\0\x0c\x12\x34\x81\x80\0\0\0\0\0\0\0\0", 14}, /* an answer */
		{"GET / HTTP/1.1\r\n\r\n", 18},                 /* a message of 18,245 bytes */
	};
	for (size_t i = 0; i < COUNT(said); i++) {
		int fd = dial(w, PLAIN);
		assert_int_equal(send(fd, said[i].bytes, said[i].len, 0), said[i].len);
		await_ready(w);
		settle(w);
		fake_pass(w->served.loop, STREAM_IDLE_MS + 1000);
		EXPECT(w, fd, ENDED);
		(void)close(fd);
	}
	AWAIT(w, open_now(w) == 0);
}

static void serves_only_who_is_known(void **state)
{
	struct world *w = *state;
	int fd = dial_from(w, PLAIN, "127.0.0.2");
	settle(w);
	EXPECT(w, fd, ENDED);
	(void)close(fd);
	fd = dial_from(w, BALANCED, "127.0.0.2");
	settle(w);
	EXPECT(w, fd, ENDED);
	(void)close(fd);
	assert_int_equal(atomic_load(&stream_counts(w->streams)->refused), 2);
	assert_int_equal(atomic_load(&stream_counts(w->streams)->opened), 0);
}

static void gives_one_prefix_its_share(void **state)
{
	struct world *w = *state;
	static int fds[STREAM_PER_PREFIX + 20];
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = dial(w, PLAIN);
	assert_int_equal(open_now(w), STREAM_PER_PREFIX);
	assert_int_equal(answer_of(fds[0]), NOTHING_YET);
	EXPECT(w, fds[COUNT(fds) - 1], ENDED);
	for (size_t i = 0; i < COUNT(fds); i++)
		(void)close(fds[i]);
	settle(w);
	AWAIT(w, open_now(w) == 0);
	int fd = dial(w, PLAIN);
	AWAIT(w, open_now(w) == 1);
	(void)close(fd);
}

/* Lets the process open no descriptor but one that it closes first. */
static void keep_descriptors(struct rlimit *before_out)
{
	int lowest = dup(0);
	assert_true(lowest >= 0);
	(void)close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before_out), 0);
	const struct rlimit none = {(rlim_t)lowest, before_out->rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/* Without a descriptor for who knocks, the one that has been idle longest gives way. */
static void makes_way_when_descriptors_are_out(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	know(w, "known", DNS_TYPE_A);
	int old = dial(w, PLAIN), young = dial(w, PLAIN);
	int knocks = dial_from(w, PLAIN, "127.0.0.1");
	keep_descriptors(&before);
	AWAIT(w, atomic_load(&stream_counts(w->streams)->displaced) == 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	EXPECT(w, old, ENDED);
	assert_int_equal(answer_of(young), NOTHING_YET);
	ask(knocks, 5, "known", DNS_TYPE_A);
	settle(w);
	EXPECT(w, knocks, 5);
	(void)close(old);
	(void)close(young);
	(void)close(knocks);
	settle(w);
	AWAIT(w, open_now(w) == 0);

	/* Nobody is there who could: it listens again a little later, and does not spin until then. */
	knocks = dial_from(w, PLAIN, "127.0.0.1");
	keep_descriptors(&before);
	await_ready(w);
	settle(w);
	assert_int_equal(open_now(w), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	fake_pass(w->served.loop, 1000);
	settle(w);
	AWAIT(w, open_now(w) == 1);
	(void)close(knocks);
}

#define PROXY_HEAD "\r\n\r\n\0\r\nQUIT\n"

struct balanced {
	const char *header;
	size_t len;
	bool served;
};

#define BALANCED_BY(text) PROXY_HEAD text, sizeof(PROXY_HEAD text) - 1

static const struct balanced balanced[] = {
	{BALANCED_BY("\x21\x11\0\x0c\xc0\0\2\1\x7f\0\0\1\0\1\0\2"), true},
	{BALANCED_BY("\x21\x21\0\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0"
		     "\0\1\0\1\0\2"),
	 true},
	{BALANCED_BY("\x20\0\0\0"), true},                                      /* for itself */
	{BALANCED_BY("\x21\x11\0\x0c\xc6\x33\x64\1\x7f\0\0\1\0\1\0\2"), false}, /* for who is not served */
	{BALANCED_BY("\x21\x31\0\x0c\xc0\0\2\1\x7f\0\0\1\0\1\0\2"), false},
	{"\0\x1d", 2, false}, /* a question without a header */
};

/* However the header is cut into segments, and with the question right behind it. */
static void believes_a_balancer(void **state)
{
	struct world *w = *state;
	know(w, "known", DNS_TYPE_A);
	for (size_t i = 0; i < COUNT(balanced); i++) {
		uint8_t all[256];
		memcpy(all, balanced[i].header, balanced[i].len);
		size_t len = balanced[i].len + question(9, "known", DNS_TYPE_A, all + balanced[i].len);
		for (size_t cut = 0; cut <= len; cut++) {
			int fd = dial(w, BALANCED);
			assert_int_equal(send(fd, all, cut, MSG_NOSIGNAL), cut);
			settle(w);
			if (cut < len)
				(void)!send(fd, all + cut, len - cut, MSG_NOSIGNAL);
			settle(w);
			EXPECT(w, fd, balanced[i].served ? 9 : ENDED);
			(void)close(fd);
			settle(w);
		}
	}
	AWAIT(w, open_now(w) == 0);
	/* A header that never comes to its end is idle like any other. */
	int fd = dial(w, BALANCED);
	assert_int_equal(send(fd, PROXY_HEAD, 12, 0), 12);
	settle(w);
	fake_pass(w->served.loop, STREAM_IDLE_MS + 1000);
	EXPECT(w, fd, ENDED);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_questions_in_any_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_out_of_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_who_sends_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_gives_an_answer_to_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holds_questions_up_at_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_on_when_the_client_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closes_who_dribbles_or_is_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_with_who_asks_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(serves_only_who_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_one_prefix_its_share, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_way_when_descriptors_are_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(believes_a_balancer, set_up, tear_down),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
