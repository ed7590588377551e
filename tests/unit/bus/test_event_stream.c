/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/event_stream.h"

#include "tests/unit/check.h"

static int write_event(void *context, const char *name, const char *data, size_t len)
{
	struct buf *out = context;
	assert_int_equal(strlen(data), len);
	buf_addf(out, "[%s|%s]", name, data);
	return strcmp(data, "stop") == 0 ? HN_EEXIST : HN_OK;
}

static const struct {
	const char *text, *events;
	int err;
} cases[] = {
	{"", "", HN_OK},
	{"data: a\n\n", "[message|a]", HN_OK},
	{"event: head\ndata: {}\n\n", "[head|{}]", HN_OK},
	{"event: head\r\ndata: {}\r\n\r\n", "[head|{}]", HN_OK},
	{"event: head\rdata: {}\r\r", "[head|{}]", HN_OK},
	{"data:a\ndata: b\ndata:  c\n\n", "[message|a\nb\n c]", HN_OK},
	{"data\n\n", "[message|]", HN_OK},
	{"data: a", "", HN_OK},
	{"data: a\n", "", HN_OK},
	{": comment\n\n: another\n\ndata: a\n\n", "[message|a]", HN_OK},
	{"event: head\n\ndata: a\n\n", "[message|a]", HN_OK},
	{"id: 7\nretry: 10\nweather: fine\ndata: a\n\n", "[message|a]", HN_OK},
	{"\xef\xbb\xbf"
	 "data: a\n\n",
	 "[message|a]", HN_OK},
	{"data: a\n\n\xef\xbb\xbf"
	 "data: b\n\n",
	 "[message|a]", HN_OK},
	{"data: a\n\ndata: b\n\n", "[message|a][message|b]", HN_OK},
	{"data: stop\n\ndata: b\n\n", "[message|stop]", HN_EEXIST},
	{"event: 01234567890123456789012345678901234567890123456789012345678901234\n", "", HN_EFORMAT},
	{"data: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901\n\n", "",
	 HN_ELIMIT},
};

/* Whole, byte by byte, and cut in two at each place: the same events. */
static int feed(const char *text, size_t cut, size_t step, struct buf *out)
{
	struct event_stream e;
	size_t len = strlen(text), at = 0;
	int err = HN_OK;
	event_stream_init(&e, 80, write_event, out);
	while (err == HN_OK && at < len) {
		size_t n = at < cut ? cut - at : step;
		n = n > len - at ? len - at : n;
		uint8_t *piece = exact_copy(text + at, n);
		err = event_stream_add(&e, (const char *)piece, n);
		free(piece);
		at += n;
	}
	event_stream_clear(&e);
	return err;
}

static void events_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		for (size_t cut = 0; cut <= len; cut++)
			for (size_t step = 1; step <= len + 1; step += len == 0 ? 1 : len) {
				struct buf out;
				buf_init(&out, 4096);
				buf_adds(&out, "");
				assert_int_equal(feed(cases[i].text, cut, step, &out), cases[i].err);
				assert_string_equal(out.data == NULL ? "" : out.data, cases[i].events);
				buf_clear(&out);
			}
	}
}

static void a_new_connection_begins_anew(void **state)
{
	struct event_stream e;
	struct buf out;
	(void)state;
	buf_init(&out, 4096);
	event_stream_init(&e, 80, write_event, &out);
	assert_int_equal(event_stream_add(&e, "event: head\ndata: hal", 21), HN_OK);
	event_stream_reset(&e);
	assert_int_equal(event_stream_add(&e, "data: whole\n\n", 13), HN_OK);
	assert_string_equal(out.data, "[message|whole]");
	event_stream_clear(&e);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_however_they_are_cut),
		cmocka_unit_test(a_new_connection_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
