/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/payload.h"

#include "../check.h"
#include "sensor/stream.h"
#include "wire/packet.h"
#include "world.h"

/* One flow, its packets given as units; the set holds a name, the pattern is the world's. */

static struct sensor_world world;
static struct lookup lookup;

#define REQUEST "GET / HTTP/1.1\r\nHost: updates.kumo-sync.example\r\n\r\n"
#define OTHER   "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n"
#define MARK    "\xde\xad\xbe\xef"

struct packet_given {
	unsigned direction;
	uint8_t flags;
	uint32_t seq;
	const char *payload;
};

struct case_given {
	const char *name;
	uint8_t protocol;
	struct packet_given packets[6];
	int found_at; /* the packet that brings the match; ENDED: the flow's end; -1: none */
	uint8_t field;
};

#define ENDED 100

static const struct case_given cases[] = {
	{"a name in a request", 6, {{0, 2, 9, ""}, {0, 16, 10, REQUEST}}, 1, FIELD_HTTP_HOST},
	{"a name without the connection's begin", 6, {{0, 16, 10, REQUEST}}, 0, FIELD_HTTP_HOST},
	{"a name in pieces",
	 6,
	 {{0, 2, 9, ""},
	  {0, 16, 10, "GET / HTTP/1.1\r\nHost: updates."},
	  {0, 16, 40, "kumo-sync.example\r\n\r\n"}},
	 2,
	 FIELD_HTTP_HOST},
	{"a name in pieces, the second first",
	 6,
	 {{0, 2, 9, ""},
	  {0, 16, 40, "kumo-sync.example\r\n\r\n"},
	  {0, 16, 10, "GET / HTTP/1.1\r\nHost: updates."}},
	 2,
	 FIELD_HTTP_HOST},
	{"a gap that is never filled",
	 6,
	 {{0, 2, 9, ""},
	  {0, 16, 41, "kumo-sync.example\r\n\r\n"},
	  {0, 16, 10, "GET / HTTP/1.1\r\nHost: updates."}},
	 -1,
	 0},
	{"a retransmission changes nothing",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, "GET / HTTP/1.1\r\nHost: w"}, {0, 16, 10, REQUEST}},
	 -1,
	 0},
	{"a SYN with data", 6, {{0, 2, 9, REQUEST}}, 0, FIELD_HTTP_HOST},
	{"a SYN afterwards does not move the begin",
	 6,
	 {{0, 16, 10, "GET / HTTP/1.1\r\nHost: updates."},
	  {0, 2, 500, ""},
	  {0, 16, 40, "kumo-sync.example\r\n\r\n"}},
	 2,
	 FIELD_HTTP_HOST},
	{"another name", 6, {{0, 2, 9, ""}, {0, 16, 10, OTHER}}, -1, 0},
	{"a name in the second request",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, OTHER}, {0, 16, 10 + sizeof(OTHER) - 1, REQUEST}},
	 2,
	 FIELD_HTTP_HOST},

	{"a pattern at an opening that can be nothing else",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, "\1" MARK "1234567890"}},
	 1,
	 FIELD_PATTERN},
	/* So short, it may yet become a DNS message. */
	{"a pattern at the opening", 6, {{0, 2, 9, ""}, {0, 16, 10, "\1" MARK}}, ENDED, FIELD_PATTERN},
	{"a pattern without the connection's begin", 6, {{0, 16, 10, "\1" MARK}}, -1, 0},
	{"a pattern behind the begin of the other direction only",
	 6,
	 {{1, 18, 9, ""}, {0, 16, 10, "\1" MARK}},
	 -1,
	 0},
	{"a pattern in both directions' openings",
	 6,
	 {{0, 2, 9, ""}, {1, 18, 99, ""}, {0, 16, 10, "\1"}, {1, 16, 100, "\1" MARK}},
	 ENDED,
	 FIELD_PATTERN},
	{"a pattern in pieces",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, "\1\xde\xad"}, {0, 16, 13, "\xbe\xef"}},
	 ENDED,
	 FIELD_PATTERN},
	{"a pattern in what is no web yet and never will be",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, "GE" MARK}},
	 ENDED,
	 FIELD_PATTERN},
	{"a pattern while it may still be messages",
	 6,
	 {{0, 2, 9, ""}, {0, 16, 10, "N"}, {0, 16, 11, MARK}},
	 ENDED,
	 FIELD_PATTERN},
	{"a pattern in a form", 6, {{0, 2, 9, ""}, {0, 16, 10, "POST / HTTP/1.1\r\n\r\n" MARK}}, -1, 0},
	{"a pattern in a page",
	 6,
	 {{0, 2, 9, ""}, {1, 18, 99, ""}, {0, 16, 10, OTHER}, {1, 16, 100, MARK}},
	 -1,
	 0},
	{"a pattern in what a mail client says, when the server has told that it is mail",
	 6,
	 {{0, 2, 9, ""}, {1, 18, 99, ""}, {1, 16, 100, "+OK ready\r\n"}, {0, 16, 10, "USER a\r\n" MARK}},
	 -1,
	 0},
	{"a pattern in what a chat server says, when the client has told what it is",
	 6,
	 {{0, 2, 9, ""}, {1, 18, 99, ""}, {0, 16, 10, "NICK a\r\n"}, {1, 16, 100, "\1" MARK "1234567890"}},
	 -1,
	 0},
	{"a pattern in mail", 6, {{0, 2, 9, ""}, {0, 16, 10, "EHLO a\r\nDATA\r\n" MARK}}, -1, 0},
	{"a pattern in messages", 6, {{0, 2, 9, ""}, {0, 16, 10, "NICK a\r\nPRIVMSG b :" MARK}}, -1, 0},
	{"a pattern for TCP in a datagram", 17, {{0, 0, 0, "\1" MARK}}, -1, 0},
	{"neither TCP nor UDP", 47, {{0, 0, 0, REQUEST}}, -1, 0},
};

