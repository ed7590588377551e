/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/confine.h"

#include "../check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer) ||       \
	HAS_FEATURE(thread_sanitizer) || HAS_FEATURE(memory_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define DONE    0  /* the attempt succeeded */
#define REFUSED 1  /* EACCES, EPERM, EXDEV */
#define OTHER   2  /* another error */
#define BROKEN  3  /* the sandbox could not be closed */
#define KILLED  -1 /* by SIGSYS */

/* A directory with what may be reached and what may not, and descriptors of both. */
struct place {
	char root[64];
	int inside, outside;
	int file; /* open from before */
	pid_t bystander;
};

static struct place place;

static int answer(long result)
{
	if (result >= 0)
		return DONE;
	return errno == EACCES || errno == EPERM || errno == EXDEV ? REFUSED : OTHER;
}

/* The kernel is asked directly, so that no library stands between the attempt and its answer. */
static int try_open(void)
{
	return answer(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0));
}

static int try_read_outside(void)
{
	return answer(syscall(SYS_openat, place.outside, "kept", O_RDONLY, 0));
}

static int try_list_outside(void)
{
	return answer(syscall(SYS_openat, place.outside, ".", O_RDONLY | O_DIRECTORY, 0));
}

static int try_create_outside(void)
{
	return answer(syscall(SYS_openat, place.outside, "new", O_WRONLY | O_CREAT, 0600));
}

static int try_truncate_outside(void)
{
	return answer(syscall(SYS_openat, place.outside, "kept", O_WRONLY | O_TRUNC, 0));
}

static int try_unlink_outside(void)
{
	return answer(syscall(SYS_unlinkat, place.outside, "kept", 0));
}

static int try_rename_out(void)
{
	return answer(syscall(SYS_renameat2, place.inside, "own", place.outside, "own", 0));
}

static int try_link_in(void)
{
	return answer(syscall(SYS_linkat, place.outside, "kept", place.inside, "kept", 0));
}

static int try_create_inside(void)
{
	return answer(syscall(SYS_openat, place.inside, "new", O_WRONLY | O_CREAT, 0600));
}

static int try_read_inside(void)
{
	return answer(syscall(SYS_openat, place.inside, "own", O_RDONLY, 0));
}

static int try_truncate_inside(void)
{
	return answer(syscall(SYS_openat, place.inside, "own", O_WRONLY | O_TRUNC, 0));
}

static int try_mkdir_inside(void)
{
	return answer(syscall(SYS_mkdirat, place.inside, "folder", 0700));
}

static int try_rename_inside(void)
{
	return answer(syscall(SYS_renameat2, place.inside, "own", place.inside, "renamed", 0));
}

static int try_unlink_inside(void)
{
	return answer(syscall(SYS_unlinkat, place.inside, "own", 0));
}

static int try_symlink_inside(void)
{
	return answer(syscall(SYS_symlinkat, "/etc/passwd", place.inside, "way-out"));
}

static int try_way_out(void)
{
	return answer(syscall(SYS_openat, place.inside, "../outside/kept", O_RDONLY, 0));
}

static int try_truncate_path(void)
{
	return answer(syscall(SYS_truncate, "/etc/hinomi-is-not-there", 0));
}

static int try_socket(void)
{
	return answer(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
}

static int try_unix_socket(void)
{
	return answer(syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0));
}

static int try_connect(void)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 1};
	return answer(syscall(SYS_connect, 0, &to, sizeof(to)));
}

static int try_fork(void)
{
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		syscall(SYS_exit_group, 0);
	return answer(child);
}

static int try_exec(void)
{
	char *const none[] = {NULL};
	return answer(syscall(SYS_execve, "/bin/true", none, none));
}

static int try_ptrace(void)
{
	return answer(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
}

static int try_kill(void)
{
	return answer(syscall(SYS_kill, place.bystander, SIGTERM));
}

static int try_read_memory_of_another(void)
{
	return answer(syscall(SYS_process_vm_readv, place.bystander, NULL, 0, NULL, 0, 0));
}

static int try_chmod(void)
{
	return answer(syscall(SYS_fchmodat, place.inside, "own", 0777));
}

static int try_executable_memory(void)
{
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int try_making_memory_executable(void)
{
	static _Alignas(4096) uint8_t page[4096];
	return answer(syscall(SYS_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC));
}

static int try_mapping_a_file(void)
{
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, place.file, 0));
}

