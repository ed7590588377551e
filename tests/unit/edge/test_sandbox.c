/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/confine.h"
#include "tests/unit/bus/folder.h"

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* its version */) > 0;
}

static struct edge_files world(const char *sensor, const char *events)
{
	struct edge_files f = {.dir_fd = open(in_folder("edge"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	assert_true(f.dir_fd >= 0);
	(void)snprintf(f.sensor, sizeof(f.sensor), "%s", sensor);
	(void)snprintf(f.events, sizeof(f.events), "%s", events);
	return f;
}

static void put(const char *name)
{
	FILE *file = fopen(in_folder(name), "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static bool may(const char *name, int flags)
{
	int fd = open(in_folder(name), flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* What is tried after it closed, in a child. @return which expectation failed; 0: none */
static int live(struct edge_files *f, bool removes)
{
	struct edge_beside beside;
	struct fault fault = {0};
	if (edge_sandbox(f, &beside, &fault) != HN_OK)
		return 1;
	if (!may("edge/new", O_WRONLY | O_CREAT) || unlink(in_folder("edge/new")) != 0)
		return 2;
	if (!may("beside/file", O_RDONLY) || may("beside/file", O_WRONLY) ||
	    may("beside/new", O_WRONLY | O_CREAT))
		return 3;
	if (may("other/file", O_RDONLY) || may("other/new", O_WRONLY | O_CREAT))
		return 4;
	if (!may("../../etc/passwd", O_RDONLY))
		return 5;
	if ((unlink(in_folder("beside/file")) == 0) != removes)
		return 6;
	return edge_beside_replaced(&beside) ? 7 : 0;
}

static void it_reaches_its_folder_and_its_consumers(void **state)
{
	(void)state;
	if (confine_sanitized() || !has_landlock())
		skip();
	for (int resolver = 0; resolver < 2; resolver++) {
		put("beside/file");
		put("other/file");
		struct edge_files f =
			world(resolver ? "" : in_folder("beside"), resolver ? in_folder("beside") : "");
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(live(&f, resolver));
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		edge_files_close(&f);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static int open_sandbox(const char *dir, struct fault *fault)
{
	struct edge_files f = world("", dir);
	struct edge_beside beside;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int err = edge_sandbox(&f, &beside, fault);
		_exit(err == HN_OK ? 0 : fault->message[0] != '\0' && strcmp(fault->place, dir) == 0 ? 1 : 2);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	edge_files_close(&f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_folder_that_is_not_there_is_made(void **state)
{
	(void)state;
	struct fault fault = {0};
	struct stat st;
	if (confine_sanitized())
		skip();
	assert_int_equal(open_sandbox(in_folder("made"), &fault), 0);
	assert_int_equal(stat(in_folder("made"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(open_sandbox(in_folder("no/such"), &fault), 1);
	assert_int_equal(open_sandbox(in_folder("other/file"), &fault), 1);
}

static void another_in_its_place_is_noticed(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(stat(in_folder("beside"), &st), 0);
	struct edge_beside b = {.dir = in_folder("beside"), .device = st.st_dev, .inode = st.st_ino};
	assert_false(edge_beside_replaced(&b));
	assert_int_equal(rename(in_folder("beside"), in_folder("away")), 0);
	/* Gone is not another: it may come back. */
	assert_false(edge_beside_replaced(&b));
	assert_int_equal(mkdir(in_folder("beside"), 0700), 0);
	assert_true(edge_beside_replaced(&b));
	assert_int_equal(rmdir(in_folder("beside")), 0);
	assert_int_equal(rename(in_folder("away"), in_folder("beside")), 0);
	assert_false(edge_beside_replaced(&b));
	const struct edge_beside none = {.dir = ""};
	assert_false(edge_beside_replaced(&none));
}

static int make(void **state)
{
	static const char *const names[] = {"edge", "beside", "other"};
	int err = folder_make(state);
	for (size_t i = 0; err == 0 && i < COUNT(names); i++)
		err = mkdir(in_folder(names[i]), 0700);
	if (err == 0)
		put("other/file");
	return err;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reaches_its_folder_and_its_consumers),
		cmocka_unit_test(a_folder_that_is_not_there_is_made),
		cmocka_unit_test(another_in_its_place_is_noticed),
	};
	return cmocka_run_group_tests(tests, make, folder_remove);
}