static struct payload *payload_of(const struct patterns *patterns, struct sums *sums)
{
	struct payload *p;
	bool locked;
	const struct payload_options options = {
		.lookup = &lookup, .patterns = patterns, .streams_max = 4, .sums = sums};
	assert_int_equal(payload_new(&options, &p, &locked), HN_OK);
	return p;
}

static int look(struct payload *p, const struct case_given *c, struct flow *flow, struct selection *out)
{
	memset(flow, 0, sizeof(*flow));
	flow->key.protocol = c->protocol;
	flow->key.low_port = 4000;
	flow->key.high_port = 4444;
	for (int i = 0; i < (int)COUNT(c->packets) && c->packets[i].payload != NULL; i++) {
		const struct packet_given *g = &c->packets[i];
		size_t len = strlen(g->payload);
		uint8_t *bytes = exact_copy(g->payload, len);
		struct unit u = {.key = flow->key,
				 .tcp_seq = g->seq,
				 .tcp_flags = g->flags,
				 .direction = (uint8_t)g->direction,
				 .time_ns = WORLD_TIME + i,
				 .payload = bytes,
				 .payload_len = (uint32_t)len,
				 .packets = 1};
		if (c->protocol == 6 && (g->flags & TCP_SYN) != 0)
			payload_begin(flow, &u);
		bool found = len > 0 && flow->decoder[u.direction] != FLOW_DECODER_DONE &&
			     payload_look(p, flow, &u, out);
		free(bytes);
		if (found)
			return i;
	}
	return payload_end(p, flow, out) ? ENDED : -1;
}

static void each_case(void **state)
{
	(void)state;
	struct sums sums = {0};
	struct payload *p = payload_of(world.patterns, &sums);
	size_t wrong = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct case_given *c = &cases[i];
		struct selection selection = {0};
		struct flow flow;
		int at = look(p, c, &flow, &selection);
		if (at != c->found_at || selection.field != (at < 0 ? 0 : c->field))
			print_error("%s: %d, field %u\n", c->name, at, selection.field);
		wrong += at != c->found_at;
		if (at >= 0 && at != ENDED) {
			assert_int_equal(selection.field, c->field);
			assert_int_equal(selection.direction, c->packets[at].direction);
		}
		payload_forget(p, &flow);
		assert_int_equal(flow.stream[0] | flow.stream[1], 0);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(sums.streams_dropped, 0);
	payload_free(p);
}

/* The same bytes in the same order give the same answer, however they are cut up. */
static void pieces_change_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {REQUEST, OTHER, "\1" MARK "\1", "POST / HTTP/1.1\r\n\r\n" MARK,
					    "N" MARK};
	struct sums sums = {0};
	struct payload *p = payload_of(world.patterns, &sums);
	for (size_t t = 0; t < COUNT(texts); t++) {
		size_t len = strlen(texts[t]);
		uint8_t field = 0;
		for (size_t cut = 0; cut < len; cut++) {
			char *first = (char *)exact_copy(texts[t], len + 1),
			     *second = (char *)exact_copy(texts[t] + cut, len - cut + 1);
			first[cut] = '\0';
			struct case_given c = {.protocol = 6,
					       .packets = {{0, 2, 9, ""},
							   {0, 16, 10, first},
							   {0, 16, (uint32_t)(10 + cut), second}}};
			struct selection selection = {0};
			struct flow flow;
			int at = look(p, &c, &flow, &selection);
			payload_forget(p, &flow);
			uint8_t got = at < 0 ? 0 : selection.field;
			if (cut == 0)
				field = got;
			assert_int_equal(got, field);
			free(first);
			free(second);
		}
	}
	payload_free(p);
}

/* More directions than buffers: the one that waits longest is given up, and counted. */
static void the_oldest_buffer_gives_way(void **state)
{
	(void)state;
	struct sums sums = {0};
	struct payload *p = payload_of(world.patterns, &sums);
	struct flow flows[6];
	for (size_t i = 0; i < COUNT(flows); i++) {
		struct unit u = {.tcp_seq = 11, .payload = (const uint8_t *)"x", .payload_len = 1};
		struct selection selection = {0};
		memset(&flows[i], 0, sizeof(flows[i]));
		u.key.protocol = flows[i].key.protocol = 6;
		flows[i].marks = 1;
		flows[i].begin_seq[0] = 10;
		assert_false(payload_look(p, &flows[i], &u, &selection));
	}
	assert_int_equal(sums.streams_dropped, 2);
	for (size_t i = 0; i < COUNT(flows); i++) {
		assert_int_equal(flows[i].decoder[0] == FLOW_DECODER_DONE, i < 2);
		assert_int_equal(flows[i].stream[0] == 0, i < 2);
		payload_forget(p, &flows[i]);
	}
	payload_free(p);
}

static int setup(void **state)
{
	(void)state;
	static const char *const values[] = {"updates.kumo-sync.example"};
	sensor_world_init(&world, values, COUNT(values));
	lookup_init(&lookup, (const struct set *const *)&world.set, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sensor_world_clear(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(pieces_change_nothing),
		cmocka_unit_test(the_oldest_buffer_gives_way),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