static int try_mapping_a_program(void)
{
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, place.file, 0));
}

static int try_plain_memory(void)
{
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int try_what_glibc_probes(void)
{
	const long calls[] = {SYS_clone3, SYS_openat2, SYS_faccessat2};
	for (size_t i = 0; i < COUNT(calls); i++)
		if (syscall(calls[i], 0, 0, 0, 0) != -1 || errno != ENOSYS)
			return OTHER;
	return DONE;
}

static int try_computing(void)
{
	uint8_t *bytes = malloc(1u << 22);
	if (bytes == NULL)
		return OTHER;
	memset(bytes, 1, 1u << 22);
	int sum = bytes[12345] == 1 ? DONE : OTHER;
	free(bytes);
	return sum;
}

typedef int attempt_fn(void);

enum who {
	PARSER,  /* no file system; read and write */
	WRITER,  /* makes files below one directory */
	REMOVER, /* removes files below one directory */
	COMMAND, /* reads all, writes into the directory of its output */
	OPENER,  /* Landlock alone */
	YET_OPEN /* the attempt itself closes it */
};

static int close_sandbox(enum who who, unsigned abi_max, struct confinement *state)
{
	static const int parser_calls[] = {SCMP_SYS(read), SCMP_SYS(write)};
	static const int writer_calls[] = {SCMP_SYS(read),      SCMP_SYS(write),     SCMP_SYS(openat),
					   SCMP_SYS(mkdirat),   SCMP_SYS(renameat2), SCMP_SYS(unlinkat),
					   SCMP_SYS(ftruncate), SCMP_SYS(linkat)};
	const struct confine_rule rule = {.dir_fd = place.inside,
					  .rights = who == REMOVER ? CONFINE_REMOVE : CONFINE_WRITE};
	char output[80];
	const char *const outputs[] = {NULL, "-", output};
	if (who == YET_OPEN)
		return HN_OK;
	(void)snprintf(output, sizeof(output), "%s/inside/output", place.root);
	if (who == COMMAND)
		return confine_command(outputs, COUNT(outputs), NULL, abi_max, state);
	int rc = confine_identity(who == PARSER, false, state);
	if (rc == HN_OK)
		rc = confine_files(&rule, who == PARSER || who == OPENER ? 0 : 1, abi_max, state);
	if (rc == HN_OK && who == PARSER)
		rc = confine_calls(parser_calls, COUNT(parser_calls), state);
	if (rc == HN_OK && (who == WRITER || who == REMOVER))
		rc = confine_calls(writer_calls, COUNT(writer_calls), state);
	return rc;
}

static void write_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT, 0666);
	assert_true(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0);
}

static int group_setup(void **state)
{
	(void)state;
	const char *base = getenv("TMPDIR");
	(void)snprintf(place.root, sizeof(place.root), "%s/hinomi-confine-XXXXXX",
		       base != NULL && strlen(base) < 30 ? base : "/tmp");
	assert_non_null(mkdtemp(place.root));
	int root = open(place.root, O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0 && mkdirat(root, "inside", 0700) == 0 && mkdirat(root, "outside", 0700) == 0);
	place.inside = openat(root, "inside", O_RDONLY | O_DIRECTORY);
	place.outside = openat(root, "outside", O_RDONLY | O_DIRECTORY);
	write_file(place.outside, "kept");
	place.file = openat(place.outside, "kept", O_RDONLY);
	assert_true(place.file >= 0);
	(void)close(root);
	place.bystander = fork();
	if (place.bystander == 0)
		for (;;)
			(void)pause();
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	(void)kill(place.bystander, SIGKILL);
	(void)waitpid(place.bystander, NULL, 0);
	static const char *const names[] = {"own", "new", "renamed", "kept"};
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlinkat(place.inside, names[i], 0);
	(void)unlinkat(place.inside, "folder", AT_REMOVEDIR);
	(void)unlinkat(place.outside, "kept", 0);
	int root = open(place.root, O_RDONLY | O_DIRECTORY);
	(void)unlinkat(root, "inside", AT_REMOVEDIR);
	(void)unlinkat(root, "outside", AT_REMOVEDIR);
	(void)close(root);
	return rmdir(place.root);
}

