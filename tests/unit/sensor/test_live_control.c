/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_control.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../check.h"
#include "sensor/live_stand.h"

static int ends[2];

static void open_socket(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_socket(void)
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static int file_of(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void messages_and_their_files_arrive(void **state)
{
	(void)state;
	struct control got;
	char text[8] = "";
	int fd;
	open_socket();
	const struct control begin = {
		.type = CONTROL_BEGIN, .generation = 7, .stops_ns = 5, .secret = {1, 2}};
	const struct control layer = {.type = CONTROL_LAYER, .set = 3};
	int file = file_of("layer");
	assert_int_equal(control_send(ends[0], &begin, -1), HN_OK);
	assert_int_equal(control_send(ends[0], &layer, file), HN_OK);
	assert_int_equal(control_receive(ends[1], &got, &fd), HN_OK);
	assert_memory_equal(&got, &begin, sizeof(got));
	assert_int_equal(fd, -1);
	assert_int_equal(control_receive(ends[1], &got, &fd), HN_OK);
	assert_int_equal(got.set, 3);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 5);
	assert_string_equal(text, "layer");
	(void)close(fd);
	(void)close(file);
	(void)close(ends[0]);
	assert_int_equal(control_receive(ends[1], &got, &fd), HN_ENOENT);
	(void)close(ends[1]);
}

static void what_the_writer_never_sends_is_refused(void **state)
{
	(void)state;
	const struct control none = {.type = 0}, unknown = {.type = CONTROL_TYPES},
			     without = {.type = CONTROL_LAYER}, tick = {.type = CONTROL_TICK};
	const struct {
		const struct control *c;
		bool file;
	} cases[] = {{&none, false}, {&unknown, false}, {&without, false}, {&tick, true}};
	open_socket();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct control got;
		int fd, file = file_of("x");
		assert_int_equal(control_send(ends[0], cases[i].c, cases[i].file ? file : -1), HN_OK);
		assert_int_equal(control_receive(ends[1], &got, &fd), HN_EFORMAT);
		assert_int_equal(fd, -1);
		(void)close(file);
	}
	struct control got;
	int fd;
	assert_int_equal(send(ends[0], "short", 5, 0), 5);
	assert_int_equal(control_receive(ends[1], &got, &fd), HN_EFORMAT);
	close_socket();
}

/* Out of order, twice, without what must come first: the parser gives up rather than go on with less. */
static void a_stand_is_built_in_order_or_not_at_all(void **state)
{
	(void)state;
	static const struct control begin = {.type = CONTROL_BEGIN, .generation = 1, .basis = true},
				    same = {.type = CONTROL_BEGIN, .generation = 2},
				    layer = {.type = CONTROL_LAYER, .set = STAND_SETS_MAX},
				    domestic = {.type = CONTROL_DOMESTIC},
				    authorization = {.type = CONTROL_AUTHORIZATION},
				    trust = {.type = CONTROL_TRUST}, commit = {.type = CONTROL_COMMIT};
	const struct {
		const struct control *messages[4]; /* the last is refused */
	} cases[] = {
		{{&commit}},
		{{&domestic}},
		{{&begin, &begin}},
		{{&same}},
		{{&begin, &layer}},
		{{&begin, &trust}}, /* "192.0.2.0/24" is none */
		{{&begin, &domestic, &domestic}},
		{{&begin, &domestic, &authorization}},
		{{&begin, &domestic, &commit}},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stand_builder b = {.threads = 1};
		struct stand *out = NULL;
		for (size_t m = 0; m < 4 && cases[i].messages[m] != NULL; m++) {
			struct control c = *cases[i].messages[m];
			bool last = m == 3 || cases[i].messages[m + 1] == NULL;
			bool file = c.type >= CONTROL_TRUST && c.type <= CONTROL_LAYER;
			int rc = stand_take(&b, &c, file ? file_of("192.0.2.0/24\n") : -1, &out);
			assert_int_equal(rc == HN_OK, !last);
			assert_null(out);
		}
		stand_free(b.stand);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_and_their_files_arrive),
		cmocka_unit_test(what_the_writer_never_sends_is_refused),
		cmocka_unit_test(a_stand_is_built_in_order_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
