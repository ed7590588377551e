/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Runs inside tests/integration/dns-tree.py, which says which zones there are; and with a name server of its
 * own here, which answers when the test wants it to. */
#include "../check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/lang.h"
#include "resolver/recursor.h"
#include "wire/name.h"

#define TYPE_A     1
#define TYPE_CNAME 5
#define TYPE_TXT   16
#define TYPE_AAAA  28
#define NOERROR    0
#define SERVFAIL   2
#define NXDOMAIN   3
#define NO_EDE     RECURSOR_NO_EDE
#define MINUTE_NS  UINT64_C(60000000000)

/* ---- asking and waiting ---- */

struct outcome {
	struct recursor_answer answer; /* without its pointers */
	size_t records;
	char why[RECURSOR_WHY_MAX];
	uint8_t last_byte; /* of the first A record */
	int done_fd;       /* readable when it is here */
	unsigned calls;
};

static void outcome_init(struct outcome *o)
{
	*o = (struct outcome){.done_fd = eventfd(0, EFD_CLOEXEC)};
	assert_true(o->done_fd >= 0);
}

static void on_answer(void *context, const struct recursor_answer *answer)
{
	struct outcome *o = context;
	o->answer = *answer;
	o->calls++;
	snprintf(o->why, sizeof(o->why), "%s", answer->why);
	if (answer->packet != NULL) {
		o->records = (size_t)answer->packet[6] << 8 | answer->packet[7];
		/* Name as a pointer, type A, class IN, four bytes of time to live, length 4. */
		for (size_t i = 12; i + 14 <= answer->packet_len; i++)
			if (memcmp(answer->packet + i, "\0\1\0\1", 4) == 0 &&
			    memcmp(answer->packet + i + 8, "\0\4", 2) == 0) {
				o->last_byte = answer->packet[i + 13];
				break;
			}
	}
	uint64_t one = 1;
	assert_int_equal(write(o->done_fd, &one, sizeof(one)), sizeof(one));
}

static void outcome_wait(struct outcome *o)
{
	uint64_t many;
	assert_int_equal(read(o->done_fd, &many, sizeof(many)), sizeof(many));
	close(o->done_fd);
	assert_int_equal(o->calls, 1);
}

static int ask_client(struct recursor *r, const char *text, uint16_t type, const struct ip *client,
		      struct outcome *o)
{
	uint8_t name[NAME_MAX_WIRE];
	size_t len = 0;
	if (strcmp(text, ".") != 0)
		assert_int_equal(name_from_text((const uint8_t *)text, strlen(text), name, &len), HN_OK);
	outcome_init(o);
	return recursor_ask(r, name, len, type, client, on_answer, o);
}

static void ask(struct recursor *r, const char *text, uint16_t type, struct outcome *o)
{
	assert_int_equal(ask_client(r, text, type, NULL, o), HN_OK);
}

static void ask_and_wait(struct recursor *r, const char *text, uint16_t type, struct outcome *o)
{
	ask(r, text, type, o);
	outcome_wait(o);
}

/* ---- the recursor under test ---- */

static char path_of_anchors[4096];
static char path_of_hints[4096];

static const char *tree_path(const char *name, char out[4096])
{
	const char *tree = getenv("HINOMI_TREE");
	assert_non_null(tree);
	snprintf(out, 4096, "%s/%s", tree, name);
	return out;
}

static struct recursor_options tree_options(void)
{
	struct recursor_options o;
	recursor_options_init(&o);
	o.trust_anchors = tree_path("root.key", path_of_anchors);
	o.root_hints = tree_path("root.hints", path_of_hints);
	o.ask_localhost = true;
	o.answer_ms = 600000;
	o.cache_size = 4u << 20;
	return o;
}

