/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "wire/capture.h"

/* Chosen when the handler is set up: a signal handler may not look into the environment. */
static const char *guard_message;

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == BUS_ADRERR) {
		ssize_t ignored = write(STDERR_FILENO, guard_message, strlen(guard_message));
		(void)ignored;
		_exit(HN_EXIT_INPUT);
	}
	(void)signal(number, SIG_DFL); /* taken up on return, when the access is tried again */
}

void capture_guard(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};
	guard_message = tr(
		"hinomi: an input file became shorter while it was read; give a file that nobody writes to\n",
		"hinomi: "
		"入力ファイルが読み込み中に短くなりました。書き込み中でないファイルを指定してください\n");
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGBUS, &action, NULL);
}
