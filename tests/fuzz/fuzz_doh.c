/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/cur.h"
#include "resolver/doh.h"
#include "tests/fuzz/target.h"
#include "wire/dns_number.h"

/*
 * Input: how it is cut, and then bytes as a client of HTTP/2 sends them behind its preface. Whatever it
 * sends, it gets what was answered and no more; what is kept for it stays bounded; no question is longer than
 * one may be. The same bytes are read as a path.
 */

#define PREFACE      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define WAITING_MAX  256
#define OUT_ROOM     (512u << 10)
#define ANSWER_LARGE 20000

static struct {
	uint8_t room[DNS_MESSAGE_MAX];
	struct groups *groups;
	int32_t waiting[WAITING_MAX];
	size_t count;
} fake;

uint8_t *connection_room(struct connection *c)
{
	(void)c;
	return fake.room;
}

struct exchange *connection_exchange(struct connection *c)
{
	(void)c;
	return NULL;
}

uint32_t connection_group(const struct connection *c, const struct asker *asker)
{
	(void)c;
	return asker->proof == ASKER_TOKEN ? groups_by_token_print(fake.groups, asker->print) : GROUP_NONE;
}

void connection_touch(struct connection *c)
{
	(void)c;
}

/* Its first byte says how a question is answered: at once, at length, not at all, or later. */
bool connection_ask(struct connection *c, struct exchange_unit *unit, int32_t stream_id)
{
	const struct asked *a = &unit->asked;
	(void)c;
	assert(a->len > 0 && a->len <= DOH_BODY_MAX && a->asker.proof == ASKER_TOKEN && stream_id > 0);
	unit->out = fake.room;
	unit->out_len = 0;
	switch (a->message[0] & 3) {
	case 0:
		unit->out_len = a->len;
		memcpy(unit->out, a->message, a->len);
		return true;
	case 1:
		unit->out_len = ANSWER_LARGE;
		memset(unit->out, 0, ANSWER_LARGE);
		return true;
	case 2:
		unit->verdict = DNS_VERDICT_DROP;
		return true;
	default:
		break;
	}
	if (fake.count == WAITING_MAX)
		return true;
	fake.waiting[fake.count++] = stream_id;
	return false;
}

static void read_path(const uint8_t *data, size_t len)
{
	struct doh_target t;
	const char *path = (const char *)data;
	if (doh_target_read(path, len, &t) != HN_OK)
		return;
	assert(!t.token || (t.token > path && t.token + t.token_len <= path + len));
	assert(t.token_len == 0 || !memchr(t.token, '/', t.token_len));
	assert(!t.question || (t.question > path && t.question + t.question_len <= path + len));
	assert(!t.question ||
	       (memcmp(t.question - 4, "dns=", 4) == 0 && !memchr(t.question, '&', t.question_len)));
}

/* What was to be sent is sent: whole frames, none larger than a client must take. */
static bool drain(struct connection *c)
{
	bool good = doh_write(c->doh, OUT_ROOM / 2);
	struct cur out = cur_of(c->out.data, c->out.len);
	assert(buf_err(&c->out) == HN_OK);
	while (cur_left(&out) > 0) {
		uint32_t size = cur_be16(&out) * 256u;
		size += cur_u8(&out);
		cur_skip(&out, 6u + size);
		assert(cur_ok(&out) && size <= 16384);
	}
	buf_reset(&c->out);
	assert(doh_held(c->doh) <= DOH_HELD_MAX + DOH_STREAMS_MAX * (DOH_PATH_MAX + DOH_BODY_MAX));
	return good;
}

static void answer_waiting(struct connection *c)
{
	while (fake.count > 0) {
		int32_t id = fake.waiting[--fake.count];
		doh_answer(c->doh, id, fake.room, fake.count % 4 == 0 ? 0 : 600);
	}
}

static bool set_up(void)
{
	static const char text[] =
		"listen:\n  - address: 127.0.0.1\n    transports: [https]\n    certificate: c\n    key: k\n"
		"groups:\n  - name: a\n    token: 0123456789abcdef\n";
	static struct resolver_config *config; /* for the whole run: groups point into it */
	struct groups *groups;
	struct fault fault = {0};
	if (sodium_init() < 0 ||
	    resolver_config_parse("test", text, sizeof(text) - 1, &config, &fault) != HN_OK ||
	    groups_new(config, &groups, &fault) != HN_OK)
		return false;
	fake.groups = groups;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool ready;
	struct connection c = {.asker = {.group = GROUP_NONE, .transport = RESOLVER_HTTPS}};
	ready = ready || set_up();
	assert(ready);
	read_path(data, len);
	if (len == 0)
		return 0;
	size_t piece = data[0] >> 2 ? data[0] >> 2 : len;
	c.asker.group = data[0] & 1 ? 0 : GROUP_NONE;
	bool late = data[0] & 2;
	buf_init(&c.out, OUT_ROOM);
	fake.count = 0;
	assert(doh_new(&c, &c.doh) == HN_OK);
	bool good = doh_read(c.doh, (const uint8_t *)PREFACE, sizeof(PREFACE) - 1) && drain(&c);
	for (size_t at = 1; at < len && good; at += piece) {
		good = doh_read(c.doh, data + at, len - at < piece ? len - at : piece);
		if (good && !late)
			answer_waiting(&c);
		good = good && drain(&c) && !doh_is_over(c.doh);
	}
	if (good) {
		answer_waiting(&c);
		(void)drain(&c);
	}
	doh_free(c.doh);
	buf_clear(&c.out);
	return 0;
}
