/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/recursor.h"

#include <assert.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/lang.h"
#include "resolver/recursion.h"
#include "resolver/recursor_contexts.h"
#include "wire/name.h"

#define NS_A_MS           1000000u
#define WAITING_OF_TOTAL  4 /* askers for each question that may be under way */
#define TYPE_OPT          41
#define TYPE_FIRST_META   128
#define TYPE_LAST_META    254
#define DEFAULT_CACHE     (UINT64_C(64) << 20)
#define DEFAULT_ANSWER_MS 10000
#define DEFAULT_TOTAL     16384
#define DEFAULT_ZONE      256
#define DEFAULT_CLIENT                                                                                       \
	1024 /* above that of one zone, so that a dead zone does not cost a prefix all others */
#define DNS_ROOT_ANCHORS "/usr/share/dns/root.key"
#define DNS_ROOT_HINTS   "/usr/share/dns/root.hints"

struct recursor {
	struct recursion_shared shared;
	struct recursor_contexts contexts; /* how they are made */
	pthread_mutex_t control;           /* guards contexts, of one flush or reload at a time */
	uint8_t key[crypto_shorthash_KEYBYTES];
	pthread_t freeing; /* frees retired contexts */
	bool started, drained;
	unsigned thread_count;
	struct recursion threads[]; /* thread_count */
};

void recursor_options_init(struct recursor_options *o)
{
	*o = (struct recursor_options){
		.threads = 1,
		.cache_size = DEFAULT_CACHE,
		.trust_anchors = DNS_ROOT_ANCHORS,
		.root_hints = DNS_ROOT_HINTS,
		.answer_ms = DEFAULT_ANSWER_MS,
		.total_max = DEFAULT_TOTAL,
		.zone_max = DEFAULT_ZONE,
		.client_max = DEFAULT_CLIENT,
	};
}

/* What was left at zero becomes the default. */
static struct recursor_options filled_in(const struct recursor_options *given)
{
	struct recursor_options defaults;
	recursor_options_init(&defaults);
	struct recursor_options o = *given;
	if (o.threads == 0)
		o.threads = defaults.threads;
	if (o.cache_size == 0)
		o.cache_size = defaults.cache_size;
	if (o.trust_anchors == NULL)
		o.trust_anchors = defaults.trust_anchors;
	if (o.root_hints == NULL)
		o.root_hints = defaults.root_hints;
	if (o.answer_ms == 0)
		o.answer_ms = defaults.answer_ms;
	if (o.total_max == 0)
		o.total_max = defaults.total_max;
	if (o.zone_max == 0)
		o.zone_max = defaults.zone_max;
	if (o.client_max == 0)
		o.client_max = defaults.client_max;
	return o;
}

