/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "hub/exchange/credential.h"
#include "hub/exchange/fetch_curl.h"

#define KEEPER_FD 3
#define FILES_MAX 64 /* descriptors of a process */

/* ---- the hub's side ---- */

/* What the program may learn from the hub's environment: the language, and how sanitizers report. */
static const char *const passed_on[] = {"HINOMI_LANG=",  "LC_ALL=",        "LC_MESSAGES=",  "LANG=",
					"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS="};

#define PASSED_ON (sizeof(passed_on) / sizeof(passed_on[0]))

static void choose_environment(char *out[PASSED_ON + 1])
{
	size_t count = 0;
	for (char **at = environ; *at != NULL; at++)
		for (size_t i = 0; i < PASSED_ON && count < PASSED_ON; i++)
			if (strncmp(*at, passed_on[i], strlen(passed_on[i])) == 0)
				out[count++] = *at;
	out[count] = NULL;
}

/* Standard input and output lead nowhere; faults are still told on standard error. */
static _Noreturn void become_keeper(int fd, pid_t hub)
{
	char name[] = "hinomi-hub", command[] = FETCH_PROCESS_COMMAND, parent[24];
	char *arguments[] = {name, command, parent, NULL};
	char *environment[PASSED_ON + 1];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int keep[] = {KEEPER_FD};
	(void)snprintf(parent, sizeof(parent), "%ld", (long)hub);
	choose_environment(environment);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    (fd == KEEPER_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, KEEPER_FD)) >= 0 &&
	    fd_close_except(keep, 1) == HN_OK)
		(void)execve("/proc/self/exe", arguments, environment);
	_exit(HN_EXIT_UNFINISHED);
}

/* What the keeper is given a socket for. */
enum passed { PASSED_SESSION = 1, PASSED_KEEPER = 2 };

