/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/confine_service.h"

#include "../check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPENED  0
#define REFUSED 1
#define FAILED  2

static char within[] = "/tmp/hinomi-service-XXXXXX";
static char beside[64], inside[64];

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(within));
	(void)snprintf(inside, sizeof(inside), "%s/open", within);
	(void)snprintf(beside, sizeof(beside), "%s.closed", within);
	assert_return_code(close(open(inside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), errno);
	assert_return_code(close(open(beside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), errno);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	(void)unlink(inside);
	(void)unlink(beside);
	return rmdir(within);
}

static void rules_are_of_what_is_there(void **state)
{
	(void)state;
	struct service_rules rules = {0};
	service_rules_add(&rules, "/tmp/hinomi-service-is-not-there", CONFINE_READ);
	service_rules_add_folder_of(&rules, NULL, CONFINE_READ);
	service_rules_add_fd(&rules, -1, CONFINE_READ);
	assert_int_equal(rules.count, 0);
	service_rules_add_folder_of(&rules, inside, CONFINE_READ);
	service_rules_add_folder_of(&rules, "in-this-folder", CONFINE_READ);
	service_rules_add_folder_of(&rules, "/in-the-root", CONFINE_READ);
	assert_int_equal(rules.count, 3);
	for (int i = 0; i < SERVICE_RULES_MAX; i++)
		service_rules_add(&rules, within, CONFINE_WRITE);
	assert_int_equal(rules.count, SERVICE_RULES_MAX);
	service_rules_clear(&rules);
	assert_int_equal(rules.count, 0);
}

static int try_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? REFUSED : FAILED;
	(void)close(fd);
	return OPENED;
}

/* What one child of ours that is confined to the folder can do. @return its exit status */
static int confined(int (*attempt)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		struct service_rules rules = {0};
		struct confinement state = {0};
		struct fault fault;
		service_rules_add_folder_of(&rules, inside, CONFINE_READ);
		if (service_become(NULL, &state, &fault) != HN_OK ||
		    service_files(rules.all, rules.count, &state, &fault) != HN_OK)
			_exit(FAILED);
		_exit(state.landlock_abi == 0 ? 77 : attempt());
	}
	assert_return_code(child, errno);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

static int open_inside(void)
{
	return try_open(inside);
}

static int open_beside(void)
{
	return try_open(beside);
}

static void only_the_folders_of_the_rules_are_open(void **state)
{
	(void)state;
	int got = confined(open_inside);
	if (got == 77)
		skip(); /* no Landlock */
	assert_int_equal(got, OPENED);
	assert_int_equal(confined(open_beside), REFUSED);
}

/* @return the signal that ended a child with these calls, 0 */
static int with_calls(bool asks, void (*attempt)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		struct confinement state = {0};
		struct fault fault;
		if (service_become(NULL, &state, &fault) != HN_OK ||
		    service_calls(asks, &state, &fault) != HN_OK)
			_exit(FAILED);
		attempt();
		_exit(0);
	}
	assert_return_code(child, errno);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void make_socket(void)
{
	(void)close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* As getaddrinfo() does when a name server has answered. */
static void ask_how_much_waits(void)
{
	int waiting = 0;
	(void)ioctl(STDIN_FILENO, FIONREAD, &waiting);
}

static void begin_program(void)
{
	static char program[] = "/bin/true";
	char *const arguments[] = {program, NULL};
	(void)execve(arguments[0], arguments, arguments + 1);
}

static void sockets_are_for_those_who_ask_and_programs_for_nobody(void **state)
{
	(void)state;
	assert_int_equal(with_calls(true, make_socket), 0);
	assert_int_equal(with_calls(false, make_socket), SIGSYS);
	assert_int_equal(with_calls(true, ask_how_much_waits), 0);
	assert_int_equal(with_calls(true, begin_program), SIGSYS);
}

static void a_user_that_is_named_must_be_there(void **state)
{
	(void)state;
	struct fault fault = {0};
	const struct passwd *user;
	int wanted = geteuid() == 0 ? HN_ENOENT : HN_OK;
	assert_int_equal(service_user("no-such-user-here", "root", &user, &fault), wanted);
	assert_null(user);
	/* Root is no other user to become. */
	assert_int_equal(service_user(NULL, "root", &user, &fault), HN_OK);
	assert_null(user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_of_what_is_there),
		cmocka_unit_test(only_the_folders_of_the_rules_are_open),
		cmocka_unit_test(sockets_are_for_those_who_ask_and_programs_for_nobody),
		cmocka_unit_test(a_user_that_is_named_must_be_there),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
