/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/lang.h"
#include "tests/unit/check.h"

static int echo(void *context, const char *const args[], size_t count, struct buf *answer,
		struct fault *fault)
{
	(void)fault;
	++*(int *)context;
	buf_addc(answer, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_addc(answer, ',');
		buf_json_string(answer, args[i], strlen(args[i]));
	}
	buf_addc(answer, ']');
	return HN_OK;
}

static int break_off(void *context, const char *const args[], size_t count, struct buf *answer,
		     struct fault *fault)
{
	(void)context;
	(void)args;
	(void)count;
	buf_adds(answer, "half");
	return fault_set(fault, HN_EIO, "file", "it broke");
}

static int fail_silently(void *context, const char *const args[], size_t count, struct buf *answer,
			 struct fault *fault)
{
	(void)context;
	(void)args;
	(void)count;
	(void)answer;
	(void)fault;
	return HN_ENOENT;
}

static int nothing(void *context, const char *const args[], size_t count, struct buf *answer,
		   struct fault *fault)
{
	(void)context;
	(void)args;
	(void)count;
	(void)answer;
	(void)fault;
	return HN_OK;
}

static int large(void *context, const char *const args[], size_t count, struct buf *answer,
		 struct fault *fault)
{
	(void)context;
	(void)args;
	(void)count;
	(void)fault;
	buf_addc(answer, '"');
	for (int i = 0; i < 500000; i++)
		buf_addc(answer, 'x');
	buf_addc(answer, '"');
	return HN_OK;
}

static const struct control_command commands[] = {
	{"echo", 0, 7, echo},
	{"one", 1, 1, echo},
	{"fail", 0, 0, break_off},
	{"none", 0, 0, fail_silently},
	{"nothing", 0, 0, nothing},
	{"large", 0, 0, large},
	{0},
};

static void answers_a_line(void **state)
{
	static const struct {
		const char *request;
		const char *answer;
	} cases[] = {
		{"echo\n", "{\"ok\":true,\"answer\":[]}\n"},
		{"echo a 火\n", "{\"ok\":true,\"answer\":[\"a\",\"火\"]}\n"},
		{"echo a\necho b\n", "{\"ok\":true,\"answer\":[\"a\"]}\n"},
		{"echo 1 2 3 4 5 6 7\n",
		 "{\"ok\":true,\"answer\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]}\n"},
		{"nothing\n", "{\"ok\":true,\"answer\":null}\n"},
		{"fail\n", "{\"ok\":false,\"error\":\"file: it broke\"}\n"},
		{"none\n", "{\"ok\":false,\"error\":\"is not there\"}\n"},
		{"one\n", "{\"ok\":false,\"error\":\"wrong number of arguments\"}\n"},
		{"one a b\n", "{\"ok\":false,\"error\":\"wrong number of arguments\"}\n"},
		{"other\n", "{\"ok\":false,\"error\":\"no such command\"}\n"},
	};
	static const char *const broken[] = {"\n",          " echo\n",     "echo \n",
					     "echo  a\n",   "echo a\tb\n", "echo \x7f\n",
					     "echo \xff\n", "echo a\r\n",  "echo 1 2 3 4 5 6 7 8\n"};
	(void)state;
	int count = 0;
	struct buf out;
	buf_init(&out, 1u << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].request);
		uint8_t *request = exact_copy(cases[i].request, len);
		buf_reset(&out);
		assert_int_equal(control_respond(commands, &count, (const char *)request, len, false, &out),
				 HN_OK);
		assert_string_equal(out.data, cases[i].answer);
		free(request);
	}
	for (size_t i = 0; i < COUNT(broken); i++) {
		buf_reset(&out);
		assert_int_equal(control_respond(commands, &count, broken[i], strlen(broken[i]), false, &out),
				 HN_OK);
		assert_non_null(strstr(out.data, "words of text"));
	}
	buf_clear(&out);
}

static void waits_for_the_line(void **state)
{
	static const char request[] = "echo some words\n";
	char longest[CONTROL_LINE_MAX];
	(void)state;
	int count = 0;
	struct buf out;
	buf_init(&out, 1u << 16);
	for (size_t n = 0; n < sizeof(request) - 1; n++) {
		uint8_t *cut = exact_copy(request, n);
		assert_int_equal(control_respond(commands, &count, (const char *)cut, n, false, &out),
				 HN_ETRUNC);
		assert_int_equal(out.len, 0);
		assert_int_equal(control_respond(commands, &count, (const char *)cut, n, true, &out), HN_OK);
		assert_non_null(strstr(out.data, "one line"));
		buf_reset(&out);
		free(cut);
	}
	assert_int_equal(count, 0);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(control_respond(commands, &count, longest, sizeof(longest), false, &out), HN_OK);
	assert_non_null(strstr(out.data, "\"ok\":false"));
	buf_clear(&out);
}