/* One byte with the descriptor beside it. */
struct passing {
	struct msghdr message;
	struct iovec part;
	uint8_t byte;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

static void passing_init(struct passing *p)
{
	memset(p, 0, sizeof(*p));
	p->part = (struct iovec){.iov_base = &p->byte, .iov_len = 1};
	p->message.msg_iov = &p->part;
	p->message.msg_iovlen = 1;
	p->message.msg_control = p->control.bytes;
	p->message.msg_controllen = sizeof(p->control.bytes);
}

/* @return whether the keeper has it */
static bool pass(int keeper_fd, enum passed what, int fd)
{
	struct passing p;
	passing_init(&p);
	p.byte = (uint8_t)what;
	struct cmsghdr *c = CMSG_FIRSTHDR(&p.message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	ssize_t n;
	do
		n = sendmsg(keeper_fd, &p.message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

struct fetch_keeper {
	pthread_mutex_t lock; /* guards what follows */
	int fd, reserve_fd;   /* -1: none */
};

/* By the keeper, since the hub begins no program any more. */
static void begin_reserve(struct fetch_keeper *k)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return;
	if (pass(k->fd, PASSED_KEEPER, ends[1]))
		k->reserve_fd = ends[0];
	else
		(void)close(ends[0]);
	(void)close(ends[1]);
}

static int begin_keeper(int *fd_out, struct fault *fault)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set(fault, HN_EIO, "socketpair", "%s", hn_errno_text(errno));
	pid_t hub = getpid();
	(void)signal(SIGCHLD, SIG_IGN); /* one that dies leaves nothing behind to be asked about */
	pid_t pid = fork();
	if (pid == 0)
		become_keeper(ends[1], hub);
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return fault_set(fault, HN_EIO, "fork", "%s", hn_errno_text(errno));
	}
	*fd_out = ends[0];
	return HN_OK;
}

int fetch_process_start(struct fetch_keeper **out, struct fault *fault)
{
	struct fetch_keeper *k = malloc(sizeof(*k));
	if (k == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	*k = (struct fetch_keeper){.fd = -1, .reserve_fd = -1};
	(void)pthread_mutex_init(&k->lock, NULL);
	int err = begin_keeper(&k->fd, fault);
	if (err != HN_OK) {
		fetch_process_end(k);
		return err;
	}
	begin_reserve(k);
	*out = k;
	return HN_OK;
}

static bool take_reserve(struct fetch_keeper *k)
{
	if (k->reserve_fd < 0)
		return false;
	(void)close(k->fd);
	k->fd = k->reserve_fd;
	k->reserve_fd = -1;
	begin_reserve(k);
	return true;
}

int fetch_process_new(struct fetch_keeper *keeper, int session_fd, struct fault *fault)
{
	(void)pthread_mutex_lock(&keeper->lock);
	bool passed = pass(keeper->fd, PASSED_SESSION, session_fd);
	if (!passed && take_reserve(keeper))
		passed = pass(keeper->fd, PASSED_SESSION, session_fd);
	(void)pthread_mutex_unlock(&keeper->lock);
	if (passed)
		return HN_OK;
	return fault_set(fault, HN_EIO, "", "%s",
			 tr("the processes that begin fetching have ended; restart the hub",
			    "取得を開始するプロセスが終了している。ハブを再起動すること"));
}

void fetch_process_end(struct fetch_keeper *keeper)
{
	if (keeper == NULL)
		return;
	if (keeper->fd >= 0)
		(void)close(keeper->fd);
	if (keeper->reserve_fd >= 0)
		(void)close(keeper->reserve_fd);
	(void)pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

/* ---- a session, in its own process ---- */

struct session {
	int fd;
	struct fetch_curl *curl;
	struct source_credential credential;
	bool has_credential, credential_bad;
	uint8_t payload[FETCH_PAYLOAD_MAX];
};

static int say(int fd, enum fetch_frame kind, const void *data, size_t len)
{
	uint8_t head[FETCH_HEAD_SIZE];
	fetch_head_write(head, kind, len);
	int err = fd_write_all(fd, head, sizeof(head));
	return err == HN_OK ? fd_write_all(fd, data, len) : err;
}

static bool take(void *context, const void *data, size_t len)
{
	const struct session *s = context;
	const uint8_t *at = data;
	while (len > 0) {
		size_t piece = len < FETCH_PAYLOAD_MAX ? len : FETCH_PAYLOAD_MAX;
		if (say(s->fd, FETCH_BODY, at, piece) != HN_OK)
			return false;
		at += piece;
		len -= piece;
	}
	return true;
}

/* The hub closes its end where it does not wait any more. */
static bool gone(void *context)
{
	const struct session *s = context;
	struct pollfd p = {.fd = s->fd, .events = POLLRDHUP};
	return poll(&p, 1, 0) > 0;
}

static int do_job(struct session *s, size_t len)
{
	static struct fetch_job job;
	struct fetch_result result = {.failure = FETCH_BAD_CREDENTIAL};
	const struct fetch_sink sink = {take, gone, s};
	struct buf b;
	int err = fetch_job_read(cur_of(s->payload, len), &job);
	if (err != HN_OK)
		return err;
	if (!s->credential_bad)
		fetch_curl_get(s->curl, &job, s->has_credential ? &s->credential : NULL, &sink, &result);
	buf_init(&b, FETCH_PAYLOAD_MAX);
	err = fetch_result_write(&result, &b);
	if (err == HN_OK)
		err = say(s->fd, FETCH_END, b.data, b.len);
	buf_clear(&b);
	return err;
}

static int read_credential(struct session *s, size_t len)
{
	struct source_credential read;
	struct fault unseen;
	int err = source_credential_read((const char *)s->payload, len, &read, &unseen);
	sodium_memzero(s->payload, len);
	if (err == HN_OK) {
		source_credential_clear(&s->credential);
		s->credential = read;
	}
	s->has_credential = err == HN_OK;
	s->credential_bad = err != HN_OK;
	return HN_OK;
}

static int read_frame(struct session *s)
{
	uint8_t head[FETCH_HEAD_SIZE];
	enum fetch_frame kind = FETCH_END;
	size_t got = 0, len = 0;
	int err = fd_read_full(s->fd, head, sizeof(head), &got);
	if (err == HN_OK && got != sizeof(head))
		err = HN_ETRUNC;
	if (err == HN_OK)
		err = fetch_head_read(head, &kind, &len);
	if (err == HN_OK)
		err = fd_read_full(s->fd, s->payload, len, &got);
	if (err == HN_OK && got != len)
		err = HN_ETRUNC;
	if (err != HN_OK)
		return err;
	return kind == FETCH_CREDENTIAL ? read_credential(s, len)
	       : kind == FETCH_JOB      ? do_job(s, len)
					: HN_EFORMAT;
}

/* What asking a server takes: sockets of the internet, names, certificates of /etc. */
static int close_session_calls(void)
{
	static const int calls[] = {
		SCMP_SYS(bind), /* the kernel's own sockets; Landlock keeps TCP's ports closed */
		SCMP_SYS(connect),
		SCMP_SYS(getpeername),
		SCMP_SYS(getsockname),
		SCMP_SYS(getsockopt),
		SCMP_SYS(recvfrom),
		SCMP_SYS(recvmmsg),
		SCMP_SYS(recvmsg),
		SCMP_SYS(sendmmsg),
		SCMP_SYS(sendmsg),
		SCMP_SYS(sendto),
		SCMP_SYS(setsockopt),
		SCMP_SYS(shutdown),
		SCMP_SYS(socketpair),
		SCMP_SYS(eventfd2),
		SCMP_SYS(pipe2),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(nanosleep),
		SCMP_SYS(access),
		SCMP_SYS(faccessat),
		SCMP_SYS(fcntl),
		SCMP_SYS(fstat),
		SCMP_SYS(getdents64),
		SCMP_SYS(lseek),
		SCMP_SYS(lstat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(pread64),
		SCMP_SYS(read),
		SCMP_SYS(readlink),
		SCMP_SYS(readv),
		SCMP_SYS(stat),
		SCMP_SYS(statx),
		SCMP_SYS(write),
		SCMP_SYS(writev),
		SCMP_SYS(getegid),
		SCMP_SYS(geteuid),
		SCMP_SYS(getgid),
		SCMP_SYS(getuid),
		SCMP_SYS(getcpu),
		SCMP_SYS(membarrier),
		SCMP_SYS(mlock),
		SCMP_SYS(mlock2),
		SCMP_SYS(prlimit64),
		SCMP_SYS(rt_sigaction),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(sysinfo),
		SCMP_SYS(uname),
	};
	struct confinement state = {0};
	return confine_internet_calls(calls, sizeof(calls) / sizeof(calls[0]), &state);
}

static _Noreturn void run_session(int fd, pid_t keeper)
{
	static struct session s;
	s.fd = fd;
	int err = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == keeper ? HN_OK : HN_EIO;
	if (err == HN_OK)
		err = fetch_curl_new(&s.curl);
	if (err == HN_OK)
		err = close_session_calls();
	while (err == HN_OK)
		err = read_frame(&s);
	source_credential_clear(&s.credential);
	_exit(HN_EXIT_DONE);
}

/* ---- the keeper ---- */

/* Ends with who began it. The kernel forgets such a wish when the user changes, so it comes after that. */
static int end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return HN_EIO;
	return getppid() == parent ? HN_OK : HN_ESTATE;
}

static int close_files(void)
{
	static const char *const folders[] = {"/etc", "/usr/share/ca-certificates"};
	struct confine_rule rules[sizeof(folders) / sizeof(folders[0])];
	struct confinement state = {0};
	size_t count = 0;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int dir = open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0)
			rules[count++] = (struct confine_rule){dir, CONFINE_READ};
	}
	int err = confine_service_files(rules, count, CONFINE_ABI_MAX, &state);
	for (size_t i = 0; i < count; i++)
		(void)close(rules[i].dir_fd);
	/* The hub says in its log that such a kernel guards files by the user's rights alone. */
	return err == HN_EUNSUPPORTED ? HN_OK : err;
}

static void limit(void)
{
	const struct rlimit none = {0, 0}, few = {FILES_MAX, FILES_MAX};
	(void)setrlimit(RLIMIT_CORE, &none);
	if (!confine_sanitized()) /* which writes its reports */
		(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setrlimit(RLIMIT_NOFILE, &few);
}

static int begin(pid_t parent)
{
	struct confinement state = {0};
	/* A terminal's or a service manager's signals are for the hub, which ends us. */
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD};
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	int err = fetch_curl_begin();
	if (err == HN_OK)
		err = confine_identity(true, false, &state);
	if (err == HN_OK)
		err = end_with(parent);
	if (err == HN_OK)
		err = close_files();
	if (err == HN_OK)
		limit();
	return err;
}

/* @return the descriptor that came; -1: none, *end_out: nor will any */
static int receive(int fd, enum passed *what_out, bool *end_out)
{
	struct passing p;
	int passed;
	passing_init(&p);
	ssize_t n = recvmsg(fd, &p.message, MSG_CMSG_CLOEXEC);
	*end_out = n == 0 || (n < 0 && errno != EINTR);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&p.message) : NULL;
	if (c == NULL || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&passed, CMSG_DATA(c), sizeof(passed));
	*what_out = (enum passed)p.byte;
	return passed;
}