/* Runs an attempt in a child behind the sandbox. */
static int behind(enum who who, unsigned abi_max, attempt_fn *attempt)
{
	write_file(place.inside, "own");
	(void)fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};
		struct confinement state = {0};
		(void)setrlimit(RLIMIT_CORE, &none);
		if (close_sandbox(who, abi_max, &state) != HN_OK)
			_exit(BROKEN);
		_exit(attempt());
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)unlinkat(place.inside, "new", 0);
	(void)unlinkat(place.inside, "renamed", 0);
	(void)unlinkat(place.inside, "folder", AT_REMOVEDIR);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	return WEXITSTATUS(status);
}

struct refusal_case {
	const char *name;
	attempt_fn *attempt;
	int parser, writer, remover, command;
	bool wider; /* the sanitizers' run time itself needs the call, so that their builds allow it */
};

static const struct refusal_case cases[] = {
	{"open a file by its path", try_open, KILLED, REFUSED, REFUSED, DONE, false},
	{"read outside", try_read_outside, KILLED, REFUSED, REFUSED, DONE, false},
	{"list outside", try_list_outside, KILLED, REFUSED, REFUSED, DONE, false},
	{"create outside", try_create_outside, KILLED, REFUSED, REFUSED, REFUSED, false},
	{"truncate outside", try_truncate_outside, KILLED, REFUSED, REFUSED, REFUSED, false},
	{"unlink outside", try_unlink_outside, KILLED, REFUSED, REFUSED, REFUSED, false},
	{"rename to outside", try_rename_out, KILLED, REFUSED, REFUSED, REFUSED, false},
	{"link from outside", try_link_in, KILLED, REFUSED, REFUSED, REFUSED, false},
	{"leave by ..", try_way_out, KILLED, REFUSED, REFUSED, DONE, false},
	{"create inside", try_create_inside, KILLED, DONE, REFUSED, DONE, false},
	{"read inside", try_read_inside, KILLED, DONE, REFUSED, DONE, false},
	{"truncate inside", try_truncate_inside, KILLED, DONE, REFUSED, DONE, false},
	{"make a directory inside", try_mkdir_inside, KILLED, DONE, REFUSED, DONE, false},
	{"rename inside", try_rename_inside, KILLED, DONE, REFUSED, DONE, false},
	{"unlink inside", try_unlink_inside, KILLED, DONE, DONE, DONE, false},
	{"symbolic link", try_symlink_inside, KILLED, KILLED, KILLED, KILLED, false},
	{"truncate a path", try_truncate_path, KILLED, KILLED, KILLED, KILLED, false},
	{"change a mode", try_chmod, KILLED, KILLED, KILLED, KILLED, false},
	{"a socket", try_socket, KILLED, KILLED, KILLED, KILLED, false},
	{"a local socket", try_unix_socket, KILLED, KILLED, KILLED, KILLED, false},
	{"connect", try_connect, KILLED, KILLED, KILLED, KILLED, false},
	{"a process", try_fork, KILLED, KILLED, KILLED, KILLED, false},
	{"a program", try_exec, KILLED, KILLED, KILLED, KILLED, false},
	{"trace", try_ptrace, KILLED, KILLED, KILLED, KILLED, false},
	{"a signal to another", try_kill, KILLED, KILLED, KILLED, KILLED, false},
	{"memory of another", try_read_memory_of_another, KILLED, KILLED, KILLED, KILLED, false},
	{"executable memory", try_executable_memory, KILLED, KILLED, KILLED, KILLED, true},
	{"make memory executable", try_making_memory_executable, KILLED, KILLED, KILLED, KILLED, true},
	{"map a file to execute it", try_mapping_a_program, KILLED, KILLED, KILLED, KILLED, true},
	{"map a file", try_mapping_a_file, KILLED, KILLED, KILLED, DONE, true},
	{"plain memory", try_plain_memory, DONE, DONE, DONE, DONE, false},
	{"what glibc probes for", try_what_glibc_probes, DONE, DONE, DONE, DONE, false},
	{"compute", try_computing, DONE, DONE, DONE, DONE, false},
};

