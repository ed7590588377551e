/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/remover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"

#define FILES 4

struct place {
	char root[64];
	int dir;
	struct remover_file files[FILES];
	int fd;
	pid_t remover;
};

static void make(int dir, const char *name, struct remover_file *out)
{
	struct stat st;
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	(void)close(fd);
	*out = (struct remover_file){name, dir, st.st_dev, st.st_ino};
}

static void place_init(struct place *p)
{
	static const char *const names[FILES] = {"a", "b", "c", "d"};
	int ends[2];
	(void)snprintf(p->root, sizeof(p->root), "/tmp/hinomi-remover-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	p->dir = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->dir >= 0);
	for (size_t i = 0; i < FILES; i++)
		make(p->dir, names[i], &p->files[i]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	p->remover = fork();
	assert_true(p->remover >= 0);
	if (p->remover == 0) {
		(void)close(ends[0]);
		remover_run(p->files, FILES - 1, ends[1]); /* "d" is not among those to be removed */
	}
	(void)close(ends[1]);
	p->fd = ends[0];
}

static bool there(const struct place *p, const char *name)
{
	return faccessat(p->dir, name, F_OK, 0) == 0;
}

static void place_clear(struct place *p)
{
	int status;
	(void)close(p->fd);
	assert_int_equal(waitpid(p->remover, &status, 0), p->remover);
	for (size_t i = 0; i < FILES; i++)
		(void)unlinkat(p->dir, p->files[i].base, 0);
	(void)close(p->dir);
	(void)rmdir(p->root);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == HN_EXIT_DONE);
}

static void removes_what_it_was_given_and_nothing_else(void **state)
{
	static const struct {
		uint32_t number;
		int error;
	} requests[] = {
		{0, 0},      {0, EINVAL},          {2, ESTALE}, {1, EINVAL}, /* numbers rise */
		{3, EINVAL}, {UINT32_MAX, EINVAL},
	};
	struct remover_file other;
	struct place p = {0};
	(void)state;
	place_init(&p);
	/* Another file takes the name of "c", which still lies elsewhere. */
	assert_int_equal(renameat(p.dir, "c", p.dir, "moved"), 0);
	make(p.dir, "c", &other);
	assert_int_equal(remover_ready(p.fd), HN_OK);
	for (size_t i = 0; i < COUNT(requests); i++) {
		int rc = remover_ask(p.fd, requests[i].number);
		if (rc != (requests[i].error == 0 ? HN_OK : HN_EIO) ||
		    (rc != HN_OK && errno != requests[i].error))
			fail_msg("request %zu: %s", i, hn_errno_text(errno));
	}
	assert_false(there(&p, "a"));
	assert_true(there(&p, "b") && there(&p, "c") && there(&p, "moved") && there(&p, "d"));
	(void)unlinkat(p.dir, "moved", 0);
	place_clear(&p);
}

static void a_file_that_is_gone_and_a_remover_that_is_gone_are_told(void **state)
{
	struct place p = {0};
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	place_init(&p);
	assert_int_equal(unlinkat(p.dir, "a", 0), 0);
	assert_int_equal(remover_ready(p.fd), HN_OK);
	assert_int_equal(remover_ask(p.fd, 0), HN_EIO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(shutdown(p.fd, SHUT_WR), 0);
	assert_int_equal(remover_ask(p.fd, 1), HN_EIO);
	assert_int_equal(errno, EPIPE);
	assert_true(there(&p, "b"));
	place_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removes_what_it_was_given_and_nothing_else),
		cmocka_unit_test(a_file_that_is_gone_and_a_remover_that_is_gone_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