/* A reserve is a child that goes on here with a socket of its own; it outlives us, and ends with the hub,
 * which alone has the other end. */
static void serve(int fd)
{
	for (bool end = false; !end;) {
		enum passed what;
		pid_t keeper = getpid();
		int passed = receive(fd, &what, &end);
		if (passed < 0)
			continue;
		bool child = fork() == 0;
		if (child && what == PASSED_SESSION) {
			(void)close(fd);
			run_session(passed, keeper);
		}
		(void)close(child ? fd : passed);
		if (child)
			fd = passed;
	}
}

void fetch_process_keep(int fd, pid_t parent)
{
	int err = begin(parent);
	if (err == HN_OK)
		serve(fd);
	else if (err != HN_ESTATE)
		log_line(LOG_LEVEL_ERROR,
			 tr("fetching cannot be confined, and does not begin: %s",
			    "取得プロセスを隔離できないため、開始しない: %s"),
			 err == HN_EIO ? hn_errno_text(errno) : hn_strerror(err));
	_exit(err == HN_OK ? HN_EXIT_DONE : HN_EXIT_UNFINISHED);
}

int fetch_process_main(int argc, char **argv)
{
	int type = 0;
	socklen_t len = sizeof(type);
	char *end = NULL;
	long parent = argc == 2 ? strtol(argv[1], &end, 10) : 0;
	if (parent > 0 && *end == '\0' && getsockopt(KEEPER_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET)
		fetch_process_keep(KEEPER_FD, (pid_t)parent);
	log_line(LOG_LEVEL_ERROR, "%s",
		 tr("the hub begins this by itself", "ハブ自身が開始するプロセスである"));
	return HN_EXIT_USAGE;
}