struct world {
	char dir[40];
	char path[64];
	int fd, count;
	struct control *control;
};

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/hinomi-control-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/socket", w->dir);
	assert_int_equal(control_listen(w->path, (uid_t)-1, &w->fd, NULL), HN_OK);
	assert_int_equal(control_start(w->fd, commands, &w->count, &w->control), HN_OK);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	control_stop(w->control);
	(void)unlink(w->path);
	assert_int_equal(rmdir(w->dir), 0);
	free(w);
	return 0;
}

static void serves_the_socket(void **state)
{
	struct world *w = *state;
	const char *const hello[] = {"echo", "hello"};
	const char *const big[] = {"large"};
	struct buf answer;
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	buf_init(&answer, 2 * CONTROL_ANSWER_MAX);
	for (int i = 0; i < 20; i++) {
		buf_reset(&answer);
		assert_int_equal(control_ask(w->path, hello, 2, &answer), HN_OK);
		assert_string_equal(answer.data, "{\"ok\":true,\"answer\":[\"hello\"]}\n");
	}
	buf_reset(&answer);
	assert_int_equal(control_ask(w->path, big, 1, &answer), HN_OK);
	assert_true(answer.len > 500000);
	buf_clear(&answer);
}

/* Clients that say nothing take a place until a newer one wants it. */
static void is_not_held_up_by_the_silent(void **state)
{
	struct world *w = *state;
	const char *const hello[] = {"echo"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int silent[20];
	struct buf answer;

	memcpy(address.sun_path, w->path, strlen(w->path));
	for (size_t i = 0; i < COUNT(silent); i++) {
		silent[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(silent[i], (const struct sockaddr *)&address, sizeof(address)), 0);
		assert_int_equal(send(silent[i], "echo", i % 5, MSG_NOSIGNAL), (int)(i % 5));
	}
	buf_init(&answer, 1024);
	assert_int_equal(control_ask(w->path, hello, 1, &answer), HN_OK);
	assert_string_equal(answer.data, "{\"ok\":true,\"answer\":[]}\n");
	buf_clear(&answer);
	for (size_t i = 0; i < COUNT(silent); i++)
		(void)close(silent[i]);
}

static void takes_over_what_was_left(void **state)
{
	struct world *w = *state;
	struct fault fault = {0};
	int fd;

	assert_int_equal(control_listen(w->path, (uid_t)-1, &fd, &fault), HN_EEXIST);
	assert_non_null(strstr(fault.message, "another process"));
	control_stop(w->control);
	assert_int_equal(control_listen(w->path, (uid_t)-1, &fd, &fault), HN_OK);
	assert_int_equal(control_start(fd, commands, &w->count, &w->control), HN_OK);
	serves_the_socket(state);
}

static void leaves_other_files_alone(void **state)
{
	struct world *w = *state;
	struct fault fault = {0};
	char path[80];
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/file", w->dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	(void)fclose(f);
	assert_int_equal(control_listen(path, (uid_t)-1, &fd, &fault), HN_EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/none/socket", w->dir);
	assert_int_equal(control_listen(path, (uid_t)-1, &fd, &fault), HN_ENOENT);
	assert_int_equal(fd, -1);
	char longer[200];
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(control_listen(longer, (uid_t)-1, &fd, &fault), HN_ELIMIT);
}

static void says_why_it_could_not_ask(void **state)
{
	struct world *w = *state;
	const char *const hello[] = {"echo"};
	const char *const broken[] = {"echo", "two words"};
	const char *const empty[] = {""};
	struct buf answer, small;

	buf_init(&answer, 1024);
	buf_init(&small, 8);
	assert_int_equal(control_ask(w->path, broken, 2, &answer), HN_EFORMAT);
	assert_int_equal(control_ask(w->path, empty, 1, &answer), HN_EFORMAT);
	assert_int_equal(control_ask(w->path, hello, 1, &small), HN_ELIMIT);
	control_stop(w->control);
	w->control = NULL;
	assert_int_equal(control_ask(w->path, hello, 1, &answer), HN_ENOENT);
	assert_int_equal(control_ask("/nowhere/at/all", hello, 1, &answer), HN_ENOENT);
	assert_int_equal(answer.len, 0);
	buf_clear(&answer);
	buf_clear(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_a_line),
		cmocka_unit_test(waits_for_the_line),
		cmocka_unit_test_setup_teardown(serves_the_socket, begin, end),
		cmocka_unit_test_setup_teardown(is_not_held_up_by_the_silent, begin, end),
		cmocka_unit_test_setup_teardown(takes_over_what_was_left, begin, end),
		cmocka_unit_test_setup_teardown(leaves_other_files_alone, begin, end),
		cmocka_unit_test_setup_teardown(says_why_it_could_not_ask, begin, end),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