static void check_all(unsigned abi_max)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct refusal_case *c = &cases[i];
		const int wanted[] = {c->parser, c->writer, c->remover, c->command};
		if (SANITIZED && c->wider)
			continue;
		for (unsigned who = PARSER; who <= COMMAND; who++) {
			/* A command's system calls stay open to the sanitizers' search for leaks. */
			if (SANITIZED && who == COMMAND &&
			    (wanted[who] == KILLED || c->attempt == try_what_glibc_probes))
				continue;
			int got = behind((enum who)who, abi_max, c->attempt);
			if (got != wanted[who])
				print_error("ABI %u, %s, sandbox %u: %d, not %d\n", abi_max, c->name, who,
					    got, wanted[who]);
			assert_int_equal(got, wanted[who]);
		}
	}
}

static void each_refusal_with_all_that_the_kernel_knows(void **state)
{
	(void)state;
	check_all(CONFINE_ABI_MAX);
}

/* ABI 2 is Debian 12's; truncation is no right of its own there, but opening to write is. */
static void each_refusal_with_landlock_abi_2(void **state)
{
	(void)state;
	check_all(2);
}

static int tell_abi(unsigned abi_max)
{
	struct confinement state = {0};
	if (close_sandbox(OPENER, abi_max, &state) != HN_OK)
		return BROKEN;
	return (int)(100 + state.landlock_abi);
}

static int abi_2(void)
{
	return tell_abi(2);
}

static void the_abi_in_force_is_told(void **state)
{
	(void)state;
	assert_int_equal(behind(YET_OPEN, 0, abi_2), 102);
}

static int files_without_filter(void)
{
	return try_read_inside() == REFUSED && try_create_inside() == REFUSED && try_open() == REFUSED
		       ? DONE
		       : OTHER;
}

static void landlock_alone_already_closes_the_file_system(void **state)
{
	(void)state;
	assert_int_equal(behind(OPENER, 1, files_without_filter), DONE);
	assert_int_equal(behind(OPENER, CONFINE_ABI_MAX, files_without_filter), DONE);
}

static int what_an_open_file_allows(void)
{
	char text[4];
	int fd = openat(place.inside, "own", O_RDONLY);
	struct confinement state = {0};
	if (fd < 0 || close_sandbox(PARSER, CONFINE_ABI_MAX, &state) != HN_OK)
		return BROKEN;
	return read(fd, text, sizeof(text)) == 4 && state.system_calls && state.landlock_abi > 0 ? DONE
												 : OTHER;
}

static void open_files_stay_usable(void **state)
{
	(void)state;
	assert_int_equal(behind(YET_OPEN, 0, what_an_open_file_allows), DONE);
}