static void shared_init(struct recursion_shared *shared, const struct recursor_options *o)
{
	shared->clock = o->clock;
	shared->hooks = o->hooks;
	shared->answer_ns = (uint64_t)o->answer_ms * NS_A_MS;
	shared->total_max = o->total_max;
	shared->zone_max = o->zone_max;
	client_limit_init(&shared->clients, o->client_max);
	pthread_mutex_init(&shared->mutex, NULL);
	pthread_mutex_init(&shared->retired.mutex, NULL);
	pthread_cond_init(&shared->retired.more, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&shared->nobody_waits, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* New contexts for all threads, or for none. */
static int renew(struct recursor *r, struct fault *fault)
{
	struct resolution *made[RECURSOR_THREADS_MAX] = {0};
	int err = HN_OK;
	for (unsigned i = 0; i < r->thread_count && err == HN_OK; i++)
		err = recursor_contexts_make(&r->contexts, i, &made[i], fault);
	for (unsigned i = 0; i < r->thread_count; i++) {
		struct resolution *unused = made[i];
		if (err == HN_OK)
			unused = recursion_succeed(&r->threads[i], made[i]);
		recursor_contexts_free(unused);
	}
	return err;
}

int recursor_new(const struct recursor_options *given, struct recursor **out, struct fault *fault)
{
	const struct recursor_options o = filled_in(given);
	if (o.threads > RECURSOR_THREADS_MAX)
		return fault_set(fault, HN_ELIMIT, "threads", tr("at most %d", "%d 以下にしてください"),
				 RECURSOR_THREADS_MAX);
	if (sodium_init() < 0)
		return fault_set(fault, HN_EUNSUPPORTED, "libsodium", "%s", hn_strerror(HN_EUNSUPPORTED));
	struct recursor *r = calloc(1, sizeof(*r) + o.threads * sizeof(r->threads[0]));
	if (r == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	shared_init(&r->shared, &o);
	pthread_mutex_init(&r->control, NULL);
	randombytes_buf(r->key, sizeof(r->key));

	int err = HN_OK;
	struct reactor *reactors[RECURSOR_THREADS_MAX];
	for (unsigned i = 0; i < o.threads && err == HN_OK; i++) {
		r->thread_count++;
		err = recursion_init(&r->threads[i], &r->shared, i);
		reactors[i] = r->threads[i].reactor;
		if (err != HN_OK)
			fault_set(fault, err, "", "%s", hn_strerror(err));
	}
	if (err == HN_OK)
		err = recursor_contexts_init(&r->contexts, &o, reactors, fault);
	if (err == HN_OK)
		err = renew(r, fault);
	if (err != HN_OK) {
		int saved = errno;
		recursor_free(r);
		errno = saved;
		return err;
	}
	*out = r;
	return HN_OK;
}

static void *run_thread(void *data)
{
	recursion_run(data);
	return NULL;
}

static struct resolution *next_retired(struct retired *retired)
{
	pthread_mutex_lock(&retired->mutex);
	while (retired->first == NULL && !retired->ended)
		pthread_cond_wait(&retired->more, &retired->mutex);
	struct resolution *one = retired->first;
	if (one != NULL)
		retired->first = one->next_retired;
	pthread_mutex_unlock(&retired->mutex);
	return one;
}

static void *free_retired(void *data)
{
	struct recursor *r = data;
	for (;;) {
		struct resolution *one = next_retired(&r->shared.retired);
		if (one == NULL)
			return NULL;
		recursor_contexts_free(one);
	}
}

static void end_freeing(struct recursor *r)
{
	pthread_mutex_lock(&r->shared.retired.mutex);
	r->shared.retired.ended = true;
	pthread_cond_signal(&r->shared.retired.more);
	pthread_mutex_unlock(&r->shared.retired.mutex);
	pthread_join(r->freeing, NULL);
}

static void stop_threads(struct recursor *r, unsigned count)
{
	atomic_store(&r->shared.draining, true);
	atomic_store(&r->shared.stopping, true);
	for (unsigned i = 0; i < count; i++) {
		reactor_wake(r->threads[i].reactor);
		pthread_join(r->threads[i].thread, NULL);
	}
	end_freeing(r);
}

int recursor_start(struct recursor *r)
{
	assert(!r->started);
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	unsigned count = 0;
	int error = pthread_create(&r->freeing, NULL, free_retired, r);
	bool freeing = error == 0;
	while (error == 0 && count < r->thread_count) {
		error = pthread_create(&r->threads[count].thread, NULL, run_thread, &r->threads[count]);
		if (error == 0)
			count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0) {
		r->started = true;
		return HN_OK;
	}
	if (freeing)
		stop_threads(r, count);
	errno = error;
	return hn_err_of_errno(error);
}

unsigned recursor_thread_of(const struct recursor *r, const uint8_t *name, size_t len)
{
	size_t zone_len = registrable_len(name, len);
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, name + len - zone_len, zone_len, r->key);
	return (unsigned)(hash % r->thread_count);
}

static bool may_be_asked(const uint8_t *name, size_t len, uint16_t type)
{
	if (type == 0 || type == TYPE_OPT || (type >= TYPE_FIRST_META && type <= TYPE_LAST_META))
		return false;
	return len == 0 || name_is_wire(name, len);
}

/* One who waits, as the thread takes it. */
static struct ask *ask_new(const uint8_t *name, size_t len, uint16_t type, recursor_done *done, void *context)
{
	struct ask *ask = calloc(1, sizeof(*ask) + len);
	if (ask == NULL)
		return NULL;
	ask->done = done;
	ask->context = context;
	ask->type = type;
	ask->name_len = (uint8_t)len;
	ask->zone_len = (uint8_t)registrable_len(name, len);
	if (len > 0)
		memcpy(ask->name, name, len);
	return ask;
}

static int enter(struct recursor *r, struct ask *ask, const struct ip *client)
{
	struct recursion_shared *shared = &r->shared;
	uint32_t waiting = atomic_fetch_add(&shared->waiting, 1);
	if (waiting / WAITING_OF_TOTAL >= shared->total_max) {
		atomic_fetch_sub(&shared->waiting, 1);
		return HN_ELIMIT;
	}
	if (client != NULL && !client_limit_take(&shared->clients, client, &ask->cells))
		ask->refused = RECURSOR_LIMIT_CLIENT;
	struct recursion *thread = &r->threads[recursor_thread_of(r, ask->name, ask->name_len)];
	ask->since_ns = reactor_now_ns(thread->reactor);
	recursion_give(thread, ask);
	return HN_OK;
}

int recursor_ask(struct recursor *r, const uint8_t *name, size_t len, uint16_t type, const struct ip *client,
		 recursor_done *done, void *context)
{
	if (!may_be_asked(name, len, type))
		return HN_EFORMAT;
	struct ask *ask = ask_new(name, len, type, done, context);
	if (ask == NULL)
		return HN_ENOMEM;
	/* Counted in before draining is looked at: a thread that ends waits for whoever did not see it. */
	atomic_fetch_add(&r->shared.entering, 1);
	int err = HN_ESTATE;
	if (!atomic_load(&r->shared.draining))
		err = enter(r, ask, client);
	atomic_fetch_sub(&r->shared.entering, 1);
	if (err != HN_OK)
		free(ask);
	return err;
}

int recursor_flush(struct recursor *r)
{
	pthread_mutex_lock(&r->control);
	int err = renew(r, NULL);
	pthread_mutex_unlock(&r->control);
	return err;
}

int recursor_watch_fd(const struct recursor *r)
{
	return root_files_watch_fd(r->contexts.files);
}

size_t recursor_watched(const struct recursor *r, int dir_fds_out[2])
{
	root_files_dirs(r->contexts.files, dir_fds_out);
	return ROOT_FILES;
}

int recursor_reload(struct recursor *r, bool *changed_out, struct fault *fault)
{
	pthread_mutex_lock(&r->control);
	bool changed = false;
	int err = recursor_contexts_reread(&r->contexts, &changed, fault);
	if (err == HN_OK && changed) {
		err = renew(r, fault);
		recursor_contexts_settle(&r->contexts, err == HN_OK);
	}
	pthread_mutex_unlock(&r->control);
	if (err == HN_OK)
		*changed_out = changed;
	return err;
}

void recursor_drain(struct recursor *r, uint32_t wait_ms)
{
	atomic_store(&r->shared.draining, true);
	if (!r->started || r->drained)
		return;
	r->drained = true;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * (long)NS_A_MS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&r->shared.mutex);
	int error = 0;
	while (error == 0 && wait_ms > 0 && atomic_load(&r->shared.waiting) > 0)
		error = pthread_cond_timedwait(&r->shared.nobody_waits, &r->shared.mutex, &until);
	pthread_mutex_unlock(&r->shared.mutex);
	stop_threads(r, r->thread_count);
}

void recursor_free(struct recursor *r)
{
	if (r == NULL)
		return;
	recursor_drain(r, 0);
	recursor_contexts_clear(&r->contexts);
	for (unsigned i = 0; i < r->thread_count; i++)
		recursion_clear(&r->threads[i]);
	pthread_cond_destroy(&r->shared.nobody_waits);
	pthread_cond_destroy(&r->shared.retired.more);
	pthread_mutex_destroy(&r->shared.retired.mutex);
	pthread_mutex_destroy(&r->shared.mutex);
	pthread_mutex_destroy(&r->control);
	free(r);
}

void recursor_tick(struct recursor *r)
{
	for (unsigned i = 0; i < r->thread_count; i++)
		reactor_wake(r->threads[i].reactor);
}

static void add(uint64_t *sum, const _Atomic uint64_t *counter)
{
	*sum += atomic_load_explicit(counter, memory_order_relaxed);
}

void recursor_counts(const struct recursor *r, struct recursor_counts *out)
{
	*out = (struct recursor_counts){0};
	for (unsigned i = 0; i < r->thread_count; i++) {
		const struct recursion_counts *c = &r->threads[i].counts;
		add(&out->asked, &c->asked);
		add(&out->shared, &c->shared);
		add(&out->nxdomain, &c->nxdomain);
		add(&out->latency_us, &c->latency_us);
		add(&out->restarted, &c->restarted);
		for (size_t j = 0; j < sizeof(out->answered) / sizeof(out->answered[0]); j++)
			add(&out->answered[j], &c->answered[j]);
		for (size_t j = 0; j < RECURSOR_FAILURES; j++)
			add(&out->failed[j], &c->failed[j]);
		for (size_t j = 0; j < RECURSOR_LATENCY_SLOTS; j++)
			add(&out->latency[j], &c->latency[j]);
	}
	out->waiting = atomic_load_explicit(&r->shared.waiting, memory_order_relaxed);
	out->under_way = atomic_load_explicit(&r->shared.under_way, memory_order_relaxed);
}

/* Sockets of libunbound, both ends of TCP, a few of our own. */
#define DESCRIPTORS_A_CONTEXT (1024 + 2 * 128)
#define DESCRIPTORS_A_THREAD  64

size_t recursor_descriptors(const struct recursor_options *o)
{
	size_t threads = o->threads == 0 ? 1 : o->threads;
	return threads * (2 * DESCRIPTORS_A_CONTEXT + DESCRIPTORS_A_THREAD) + DESCRIPTORS_A_THREAD;
}

size_t recursor_upstreams(const struct recursor *r, struct recursor_upstream *out, size_t max)
{
	memset(out, 0, max * sizeof(*out));
	size_t shown = 0;
	for (unsigned i = 0; i < r->thread_count && r->contexts.forwarders[i] != NULL; i++)
		shown = forwarder_upstreams(r->contexts.forwarders[i], out, max);
	return shown;
}

const int *recursor_system_calls(size_t *count_out)
{
	static const int calls[] = {
		/* The threads: libunbound's sockets and the forwarder's. */
		SCMP_SYS(socket),
		SCMP_SYS(bind),
		SCMP_SYS(connect),
		SCMP_SYS(sendto),
		SCMP_SYS(sendmsg),
		SCMP_SYS(recvfrom),
		SCMP_SYS(recvmsg),
		SCMP_SYS(read),
		SCMP_SYS(readv),
		SCMP_SYS(write),
		SCMP_SYS(writev),
		SCMP_SYS(setsockopt),
		SCMP_SYS(getsockopt),
		SCMP_SYS(getsockname),
		SCMP_SYS(getpeername),
		SCMP_SYS(shutdown),
		SCMP_SYS(fcntl),
		SCMP_SYS(epoll_ctl),
		SCMP_SYS(epoll_wait),
		SCMP_SYS(epoll_pwait),
		/* Whoever calls recursor_reload() and recursor_flush(). */
		SCMP_SYS(openat),
		SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(lseek),
	};
	*count_out = sizeof(calls) / sizeof(calls[0]);
	return calls;
}
