/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/ask.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/bus/folder.h"

static void a_question_becomes_a_line_of_words(void **state)
{
	(void)state;
	static const struct {
		enum head_ask ask;
		const char *arguments;
		int err;
		const char *words;
	} cases[] = {
		{HEAD_EXPLAIN, "{\"name\":\"www.example\"}", HN_OK, "explain www.example - A"},
		{HEAD_EXPLAIN, "{\"name\":\"a\",\"client\":\"192.0.2.1\",\"type\":\"AAAA\"}", HN_OK,
		 "explain a 192.0.2.1 AAAA"},
		{HEAD_EXPLAIN, "{\"name\":\"日本.example\"}", HN_OK, "explain 日本.example - A"},
		{HEAD_SKETCH, "{\"name\":\"a\",\"more\":1}", HN_OK, "sketch a"},
		{HEAD_STATISTICS, "{}", HN_OK, "stats"},
		{HEAD_STATISTICS, "{\"name\":\"a\"}", HN_OK, "stats"},
		{HEAD_EXPLAIN, "{}", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "[]", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "{\"name\":1}", HN_EFORMAT, NULL},
		/* No argument becomes another command, or moves another argument. */
		{HEAD_EXPLAIN, "{\"name\":\"\"}", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "{\"name\":\"a\",\"client\":\"\"}", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "{\"name\":\"a\\nreload\"}", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "{\"name\":\"a\",\"type\":\"A\\rreload\"}", HN_EFORMAT, NULL},
		{HEAD_EXPLAIN, "{\"name\":\"a\",\"client\":\"- A\"}", HN_EFORMAT, NULL},
		{HEAD_SKETCH, "{\"name\":\"a\\u0000b\"}", HN_EFORMAT, NULL},
		{HEAD_SKETCH, "{\"name\":\"a\\u007f\"}", HN_EFORMAT, NULL},
		{HEAD_STATISTICS, "{\"name\":\" \"}", HN_EFORMAT, NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char words[ASK_WORDS_SIZE];
		int err = ask_words(cases[i].ask, cases[i].arguments, words);
		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].arguments, err);
		if (err == HN_OK)
			assert_string_equal(words, cases[i].words);
	}
}

static void what_is_too_long_is_not_cut(void **state)
{
	(void)state;
	/* "sketch " and a name, with the NUL. */
	for (size_t len = ASK_WORDS_SIZE - 10; len < ASK_WORDS_SIZE + 2; len++) {
		char arguments[ASK_WORDS_SIZE + 64], words[ASK_WORDS_SIZE];
		(void)snprintf(arguments, sizeof(arguments), "{\"name\":\"%0*d\"}", (int)len, 7);
		assert_int_equal(ask_words(HEAD_SKETCH, arguments, words),
				 len + 8 <= ASK_WORDS_SIZE ? HN_OK : HN_ELIMIT);
	}
}

/* ---- the socket, whose other side is a thread here ---- */

struct answering {
	int fd;
	const char *parts[4]; /* each sent by itself */
	size_t fill;          /* so many bytes instead */
	char heard[64];
};

static void *answer(void *data)
{
	struct answering *a = data;
	int fd = accept(a->fd, NULL, NULL);
	size_t got = 0;
	while (got < sizeof(a->heard) - 1 && (got == 0 || a->heard[got - 1] != '\n')) {
		ssize_t n = recv(fd, a->heard + got, sizeof(a->heard) - 1 - got, 0);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	for (size_t i = 0; i < COUNT(a->parts) && a->parts[i] != NULL; i++)
		(void)send(fd, a->parts[i], strlen(a->parts[i]), MSG_NOSIGNAL);
	while (a->fill-- > 0 && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		;
	(void)close(fd);
	return NULL;
}

static int ask(struct answering *a, struct buf *out)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	pthread_t thread;
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", in_folder("control"));
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(a->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(a->fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer, a), 0);
	int err = ask_control(at.sun_path, "stats", out);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(a->fd);
	assert_int_equal(unlink(at.sun_path), 0);
	return err;
}

static void an_answer_is_all_until_the_end(void **state)
{
	(void)state;
	static const struct {
		struct answering side;
		int err;
		const char *answer;
	} cases[] = {
		{{.parts = {"{\"a\":1}\n"}}, HN_OK, "{\"a\":1}"},
		{{.parts = {"{\"a\"", ":", "1}", "\n\n"}}, HN_OK, "{\"a\":1}"},
		{{.parts = {NULL}}, HN_OK, ""},
		{{.fill = 100}, HN_OK, NULL},
		{{.fill = 101}, HN_ELIMIT, NULL},
		{{.fill = 9000}, HN_ELIMIT, NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answering side = cases[i].side;
		struct buf out;
		buf_init(&out, 100);
		assert_int_equal(ask(&side, &out), cases[i].err);
		assert_string_equal(side.heard, "stats\n");
		if (cases[i].answer != NULL)
			assert_string_equal(out.data == NULL ? "" : out.data, cases[i].answer);
		buf_clear(&out);
	}
}

static void nobody_there_is_an_error(void **state)
{
	(void)state;
	struct buf out;
	char path[300];
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	buf_init(&out, 100);
	assert_int_equal(ask_control(in_folder("nobody"), "stats", &out), HN_EIO);
	assert_int_equal(ask_control(path, "stats", &out), HN_EIO);
	assert_int_equal(ask_control("", "stats", &out), HN_EIO);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_becomes_a_line_of_words),
		cmocka_unit_test(what_is_too_long_is_not_cut),
		cmocka_unit_test(an_answer_is_all_until_the_end),
		cmocka_unit_test(nobody_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