/* Becoming another user resets what the kernel keeps of a process, so the order matters. */
static int what_is_given_up(void)
{
	struct confinement state = {0};
	if (confine_identity(true, false, &state) != HN_OK || !state.unprivileged)
		return BROKEN;
	if (geteuid() == 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return OTHER;
	return setuid(0) == 0 || chroot("/") == 0 ? OTHER : DONE;
}

static void a_parser_is_nobody_and_leaves_no_core(void **state)
{
	(void)state;
	assert_int_equal(behind(YET_OPEN, 0, what_is_given_up), DONE);
}

static bool bounds_nothing(void)
{
	unsigned long known = 0;
	for (int is_in; (is_in = prctl(PR_CAPBSET_READ, known, 0, 0, 0)) >= 0; known++)
		if (is_in > 0)
			return false;
	return known > 30;
}

static int as_a_service(void)
{
	struct confinement state = {0};
	return confine_to_user(65534, 65534, &state) == HN_OK && bounds_nothing() ? DONE : OTHER;
}

static int as_a_parser(void)
{
	struct confinement state = {0};
	return confine_identity(true, false, &state) == HN_OK && bounds_nothing() ? DONE : OTHER;
}

static int as_a_writer(void)
{
	struct confinement state = {0};
	return confine_identity(false, true, &state) == HN_OK && bounds_nothing() ? DONE : OTHER;
}

static int as_a_command(void)
{
	struct confinement state = {0};
	char text[4096];
	if (confine_command(NULL, 0, NULL, CONFINE_ABI_MAX, &state) != HN_OK)
		return BROKEN;
	/* Its filter leaves it no prctl(), but what /proc says of it. */
	int own = open("/proc/self/status", O_RDONLY);
	ssize_t n = own < 0 ? -1 : read(own, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, "\nCapBnd:\t0000000000000000\n") ? DONE : OTHER;
}

/* Twice: what is empty stays so, without the capability that empties it. */
static int as_a_service_again(void)
{
	return as_a_service() == DONE ? as_a_service() : BROKEN;
}

static void no_capability_can_come_back(void **state)
{
	static attempt_fn *const ways[] = {as_a_service, as_a_parser, as_a_writer, as_a_command,
					   as_a_service_again};
	(void)state;
	/* Only who may set capabilities can shrink what bounds them. */
	if (geteuid() != 0 || prctl(PR_CAPBSET_READ, 8, 0, 0, 0) != 1)
		skip();
	for (size_t i = 0; i < COUNT(ways); i++)
		assert_int_equal(behind(YET_OPEN, 0, ways[i]), DONE);
}

/* Its output may be a directory, there already or yet to be made. */
static int command_in(const char *dir, attempt_fn *attempt)
{
	struct confinement state = {0};
	char path[80];
	(void)snprintf(path, sizeof(path), "%s/%s", place.root, dir);
	return confine_command(NULL, 0, path, CONFINE_ABI_MAX, &state) == HN_OK ? attempt() : BROKEN;
}

static int into_a_directory(void)
{
	return command_in("inside", try_create_inside);
}

static int beside_a_directory(void)
{
	return command_in("inside", try_create_outside);
}

static int into_a_new_directory(void)
{
	return command_in("inside/folder", try_mkdir_inside);
}

static int into_the_working_directory(void)
{
	static const char *const outputs[] = {"output"};
	struct confinement state = {0};
	if (fchdir(place.inside) != 0 || confine_command(outputs, 1, NULL, CONFINE_ABI_MAX, &state) != HN_OK)
		return BROKEN;
	return try_create_inside() == DONE && try_create_outside() == REFUSED ? DONE : OTHER;
}

static int no_output_at_all(void)
{
	struct confinement state = {0};
	if (confine_command(NULL, 0, NULL, CONFINE_ABI_MAX, &state) != HN_OK || state.landlock_abi == 0 ||
	    state.system_calls == SANITIZED)
		return BROKEN;
	return try_create_inside() == REFUSED && try_read_inside() == DONE ? DONE : OTHER;
}

static int an_output_that_cannot_be(void)
{
	static const char *const outputs[] = {"/nowhere/at/all", "/"};
	struct confinement state = {0};
	if (confine_command(outputs, 1, NULL, CONFINE_ABI_MAX, &state) != HN_OK)
		return BROKEN;
	return try_create_inside() == REFUSED && open(outputs[0], O_WRONLY | O_CREAT, 0600) < 0 &&
			       errno == ENOENT
		       ? DONE
		       : OTHER;
}

static int too_many_outputs(void)
{
	static const char *const outputs[CONFINE_FILES_MAX + 1] = {"a"};
	struct confinement state = {0};
	return confine_command(outputs, COUNT(outputs), NULL, CONFINE_ABI_MAX, &state) == HN_ELIMIT &&
			       try_open() == DONE
		       ? DONE
		       : OTHER;
}

/* A command started by root keeps one capability, and can never gain one; what /proc says of it stays open to
 * it. */
static int what_a_command_keeps(void)
{
	struct confinement state = {0};
	int before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (confine_command(NULL, 0, NULL, CONFINE_ABI_MAX, &state) != HN_OK)
		return BROKEN;
	bool root = geteuid() == 0;
	if (SANITIZED &&
	    (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != before))
		return OTHER;
	int own = open("/proc/self/maps", O_RDONLY);
	return own >= 0 && state.unprivileged == !root ? DONE : OTHER;
}

static void a_command_writes_where_its_output_is(void **state)
{
	(void)state;
	assert_int_equal(behind(YET_OPEN, 0, into_a_directory), DONE);
	assert_int_equal(behind(YET_OPEN, 0, beside_a_directory), REFUSED);
	assert_int_equal(behind(YET_OPEN, 0, into_a_new_directory), DONE);
	assert_int_equal(behind(YET_OPEN, 0, into_the_working_directory), DONE);
	assert_int_equal(behind(YET_OPEN, 0, no_output_at_all), DONE);
	assert_int_equal(behind(YET_OPEN, 0, an_output_that_cannot_be), DONE);
	assert_int_equal(behind(YET_OPEN, 0, too_many_outputs), DONE);
	assert_int_equal(behind(YET_OPEN, 0, what_a_command_keeps), DONE);
}

static void *forbidden(void *context)
{
	(void)context;
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static pthread_barrier_t closed;

static void *wait_then_try(void *context)
{
	(void)pthread_barrier_wait(&closed);
	return forbidden(context);
}

static int what_an_older_thread_may(void)
{
	static const int none[] = {SCMP_SYS(read)};
	struct confinement state = {0};
	pthread_t thread;
	if (pthread_barrier_init(&closed, NULL, 2) != 0 ||
	    pthread_create(&thread, NULL, wait_then_try, NULL) != 0 ||
	    confine_calls(none, 1, &state) != HN_OK)
		return BROKEN;
	(void)pthread_barrier_wait(&closed);
	(void)pthread_join(thread, NULL);
	return DONE;
}

static void the_filter_holds_for_threads_that_were_there(void **state)
{
	(void)state;
	assert_int_equal(behind(YET_OPEN, 0, what_an_older_thread_may), KILLED);
}

/* ---- who speaks to the internet alone ---- */

static attempt_fn *outward;

static int as_who_asks_servers(void)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(connect),
				    SCMP_SYS(rt_sigaction)};
	struct confinement state = {0};
	return confine_internet_calls(calls, COUNT(calls), &state) == HN_OK ? outward() : BROKEN;
}