static struct recursor *started(const struct recursor_options *o)
{
	struct recursor *r = NULL;
	struct fault fault = {0};
	int err = recursor_new(o, &r, &fault);
	if (err != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(err, HN_OK);
	assert_int_equal(recursor_start(r), HN_OK);
	return r;
}

/* ---- a name server that answers when it is told to ---- */

struct server {
	int fd;
	struct endpoint address;
	struct recursor_stub stub;
	struct sockaddr_in from; /* of the last question */
	uint8_t question[1500];
	size_t question_len;
};

static void server_init(struct server *s, const char *zone)
{
	*s = (struct server){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	socklen_t len = sizeof(at);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->address = (struct endpoint){.ip = {{127, 0, 0, 1}, 4}, .port = ntohs(at.sin_port)};
	s->stub =
		(struct recursor_stub){.zone = zone, .addresses = &s->address, .count = 1, .insecure = true};
}

static void server_take(struct server *s)
{
	socklen_t len = sizeof(s->from);
	ssize_t got = recvfrom(s->fd, s->question, sizeof(s->question), 0, (struct sockaddr *)&s->from, &len);
	assert_true(got > 12);
	s->question_len = (size_t)got;
}

static bool server_was_asked(const struct server *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	return poll(&p, 1, 0) > 0;
}

/* Answers the last question with the address 192.0.2.LAST. */
static void server_answer(struct server *s, uint8_t last)
{
	size_t at = 12;
	while (s->question[at] != 0)
		at += 1 + (size_t)s->question[at];
	at += 5;
	uint8_t answer[1500];
	memcpy(answer, s->question, at);
	answer[2] = 0x84; /* QR AA */
	answer[3] = 0;
	memcpy(answer + 4, "\0\1\0\1\0\0\0\0", 8);
	const uint8_t record[] = {0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, last};
	memcpy(answer + at, record, sizeof(record));
	at += sizeof(record);
	ssize_t sent = sendto(s->fd, answer, at, 0, (struct sockaddr *)&s->from, sizeof(s->from));
	assert_int_equal(sent, at);
}

/* ---- a clock that the test tells, so that a slow machine makes libunbound ask nothing twice; and when the
 * thread has nothing more to do ---- */

static _Atomic uint64_t told_ns = 1000 * MINUTE_NS;

static uint64_t told_now(void *context)
{
	(void)context;
	return atomic_load(&told_ns);
}

static pthread_mutex_t rounds_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rounds_more = PTHREAD_COND_INITIALIZER;
static unsigned rounds;

static void on_idle(void *context, unsigned thread)
{
	(void)context, (void)thread;
	pthread_mutex_lock(&rounds_mutex);
	rounds++;
	pthread_cond_broadcast(&rounds_more);
	pthread_mutex_unlock(&rounds_mutex);
}

/* A whole round that began after this was called. */
static void wait_for_round(struct recursor *r)
{
	pthread_mutex_lock(&rounds_mutex);
	for (unsigned want = rounds + 2; (int)(rounds - want) < 0;) {
		unsigned before = rounds;
		recursor_tick(r);
		while (rounds == before)
			pthread_cond_wait(&rounds_more, &rounds_mutex);
	}
	pthread_mutex_unlock(&rounds_mutex);
}

static void pass_time(struct recursor *r, uint64_t ns)
{
	wait_for_round(r);
	atomic_fetch_add(&told_ns, ns);
	wait_for_round(r);
}

static struct recursor_options told_options(void)
{
	struct recursor_options o = tree_options();
	o.clock.now_ns = told_now;
	o.hooks.idle = on_idle;
	return o;
}

/* ---- tests ---- */

static void answers_are_judged(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint16_t type;
		enum recursor_security security;
		uint16_t rcode, ede;
		size_t records;
	} cases[] = {
		{"www.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.secure.example", TYPE_AAAA, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.sub.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.secure.example", TYPE_TXT, RECURSOR_SECURE, NOERROR, NO_EDE, 0},
		{"nothing.secure.example", TYPE_A, RECURSOR_SECURE, NXDOMAIN, NO_EDE, 0},
		{"b.deep.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 0},
		{"any.wild.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"chain1.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 8},
		{"below.tree.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 5},
		{"dangling.secure.example", TYPE_A, RECURSOR_SECURE, NXDOMAIN, NO_EDE, 2},
		{"large.secure.example", TYPE_TXT, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"huge.secure.example", TYPE_TXT, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.nsec3.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"nothing.nsec3.example", TYPE_A, RECURSOR_SECURE, NXDOMAIN, NO_EDE, 0},
		{"any.wild.nsec3.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.kantei.go.jp", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"fine.bogus.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{".", 6, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.office.co.jp", TYPE_A, RECURSOR_INSECURE, NOERROR, NO_EDE, 1},
		{"nothing.office.co.jp", TYPE_A, RECURSOR_INSECURE, NXDOMAIN, NO_EDE, 0},
		{"www.insecure.example", TYPE_A, RECURSOR_INSECURE, NOERROR, NO_EDE, 1},
		{"www.insecure.example", TYPE_TXT, RECURSOR_INSECURE, NOERROR, NO_EDE, 0},
		{"large.insecure.example", TYPE_TXT, RECURSOR_INSECURE, NOERROR, NO_EDE, 1},
		{"to-secure.insecure.example", TYPE_A, RECURSOR_INSECURE, NOERROR, NO_EDE, 3},
		{"to-insecure.secure.example", TYPE_A, RECURSOR_INSECURE, NOERROR, NO_EDE, 3},
		{"to-nsec3.secure.example", TYPE_A, RECURSOR_SECURE, NOERROR, NO_EDE, 4},
		{"to-nsec3.secure.example", TYPE_CNAME, RECURSOR_SECURE, NOERROR, NO_EDE, 2},
		{"www.bogus.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 6, 2},
		{"to-bogus.secure.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 6, 4},
		{"www.expired.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 7, 2},
		{"www.future.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 8, 2},
		{"www.unsigned-ds.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 9, 1},
		{"www.wrong-ds.example", TYPE_A, RECURSOR_BOGUS, NOERROR, 9, 2},
		{"localhost", TYPE_A, RECURSOR_INSECURE, NOERROR, NO_EDE, 1},
	};
	struct recursor_options o = tree_options();
	o.threads = 3;
	struct recursor *r = started(&o);
	/* Twice: from the servers, and from the cache. */
	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct outcome got;
			ask_and_wait(r, cases[i].name, cases[i].type, &got);
			if (got.answer.security != cases[i].security || got.answer.rcode != cases[i].rcode ||
			    got.answer.ede != cases[i].ede || got.records != cases[i].records)
				fail_msg("%s: security %d, rcode %u, ede %u, %zu records, failure %d (%s)",
					 cases[i].name, got.answer.security, got.answer.rcode, got.answer.ede,
					 got.records, got.answer.failure, got.why);
			assert_int_equal(got.answer.failure, RECURSOR_ANSWERED);
			assert_int_equal(got.why[0] != 0, cases[i].security == RECURSOR_BOGUS);
		}

	struct recursor_counts counts;
	recursor_counts(r, &counts);
	assert_int_equal(counts.asked, 2 * COUNT(cases));
	assert_int_equal(counts.answered[RECURSOR_BOGUS], 12);
	assert_int_equal(counts.nxdomain, 8);
	uint64_t slots = 0;
	for (size_t i = 0; i < RECURSOR_LATENCY_SLOTS; i++)
		slots += counts.latency[i];
	assert_int_equal(slots, counts.asked);
	recursor_free(r);
}

/* A loop of CNAMEs has no answer, and no server is to blame. */
static void a_loop_ends(void **state)
{
	(void)state;
	struct recursor_options o = tree_options();
	struct recursor *r = started(&o);
	struct outcome got;
	ask_and_wait(r, "loop1.secure.example", TYPE_A, &got);
	assert_int_equal(got.answer.rcode, SERVFAIL);
	assert_int_equal(got.answer.failure, RECURSOR_UNREACHABLE);
	assert_null(got.answer.packet);
	recursor_free(r);
}

static void signatures_are_judged_at_a_date(void **state)
{
	(void)state;
	char path[4096];
	char date[64] = "";
	FILE *file = fopen(tree_path("future.date", path), "re");
	assert_non_null(file);
	assert_non_null(fgets(date, sizeof(date), file));
	fclose(file);
	date[strcspn(date, "\n")] = 0;
	struct recursor_options o = tree_options();
	o.validation_date = date;
	struct recursor *r = started(&o);
	struct outcome got;
	ask_and_wait(r, "www.secure.example", TYPE_A, &got);
	assert_int_equal(got.answer.security, RECURSOR_BOGUS);
	assert_int_equal(got.answer.ede, 7);
	recursor_free(r);
}

static void a_name_stays_with_its_thread(void **state)
{
	(void)state;
	struct recursor_options o = tree_options();
	o.threads = 7;
	struct recursor *r = NULL;
	assert_int_equal(recursor_new(&o, &r, NULL), HN_OK);
	bool used[7] = {false};
	for (unsigned i = 0; i < 200; i++) {
		uint8_t name[NAME_MAX_WIRE];
		uint8_t below[NAME_MAX_WIRE];
		size_t len;
		size_t below_len;
		char text[64];
		int text_len = snprintf(text, sizeof(text), "office%u.co.jp", i);
		assert_int_equal(name_from_text((const uint8_t *)text, (size_t)text_len, name, &len), HN_OK);
		text_len = snprintf(text, sizeof(text), "a.b%u.office%u.co.jp", i * 7, i);
		assert_int_equal(name_from_text((const uint8_t *)text, (size_t)text_len, below, &below_len),
				 HN_OK);
		unsigned thread = recursor_thread_of(r, name, len);
		assert_true(thread < o.threads);
		assert_int_equal(thread, recursor_thread_of(r, below, below_len));
		used[thread] = true;
	}
	for (size_t i = 0; i < COUNT(used); i++)
		assert_true(used[i]);
	recursor_free(r);
}

static void equal_questions_are_asked_once(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.zone_max = 1;
	struct recursor *r = started(&o);
	struct outcome got[3];
	for (size_t i = 0; i < COUNT(got); i++)
		ask(r, "a.own.example", TYPE_A, &got[i]);
	server_take(&s);
	server_answer(&s, 7);
	for (size_t i = 0; i < COUNT(got); i++) {
		outcome_wait(&got[i]);
		assert_int_equal(got[i].answer.failure, RECURSOR_ANSWERED);
		assert_int_equal(got[i].last_byte, 7);
	}
	assert_false(server_was_asked(&s));
	recursor_free(r);
	close(s.fd);
}

/* Names that libunbound answers by itself belong to a zone's servers where these are given. */
static void given_servers_answer_special_names(void **state)
{
	static const struct {
		const char *zone, *name;
	} cases[] = {
		{"10.in-addr.arpa", "3.10.in-addr.arpa"},
		{"5.10.in-addr.arpa", "3.5.10.in-addr.arpa"},
		{"own.test", "a.own.test"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server s;
		struct outcome got;
		server_init(&s, cases[i].zone);
		struct recursor_options o = told_options();
		o.stubs = &s.stub;
		o.stub_count = 1;
		struct recursor *r = started(&o);
		ask(r, cases[i].name, TYPE_A, &got);
		server_take(&s);
		server_answer(&s, 7);
		outcome_wait(&got);
		assert_int_equal(got.answer.failure, RECURSOR_ANSWERED);
		assert_int_equal(got.last_byte, 7);
		recursor_free(r);
		close(s.fd);
	}
}

static void floods_are_limited(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.zone_max = 8;
	o.client_max = 12;
	o.total_max = 20;
	struct recursor *r = started(&o);
	struct outcome flood[30];
	char name[64];
	for (size_t i = 0; i < COUNT(flood); i++) {
		snprintf(name, sizeof(name), "random%zu.own.example", i);
		ask(r, name, TYPE_A, &flood[i]);
	}
	for (size_t i = 8; i < COUNT(flood); i++) {
		outcome_wait(&flood[i]);
		assert_int_equal(flood[i].answer.failure, RECURSOR_LIMIT_ZONE);
		assert_int_equal(flood[i].answer.rcode, SERVFAIL);
		assert_int_equal(flood[i].answer.ede, 0);
	}
	/* Another zone answers meanwhile, and so do names of this one that are under way already. */
	struct outcome other;
	ask_and_wait(r, "www.secure.example", TYPE_A, &other);
	assert_int_equal(other.answer.security, RECURSOR_SECURE);

	/* One prefix may wait for so many, another is not touched. */
	static const struct ip near = {{192, 0, 2, 1}, 4};
	static const struct ip near_too = {{192, 0, 2, 200}, 4};
	static const struct ip far = {{198, 51, 100, 1}, 4};
	struct outcome waiting[14];
	for (size_t i = 0; i < COUNT(waiting); i++)
		assert_int_equal(
			ask_client(r, "random0.own.example", TYPE_A, i % 2 ? &near : &near_too, &waiting[i]),
			HN_OK);
	for (size_t i = 12; i < COUNT(waiting); i++) {
		outcome_wait(&waiting[i]);
		assert_int_equal(waiting[i].answer.failure, RECURSOR_LIMIT_CLIENT);
	}
	assert_int_equal(ask_client(r, "www.secure.example", TYPE_A, &far, &other), HN_OK);
	outcome_wait(&other);
	assert_int_equal(other.answer.failure, RECURSOR_ANSWERED);

	/* All zones together. */
	struct outcome more[30];
	for (size_t i = 0; i < COUNT(more); i++) {
		snprintf(name, sizeof(name), "www.silent%zu.own.example", i);
		snprintf(name, sizeof(name), "x%zu.silent.example", i);
		ask(r, name, TYPE_A, &more[i]);
	}
	unsigned refused[RECURSOR_FAILURES] = {0};
	recursor_drain(r, 0);
	for (size_t i = 0; i < COUNT(more); i++) {
		outcome_wait(&more[i]);
		refused[more[i].answer.failure]++;
	}
	assert_int_equal(refused[RECURSOR_STOPPED] + refused[RECURSOR_LIMIT_ZONE], 30);
	for (size_t i = 0; i < 8; i++)
		outcome_wait(&flood[i]);
	for (size_t i = 0; i < 12; i++)
		outcome_wait(&waiting[i]);
	struct recursor_counts counts;
	recursor_counts(r, &counts);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.under_way, 0);
	assert_int_equal(counts.failed[RECURSOR_LIMIT_CLIENT], 2);
	recursor_free(r);
	close(s.fd);
}

static void all_together_are_limited(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.total_max = 5;
	struct recursor *r = started(&o);
	struct outcome got[20];
	char name[64];
	for (size_t i = 0; i < COUNT(got); i++) {
		snprintf(name, sizeof(name), "zone%zu.example", i);
		ask(r, name, TYPE_A, &got[i]);
	}
	for (size_t i = 5; i < COUNT(got); i++) {
		outcome_wait(&got[i]);
		assert_int_equal(got[i].answer.failure, RECURSOR_LIMIT_TOTAL);
	}
	struct outcome refused;
	assert_int_equal(ask_client(r, "a.example", TYPE_A, NULL, &refused), HN_OK);
	outcome_wait(&refused);
	recursor_free(r);
	for (size_t i = 0; i < 5; i++) {
		outcome_wait(&got[i]);
		assert_int_equal(got[i].answer.failure, RECURSOR_STOPPED);
	}
	close(s.fd);
}

/* Time passes only here: the asker is told in time, libunbound goes on, gives up in the end. */
static void a_silent_server_holds_nobody(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.answer_ms = 5000;
	struct recursor *r = started(&o);
	struct outcome first;
	ask(r, "a.own.example", TYPE_A, &first);
	server_take(&s);
	pass_time(r, MINUTE_NS / 60 * 5);
	outcome_wait(&first);
	assert_int_equal(first.answer.failure, RECURSOR_TIMEOUT);
	assert_int_equal(first.answer.ede, 22);

	/* It was asked again meanwhile; an answer now is an answer for the next who asks. */
	server_take(&s);
	struct outcome second;
	ask(r, "a.own.example", TYPE_A, &second);
	server_answer(&s, 9);
	outcome_wait(&second);
	assert_int_equal(second.answer.failure, RECURSOR_ANSWERED);
	assert_int_equal(second.last_byte, 9);
	recursor_free(r);
	close(s.fd);
}

static void a_dead_server_is_given_up(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.answer_ms = UINT32_MAX;
	struct recursor *r = started(&o);
	struct outcome got;
	ask(r, "a.own.example", TYPE_A, &got);
	struct pollfd p[] = {{.fd = s.fd, .events = POLLIN}, {.fd = got.done_fd, .events = POLLIN}};
	unsigned questions = 0;
	while (poll(p, 2, -1) > 0 && p[1].revents == 0) {
		server_take(&s);
		questions++;
		pass_time(r, 3 * MINUTE_NS);
	}
	outcome_wait(&got);
	assert_int_equal(got.answer.failure, RECURSOR_UNREACHABLE);
	assert_int_equal(got.answer.ede, 22);
	assert_true(questions > 1);
	recursor_free(r);
	close(s.fd);
}

static void what_was_flushed_is_asked_again(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.threads = 2;
	o.stubs = &s.stub;
	o.stub_count = 1;
	struct recursor *r = started(&o);
	for (uint8_t i = 1; i <= 4; i++) {
		struct outcome got;
		ask(r, "a.own.example", TYPE_A, &got);
		server_take(&s);
		server_answer(&s, i);
		outcome_wait(&got);
		assert_int_equal(got.last_byte, i);
		ask_and_wait(r, "a.own.example", TYPE_A, &got);
		assert_int_equal(got.last_byte, i);
		assert_false(server_was_asked(&s));
		assert_int_equal(recursor_flush(r), HN_OK);
	}
	recursor_free(r);
	close(s.fd);
}

/* One that is under way goes on in the old cache; when a third begins it is asked anew. */
static void a_flush_loses_no_question(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	struct recursor *r = started(&o);
	struct outcome before;
	ask(r, "a.own.example", TYPE_A, &before);
	server_take(&s);
	assert_int_equal(recursor_flush(r), HN_OK);
	struct outcome after;
	ask(r, "a.own.example", TYPE_A, &after);
	struct server old = s;
	server_take(&s);
	server_answer(&old, 1);
	outcome_wait(&before);
	assert_int_equal(before.last_byte, 1);
	server_answer(&s, 2);
	outcome_wait(&after);
	assert_int_equal(after.last_byte, 2);

	ask(r, "b.own.example", TYPE_A, &before);
	server_take(&s);
	old = s;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(recursor_flush(r), HN_OK);
		wait_for_round(r);
	}
	server_take(&s);
	server_answer(&old, 3);
	server_answer(&s, 4);
	outcome_wait(&before);
	assert_int_equal(before.last_byte, 4);
	wait_for_round(r);
	struct recursor_counts counts;
	recursor_counts(r, &counts);
	assert_int_equal(counts.restarted, 3);
	assert_int_equal(counts.under_way, 0);
	recursor_free(r);
	close(s.fd);
}

static void anchors_are_read_again(void **state)
{
	(void)state;
	struct recursor_options o = tree_options();
	char dir[] = "/tmp/hinomi-anchors-XXXXXX";
	assert_non_null(mkdtemp(dir));
	char path[64];
	snprintf(path, sizeof(path), "%s/root.key", dir);
	static const char other[] =
		". IN DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000\n";
	struct buf right;
	buf_init(&right, 65536);
	assert_int_equal(file_read(o.trust_anchors, &right), HN_OK);
	assert_int_equal(file_write_whole(path, right.data, right.len, 0600, true), HN_OK);
	o.trust_anchors = path;
	struct recursor *r = started(&o);
	struct outcome got;
	ask_and_wait(r, "www.secure.example", TYPE_A, &got);
	assert_int_equal(got.answer.security, RECURSOR_SECURE);

	const struct {
		const char *text;
		size_t len;
		int err;
		bool changed;
		enum recursor_security security;
	} steps[] = {
		{right.data, right.len, HN_OK, false, RECURSOR_SECURE},
		{other, sizeof(other) - 1, HN_OK, true, RECURSOR_BOGUS},
		{"; nothing\n", 10, HN_EFORMAT, false, RECURSOR_BOGUS},
		{". IN DS 1 13\n", 13, HN_EFORMAT, false, RECURSOR_BOGUS},
		{". IN DS 1 13 2 zz\n", 18, HN_EFORMAT, false, RECURSOR_BOGUS},
		{right.data, right.len, HN_OK, true, RECURSOR_SECURE},
	};
	struct pollfd watched = {.fd = recursor_watch_fd(r), .events = POLLIN};
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(file_write_whole(path, steps[i].text, steps[i].len, 0600, true), HN_OK);
		assert_int_equal(poll(&watched, 1, -1), 1);
		bool changed = false;
		struct fault fault = {0};
		assert_int_equal(recursor_reload(r, &changed, &fault), steps[i].err);
		assert_int_equal(poll(&watched, 1, 0), 0);
		assert_int_equal(changed, steps[i].changed);
		assert_int_equal(fault.message[0] != 0, steps[i].err != HN_OK);
		ask_and_wait(r, "www.secure.example", TYPE_A, &got);
		assert_int_equal(got.answer.security, steps[i].security);
	}
	recursor_free(r);
	buf_clear(&right);
	unlink(path);
	rmdir(dir);
}

static void what_cannot_be_asked_is_refused(void **state)
{
	(void)state;
	struct recursor_options o = tree_options();
	struct recursor *r = started(&o);
	static const uint8_t upper[] = "\3WWW\7example";
	static const uint8_t cut[] = "\3ww";
	struct outcome got;
	outcome_init(&got);
	assert_int_equal(recursor_ask(r, upper, 12, TYPE_A, NULL, on_answer, &got), HN_EFORMAT);
	assert_int_equal(recursor_ask(r, cut, 3, TYPE_A, NULL, on_answer, &got), HN_EFORMAT);
	static const uint16_t types[] = {0, 41, 128, 249, 251, 252, 254};
	for (size_t i = 0; i < COUNT(types); i++)
		assert_int_equal(recursor_ask(r, NULL, 0, types[i], NULL, on_answer, &got), HN_EFORMAT);
	recursor_drain(r, 0);
	assert_int_equal(recursor_ask(r, NULL, 0, TYPE_A, NULL, on_answer, &got), HN_ESTATE);
	assert_int_equal(got.calls, 0);
	close(got.done_fd);
	recursor_free(r);
}

/* Whatever bytes a label holds reach the server as they are. */
static void labels_hold_any_byte(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	struct recursor *r = started(&o);
	static const uint8_t name[] = "\x09\0.\\\"@ \xff(;\3own\7example";
	struct outcome got;
	outcome_init(&got);
	assert_int_equal(recursor_ask(r, name, sizeof(name) - 1, TYPE_A, NULL, on_answer, &got), HN_OK);
	server_take(&s);
	assert_memory_equal(s.question + 12, name, sizeof(name));
	server_answer(&s, 5);
	outcome_wait(&got);
	assert_int_equal(got.last_byte, 5);
	recursor_free(r);
	close(s.fd);
}

static void options_are_checked(void **state)
{
	(void)state;
	static const struct endpoint somewhere = {{{192, 0, 2, 1}, 4}, 53};
	const struct recursor_stub empty = {.zone = "a.example", .addresses = &somewhere, .count = 0};
	const struct recursor_stub odd = {.zone = "a b", .addresses = &somewhere, .count = 1};
	struct recursor_options o[4];
	for (size_t i = 0; i < COUNT(o); i++)
		o[i] = tree_options();
	o[0].stubs = &empty;
	o[0].stub_count = 1;
	o[1].stubs = &odd;
	o[1].stub_count = 1;
	o[2].trust_anchors = "/nowhere/root.key";
	o[3].threads = RECURSOR_THREADS_MAX + 1;
	static const int expected[] = {HN_EFORMAT, HN_EFORMAT, HN_ENOENT, HN_ELIMIT};
	for (size_t i = 0; i < COUNT(o); i++) {
		struct recursor *r = NULL;
		struct fault fault = {0};
		assert_int_equal(recursor_new(&o[i], &r, &fault), expected[i]);
		assert_null(r);
		assert_true(fault.place[0] != 0 && fault.message[0] != 0);
	}
}

/* Nobody's name server on loopback is asked unless it was given. */
static void localhost_is_not_asked(void **state)
{
	(void)state;
	struct server s;
	server_init(&s, "own.example");
	struct recursor_options o = told_options();
	o.stubs = &s.stub;
	o.stub_count = 1;
	o.ask_localhost = false;
	struct recursor *r = started(&o);
	struct outcome got;
	ask(r, "a.own.example", TYPE_A, &got);
	server_take(&s);
	server_answer(&s, 6);
	outcome_wait(&got);
	assert_int_equal(got.last_byte, 6);
	/* The root was given too; those it refers to were not. */
	ask_and_wait(r, ".", 6, &got);
	assert_int_equal(got.answer.security, RECURSOR_SECURE);
	ask_and_wait(r, "www.secure.example", TYPE_A, &got);
	assert_int_equal(got.answer.failure, RECURSOR_UNREACHABLE);
	recursor_free(r);
	close(s.fd);
}

/* In a child, since it cannot be undone. @return 0, or which step failed */
static int live_in_the_sandbox(void)
{
	static const char ca_file[] = "/etc/ssl/certs/ca-certificates.crt";
	static const struct recursor_forward over_tls = {.address = {{{127, 9, 9, 9}, 4}, 853},
							 .spki = {.present = true}};
	struct recursor_options o = tree_options();
	struct recursor *r = NULL;
	struct recursor *forwarding = NULL;
	if (recursor_new(&o, &r, NULL) != HN_OK)
		return 1;
	o.forward = &over_tls;
	o.forward_count = 1;
	o.ca_file = ca_file;
	if (recursor_new(&o, &forwarding, NULL) != HN_OK)
		return 2;
	int dirs[2];
	size_t dir_count = recursor_watched(r, dirs);
	struct confine_rule rules[2];
	for (size_t i = 0; i < dir_count; i++)
		rules[i] = (struct confine_rule){dirs[i], CONFINE_READ};
	struct confinement state = {0};
	if (confine_identity(false, false, &state) != HN_OK ||
	    confine_service_files(rules, dir_count, CONFINE_ABI_MAX, &state) != HN_OK)
		return 3;
	if (recursor_start(r) != HN_OK || recursor_start(forwarding) != HN_OK)
		return 4;
	size_t count;
	const int *theirs = recursor_system_calls(&count);
	int calls[128] = {SCMP_SYS(eventfd2)};
	memcpy(calls + 1, theirs, count * sizeof(calls[0]));
	if (confine_service_calls(calls, count + 1, &state) != HN_OK)
		return 5;

	struct outcome got;
	for (unsigned round = 0; round < 2; round++) {
		ask_and_wait(r, "www.secure.example", TYPE_A, &got);
		if (got.answer.security != RECURSOR_SECURE)
			return 6;
		ask_and_wait(r, "huge.secure.example", TYPE_TXT, &got);
		if (got.answer.security != RECURSOR_SECURE)
			return 7;
		/* Nobody listens there; that it tried is enough. */
		if (round == 0)
			ask_and_wait(forwarding, "www.insecure.example", TYPE_A, &got);
		if (round == 0 && got.answer.failure != RECURSOR_UNREACHABLE)
			return 8;
		bool changed = true;
		if (recursor_reload(r, &changed, NULL) != HN_OK || changed)
			return 9;
		if (recursor_flush(r) != HN_OK || recursor_flush(forwarding) != HN_OK)
			return 10;
	}
	recursor_free(r);
	recursor_free(forwarding);
	return 0;
}

static void the_sandbox_leaves_what_it_needs(void **state)
{
	(void)state;
	if (confine_sanitized())
		skip();
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(live_in_the_sandbox());
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		skip(); /* no Landlock */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

struct asking_thread {
	pthread_t thread;
	struct recursor *recursor;
	unsigned seed;
};

static void *ask_many(void *data)
{
	const struct asking_thread *t = data;
	static const char *const zones[] = {"secure.example", "insecure.example", "nsec3.example",
					    "bogus.example",  "office.co.jp",     "kantei.go.jp"};
	for (unsigned i = 0; i < 60; i++) {
		char name[64];
		snprintf(name, sizeof(name), "n%u.wild.%s", i % 7, zones[(i + t->seed) % COUNT(zones)]);
		struct outcome got;
		ask_and_wait(t->recursor, name, TYPE_A, &got);
		assert_int_equal(got.answer.failure, RECURSOR_ANSWERED);
	}
	return NULL;
}

static void threads_work_side_by_side(void **state)
{
	(void)state;
	struct recursor_options o = tree_options();
	o.threads = 3;
	struct recursor *r = started(&o);
	struct asking_thread askers[4];
	for (unsigned i = 0; i < COUNT(askers); i++) {
		askers[i] = (struct asking_thread){.recursor = r, .seed = i};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(recursor_flush(r), HN_OK);
		struct recursor_counts counts;
		recursor_counts(r, &counts);
	}
	for (unsigned i = 0; i < COUNT(askers); i++)
		pthread_join(askers[i].thread, NULL);
	recursor_drain(r, 60000);
	struct recursor_counts counts;
	recursor_counts(r, &counts);
	assert_int_equal(counts.asked, 240);
	assert_int_equal(counts.waiting, 0);
	recursor_free(r);
}

int main(void)
{
	lang_set(LANG_EN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(a_loop_ends),
		cmocka_unit_test(signatures_are_judged_at_a_date),
		cmocka_unit_test(a_name_stays_with_its_thread),
		cmocka_unit_test(equal_questions_are_asked_once),
		cmocka_unit_test(given_servers_answer_special_names),
		cmocka_unit_test(floods_are_limited),
		cmocka_unit_test(all_together_are_limited),
		cmocka_unit_test(a_silent_server_holds_nobody),
		cmocka_unit_test(a_dead_server_is_given_up),
		cmocka_unit_test(what_was_flushed_is_asked_again),
		cmocka_unit_test(a_flush_loses_no_question),
		cmocka_unit_test(anchors_are_read_again),
		cmocka_unit_test(what_cannot_be_asked_is_refused),
		cmocka_unit_test(labels_hold_any_byte),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(localhost_is_not_asked),
		cmocka_unit_test(the_sandbox_leaves_what_it_needs),
		cmocka_unit_test(threads_work_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
