/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Preloaded into a program by a test that lets time pass: the time of day and every other clock that a
 * program reads are ahead by the two numbers of nanoseconds that the file HINOMI_MOVED_CLOCK holds (64 bits
 * each, signed, this machine's order), which the test moves while the program runs. What waits for a while
 * waits as long as it would; a wait until a time, by the clock that nobody sets, is moved back.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_SECOND INT64_C(1000000000)

typedef int timed_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until);
typedef int clock_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
		       const struct timespec *until);

struct ahead {
	_Atomic int64_t day_ns, other_ns;
};

static struct ahead nowhere;
static const struct ahead *ahead = &nowhere;
static timed_wait *real_timed_wait;
static clock_wait *real_clock_wait;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("HINOMI_MOVED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		ahead = map;
	if (fd >= 0)
		(void)close(fd);
	*(void **)&real_timed_wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	*(void **)&real_clock_wait = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
}

static void move(struct timespec *t, int64_t by_ns)
{
	int64_t ns = t->tv_nsec + by_ns % NS_SECOND;
	int64_t carry = ns < 0 ? -1 : ns >= NS_SECOND;
	t->tv_sec += by_ns / NS_SECOND + carry;
	t->tv_nsec = ns - carry * NS_SECOND;
}

static int64_t ahead_of(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return atomic_load_explicit(&ahead->day_ns, memory_order_relaxed);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		return atomic_load_explicit(&ahead->other_ns, memory_order_relaxed);
	default: /* what a processor has done */
		return 0;
	}
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's own names are reserved ones. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	/* The system call and not libc's function, which a sanitizer may have put itself before. */
	long rc = syscall(SYS_clock_gettime, clock, out);
	if (rc == 0)
		move(out, ahead_of(clock));
	return (int)rc;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict until)
{
	struct timespec real = *until;
	move(&real, -ahead_of(CLOCK_MONOTONIC));
	return real_timed_wait(condition, mutex, &real);
}

int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
			   clockid_t clock, const struct timespec *restrict until)
{
	struct timespec real = *until;
	move(&real, -ahead_of(clock));
	return real_clock_wait(condition, mutex, clock, &real);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