static int try_local_socket_by_its_error(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT ? REFUSED : OTHER;
}

static int try_packet_socket(void)
{
	return answer(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0));
}

static void *nothing(void *context)
{
	return context;
}

static int try_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0 ? DONE
												    : OTHER;
}

static int try_how_much_waits(void)
{
	int waiting = -1;
	return ioctl(place.file, FIONREAD, &waiting) == 0 || errno == ENOTTY ? DONE : OTHER;
}

static void who_asks_servers_meets_nobody_here(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		attempt_fn *attempt;
		int wanted;
	} rows[] = {
		{"a socket", try_socket, DONE},
		{"a local socket", try_local_socket_by_its_error, REFUSED},
		{"a raw socket", try_packet_socket, KILLED},
		{"a thread", try_thread, DONE},
		{"a process", try_fork, KILLED},
		{"a program", try_exec, KILLED},
		{"how much waits", try_how_much_waits, DONE},
		{"open a file", try_open, KILLED},
		{"a signal to another", try_kill, KILLED},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		outward = rows[i].attempt;
		int got = behind(YET_OPEN, 0, as_who_asks_servers);
		if (got != rows[i].wanted)
			print_error("%s: %d, not %d\n", rows[i].name, got, rows[i].wanted);
		assert_int_equal(got, rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_with_all_that_the_kernel_knows),
		cmocka_unit_test(each_refusal_with_landlock_abi_2),
		cmocka_unit_test(the_abi_in_force_is_told),
		cmocka_unit_test(landlock_alone_already_closes_the_file_system),
		cmocka_unit_test(open_files_stay_usable),
		cmocka_unit_test(a_parser_is_nobody_and_leaves_no_core),
		cmocka_unit_test(no_capability_can_come_back),
		cmocka_unit_test(a_command_writes_where_its_output_is),
		cmocka_unit_test(the_filter_holds_for_threads_that_were_there),
		cmocka_unit_test(who_asks_servers_meets_nobody_here),
	};
	struct confinement state = {0};
	pid_t child = fork();
	if (child == 0)
		_exit(confine_files(NULL, 0, CONFINE_ABI_MAX, &state) == HN_EUNSUPPORTED ? 77 : 0);
	int status = 0;
	(void)waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		(void)printf("1..0 # SKIP this kernel has no Landlock\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
