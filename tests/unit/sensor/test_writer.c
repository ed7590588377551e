/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/writer.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "sensor/message.h"

/* A parser that says what is given and then ends. */
static pid_t parser_that(bool ready, int exit_code, int *pipe_out)
{
	const struct message m = {.type = MESSAGE_READY, .ready = {.confinement = {7, true, true}}};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t parser = fork();
	assert_true(parser >= 0);
	if (parser == 0) {
		struct buf b;
		buf_init(&b, MESSAGE_MAX);
		if (ready &&
		    (message_encode(&m, &b) != HN_OK || fd_write_all(ends[1], b.data, b.len) != HN_OK))
			_exit(99);
		if (exit_code < 0)
			(void)kill(getpid(), SIGKILL);
		_exit(exit_code);
	}
	(void)close(ends[1]);
	*pipe_out = ends[0];
	return parser;
}

/* How many lines writer_run() logs. */
static size_t lines_of(struct writer_options *options, int *code_out)
{
	char text[4096];
	struct writer_result result;
	int kept = dup(STDERR_FILENO);
	int log = memfd_create("log", MFD_CLOEXEC);
	assert_true(kept >= 0 && log >= 0 && dup2(log, STDERR_FILENO) >= 0);
	*code_out = writer_run(options, &result);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	ssize_t len = pread(log, text, sizeof(text), 0);
	(void)close(kept);
	(void)close(log);
	size_t lines = 0;
	for (ssize_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Who is left without a word by the parser hears one from the writer, and nobody hears two. */
static void says_once_why_the_parser_ended(void **state)
{
	static const struct {
		bool ready;
		int exit_code; /* -1: killed */
		int code;
		size_t lines;
	} cases[] = {
		{false, HN_EXIT_INPUT, HN_EXIT_INPUT, 0}, /* it could still say so itself */
		{false, HN_EXIT_UNFINISHED, HN_EXIT_UNFINISHED, 0},
		{false, HN_EXIT_DONE, HN_EXIT_UNFINISHED, 1},
		{true, HN_EXIT_UNFINISHED, HN_EXIT_UNFINISHED, 1},
		{true, HN_EXIT_DONE, HN_EXIT_UNFINISHED, 1},
		{true, -1, HN_EXIT_UNFINISHED, 1},
		{false, -1, HN_EXIT_UNFINISHED, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct writer_options options = {.input_count = 1};
		int code;
		options.parser = parser_that(cases[i].ready, cases[i].exit_code, &options.pipe_fd);
		size_t lines = lines_of(&options, &code);
		if (lines != cases[i].lines || code != cases[i].code)
			fail_msg("case %zu: exit code %d, %zu lines", i, code, lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(says_once_why_the_parser_ended)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
