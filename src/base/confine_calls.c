/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/confine_calls.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer) ||       \
	HAS_FEATURE(thread_sanitizer) || HAS_FEATURE(memory_sanitizer)
#define WITH_SANITIZER 1
#else
#define WITH_SANITIZER 0
#endif

/* What computing, waiting for other threads and ending need. */
static const int always[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(close),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(munlock),
};

/* glibc tries these and falls back when the kernel does not know them; it gives up on any other answer. */
static const int probed[] = {SCMP_SYS(clone3), SCMP_SYS(openat2), SCMP_SYS(faccessat2)};

#if WITH_SANITIZER
/* What the sanitizers' run time itself calls; only in their builds. */
static const int sanitizer[] = {
	SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(prlimit64),    SCMP_SYS(sched_getaffinity),
	SCMP_SYS(write),       SCMP_SYS(mmap),         SCMP_SYS(mprotect),     SCMP_SYS(tgkill),
	SCMP_SYS(getppid),     SCMP_SYS(personality),  SCMP_SYS(getuid),       SCMP_SYS(geteuid),
	SCMP_SYS(nanosleep),   SCMP_SYS(getrusage),    SCMP_SYS(gettimeofday),
};
#endif

static int allow(scmp_filter_ctx filter, const int calls[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return HN_ENOMEM;
	return HN_OK;
}

#if !WITH_SANITIZER
/* Memory that can never be executed; unless files may be mapped, also nobody's file. */
static int allow_memory(scmp_filter_ctx filter, bool files)
{
	if (seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, files ? 0 : MAP_ANONYMOUS, files ? 0 : MAP_ANONYMOUS)) != 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
		return HN_ENOMEM;
	return HN_OK;
}
#endif

bool confine_sanitized(void)
{
	return WITH_SANITIZER;
}

/* What stdio asks whether it writes to a terminal, and who asks for addresses how much of a datagram waits.
 */
static int allow_questions(scmp_filter_ctx filter)
{
	static const scmp_datum_t questions[] = {TCGETS, FIONREAD};
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_EQ, questions[i])) != 0)
			return HN_ENOMEM;
	return HN_OK;
}

/* Sockets of the internet and the kernel's own (who asks for addresses asks it for ours), and threads; a
 * local socket is answered as where there are none. */
static int allow_internet(scmp_filter_ctx filter)
{
	static const int families[] = {AF_INET, AF_INET6, AF_NETLINK};
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])) != 0)
			return HN_ENOMEM;
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
			     SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) != 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) != 0)
		return HN_ENOMEM;
	return HN_OK;
}

static int close_calls(const int calls[], size_t count, bool files, bool internet, struct confinement *state)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return HN_ENOMEM;
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 ? HN_OK : HN_EIO;
	if (rc == HN_OK)
		rc = allow(filter, always, sizeof(always) / sizeof(always[0]));
	if (rc == HN_OK)
		rc = allow(filter, calls, count);
	if (rc == HN_OK && files)
		rc = allow_questions(filter);
	if (rc == HN_OK && internet)
		rc = allow_internet(filter);
#if WITH_SANITIZER
	if (rc == HN_OK)
		rc = allow(filter, sanitizer, sizeof(sanitizer) / sizeof(sanitizer[0]));
#else
	if (rc == HN_OK)
		rc = allow_memory(filter, files);
#endif
	for (size_t i = 0; rc == HN_OK && i < sizeof(probed) / sizeof(probed[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), probed[i], 0) != 0)
			rc = HN_ENOMEM;
	if (rc == HN_OK && seccomp_load(filter) != 0)
		rc = HN_EIO;
	seccomp_release(filter);
	if (rc == HN_OK)
		state->system_calls = true;
	return rc;
}

int confine_calls(const int calls[], size_t count, struct confinement *state)
{
	return close_calls(calls, count, false, false, state);
}

int confine_service_calls(const int calls[], size_t count, struct confinement *state)
{
	return close_calls(calls, count, true, false, state);
}

int confine_internet_calls(const int calls[], size_t count, struct confinement *state)
{
	return close_calls(calls, count, true, true, state);
}

int confine_calls_of_command(struct confinement *state)
{
	static const int calls[] = {
		SCMP_SYS(read),
		SCMP_SYS(write),
		SCMP_SYS(readv),
		SCMP_SYS(writev),
		SCMP_SYS(pread64),
		SCMP_SYS(pwrite64),
		SCMP_SYS(openat),
		SCMP_SYS(lseek),
		SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(statx),
		SCMP_SYS(getdents64),
		SCMP_SYS(fcntl),
		SCMP_SYS(flock),
		SCMP_SYS(fsync),
		SCMP_SYS(fdatasync),
		SCMP_SYS(ftruncate),
		SCMP_SYS(fallocate),
		SCMP_SYS(fadvise64),
		SCMP_SYS(mkdirat),
		SCMP_SYS(mkdir),
		SCMP_SYS(linkat),
		SCMP_SYS(renameat),
		SCMP_SYS(renameat2),
		SCMP_SYS(rename),
		SCMP_SYS(unlinkat),
		SCMP_SYS(unlink),
		SCMP_SYS(getcwd),
		SCMP_SYS(readlink),
		SCMP_SYS(readlinkat),
		SCMP_SYS(mlock),
		SCMP_SYS(mlock2),
		SCMP_SYS(sysinfo),
		SCMP_SYS(prlimit64),
		SCMP_SYS(getuid),
		SCMP_SYS(geteuid),
		SCMP_SYS(getgid),
		SCMP_SYS(getegid),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(uname),
		SCMP_SYS(access),
		SCMP_SYS(faccessat),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(sync_file_range),
	};
	return close_calls(calls, sizeof(calls) / sizeof(calls[0]), true, false, state);
}
