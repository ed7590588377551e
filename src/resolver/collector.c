/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/siphash.h"
#include "base/utc.h"
#include "match/canonical.h"
#include "resolver/event_file.h"
#include "resolver/thread.h"
#include "wire/dns_number.h"
#include "wire/dns_rr.h"

#define TURN_NS       (60 * NS_SECOND)
#define ROUND_NS      (NS_SECOND / 10)
#define FLUSH_NS      (10 * NS_SECOND)
#define TURN_BYTES    (COLLECTOR_TURN_MAX * 48u)
#define ADDRESSES_MAX 16 /* of one name and type */
#define TYPES         2
#define PROBES        8

static const uint16_t types[TYPES] = {DNS_TYPE_A, DNS_TYPE_AAAA};

/* One type of one name. */
struct found {
	struct job *job;
	size_t count;
	bool failed;
	struct ip addresses[ADDRESSES_MAX];
};

enum job_state { JOB_FREE, JOB_ASKED, JOB_DONE };

/* A name under way. Filled by the recursor's thread until left is 0. */
struct job {
	enum job_state state;
	_Atomic unsigned left;
	uint16_t set;
	uint8_t len;
	uint8_t name[RECURSOR_NAME_MAX];
	struct found found[TYPES];
};

struct seen {
	uint64_t pair;
	uint32_t first_s, last_s; /* 0: free */
};

struct collector {
	struct collector_options options;
	uint8_t key[SIPHASH_KEY];
	struct event_file *file;
	int64_t flushed_ns;
	struct job jobs[COLLECTOR_UNDER_WAY];
	struct seen *seen;

	/* The names of this minute: set, length, name; one behind the other. */
	int64_t turn; /* since 1970 */
	struct buf names;
	size_t at;           /* what comes next in names */
	size_t count, begun; /* names, and how many of them were begun */

	_Atomic uint64_t count_asked, count_addresses, count_failed, count_skipped;

	pthread_mutex_t lock; /* of stop */
	pthread_cond_t stopped;
	bool stop;
	pthread_t thread;
	bool started;
};

/* Waits by the clock that nobody sets. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

int collector_new(const struct collector_options *options, struct collector **out)
{
	struct collector *c = calloc(1, sizeof(*c));
	if (!c)
		return HN_ENOMEM;
	c->options = *options;
	c->turn = -1;
	(void)pthread_mutex_init(&c->lock, NULL);
	init_condition(&c->stopped);
	buf_init(&c->names, TURN_BYTES);
	randombytes_buf(c->key, sizeof(c->key));
	const struct event_file_options file = {
		.dir_fd = options->dir_fd,
		.stem = "addresses",
		.rotate_ns = options->rotate_ns,
		.size_max = options->size_max,
	};
	c->seen = calloc(COLLECTOR_SEEN_MAX, sizeof(*c->seen));
	if (!c->seen || event_file_new(&file, &c->file) != HN_OK) {
		collector_free(c);
		return HN_ENOMEM;
	}
	*out = c;
	return HN_OK;
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	event_file_free(c->file);
	buf_clear(&c->names);
	free(c->seen);
	(void)pthread_cond_destroy(&c->stopped);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void collector_counts(const struct collector *c, struct collector_counts *out)
{
	*out = (struct collector_counts){
		.asked = atomic_load_explicit(&c->count_asked, memory_order_relaxed),
		.addresses = atomic_load_explicit(&c->count_addresses, memory_order_relaxed),
		.failed = atomic_load_explicit(&c->count_failed, memory_order_relaxed),
		.skipped = atomic_load_explicit(&c->count_skipped, memory_order_relaxed),
	};
}

/* ---- whose turn it is ---- */

struct gathering {
	struct collector *c;
	uint64_t turns, turn;
	uint16_t set;
};

static int gather_name(void *context, const struct entry_key *key)
{
	const struct gathering *g = context;
	struct collector *c = g->c;
	if (key->kind != ENTRY_NAME || key->len > RECURSOR_NAME_MAX ||
	    siphash24(c->key, key->data, key->len) % g->turns != g->turn)
		return HN_OK;
	const uint8_t head[3] = {(uint8_t)g->set, (uint8_t)(g->set >> 8), (uint8_t)key->len};
	if (c->count == COLLECTOR_TURN_MAX || buf_reserve(&c->names, sizeof(head) + key->len) != HN_OK) {
		count(&c->count_skipped, 1);
		return HN_OK;
	}
	buf_add(&c->names, head, sizeof(head));
	buf_add(&c->names, key->data, key->len);
	c->count++;
	return HN_OK;
}

static void gather(struct collector *c, int64_t turn, int64_t utc_ns)
{
	const struct policy *p = policy_store_get(c->options.policies);
	int64_t turns = c->options.interval_ns / TURN_NS;
	struct gathering g = {.c = c, .turns = turns > 0 ? (uint64_t)turns : 1};
	g.turn = (uint64_t)turn % g.turns;
	count(&c->count_skipped, c->count - c->begun);
	buf_reset(&c->names);
	c->at = c->count = c->begun = 0;
	c->turn = turn;
	for (size_t set = 0; set < policy_set_count(p); set++) {
		g.set = (uint16_t)set;
		if (policy_each_name(p, set, utc_ns, gather_name, &g) != HN_OK)
			return;
	}
}

/* ---- asking ---- */

static bool read_address(const struct dns_rr *rr, const uint8_t *packet, struct ip *out)
{
	*out = (struct ip){.version = rr->type == DNS_TYPE_A ? 4 : 6};
	size_t len = out->version == 4 ? 4 : 16;
	if (rr->rdata_len != len)
		return false;
	memcpy(out->bytes, packet + rr->rdata_at, len);
	return true;
}

/* On the recursor's thread. */
static void on_answer(void *context, const struct recursor_answer *answer)
{
	struct found *f = context;
	struct dns_walk walk;
	struct dns_rr rr;
	/* What is bogus may have been put there so that somebody else's address is taken for an attacker's.
	 */
	f->failed = !answer->packet || answer->security == RECURSOR_BOGUS ||
		    dns_walk_init(&walk, answer->packet, answer->packet_len) != HN_OK;
	while (!f->failed && f->count < ADDRESSES_MAX && dns_walk_next(&walk, &rr) == HN_OK) {
		bool wanted = rr.section == DNS_ANSWER && (rr.type == DNS_TYPE_A || rr.type == DNS_TYPE_AAAA);
		if (wanted && read_address(&rr, answer->packet, &f->addresses[f->count]))
			f->count++;
	}
	atomic_fetch_sub_explicit(&f->job->left, 1, memory_order_acq_rel);
}

static void begin(struct collector *c, struct job *job)
{
	const uint8_t *next = (const uint8_t *)c->names.data + c->at;
	job->set = (uint16_t)(next[0] | next[1] << 8);
	job->len = next[2];
	memcpy(job->name, next + 3, job->len);
	c->at += 3u + job->len;
	c->begun++;
	job->state = JOB_ASKED;
	atomic_store_explicit(&job->left, TYPES, memory_order_relaxed);
	for (size_t i = 0; i < TYPES; i++) {
		struct found *f = &job->found[i];
		f->job = job;
		f->count = 0;
		f->failed = true;
		if (recursor_ask(c->options.recursor, job->name, job->len, types[i], NULL, on_answer, f) !=
		    HN_OK)
			atomic_fetch_sub_explicit(&job->left, 1, memory_order_acq_rel);
	}
	count(&c->count_asked, 1);
}

/* How many of the minute's names should have been begun by now. */
static size_t due(const struct collector *c, int64_t utc_ns)
{
	int64_t into_ns = utc_ns - c->turn * TURN_NS + ROUND_NS;
	return into_ns >= TURN_NS ? c->count
				  : (size_t)((double)c->count * (double)into_ns / (double)TURN_NS + 0.999);
}

/* ---- what was found ---- */

/* When this pair was first seen; it is seen now. */
static uint32_t first_seen(struct collector *c, const struct job *job, const struct ip *ip, uint32_t now_s)
{
	uint8_t input[RECURSOR_NAME_MAX + 17];
	memcpy(input, job->name, job->len);
	memcpy(input + job->len, ip->bytes, 16);
	input[job->len + 16] = ip->version;
	uint64_t pair = siphash24(c->key, input, job->len + 17u);
	struct seen *place = NULL;
	for (uint64_t i = 0; i < PROBES; i++) {
		struct seen *s = &c->seen[(pair + i) % COLLECTOR_SEEN_MAX];
		if (s->pair == pair && s->last_s != 0) {
			s->last_s = now_s;
			return s->first_s;
		}
		/* A free one, or that which was seen longest ago. */
		if (!place || s->last_s < place->last_s)
			place = s;
	}
	*place = (struct seen){pair, now_s, now_s};
	return now_s;
}

static void write_address(struct collector *c, const struct job *job, const struct ip *ip, int64_t utc_ns)
{
	char address[IP_TEXT_SIZE], first[UTC_SIZE], last[UTC_SIZE];
	struct policy_set_info info;
	struct buf *out = event_file_lines(c->file), name;
	const struct entry_key key = {ENTRY_NAME, job->len, job->name};
	ip_format(ip, address);
	utc_format((int64_t)first_seen(c, job, ip, (uint32_t)(utc_ns / NS_SECOND)) * NS_SECOND, first);
	utc_format(utc_ns / NS_SECOND * NS_SECOND, last);
	buf_init(&name, 4 * ENTRY_KEY_MAX);
	canonical_format(&key, &name);
	policy_set_info(policy_store_get(c->options.policies), job->set, &info);
	buf_adds(out, "{\"name\":");
	buf_json_string(out, name.data ? name.data : "", name.len);
	buf_addf(out, ",\"address\":\"%s\",\"first_seen\":\"%s\",\"last_seen\":\"%s\",\"policy\":", address,
		 first, last);
	buf_json_string(out, info.name, strlen(info.name));
	buf_adds(out, "}\n");
	buf_clear(&name);
	/* Lines that the disk does not take now are kept, then dropped and counted by the file. */
	int rc = event_file_added(c->file, utc_ns);
	(void)rc;
	count(&c->count_addresses, 1);
}

static void finish_job(struct collector *c, struct job *job, int64_t utc_ns)
{
	bool failed = true;
	for (size_t i = 0; i < TYPES; i++) {
		failed = failed && job->found[i].failed;
		for (size_t k = 0; k < job->found[i].count; k++)
			write_address(c, job, &job->found[i].addresses[k], utc_ns);
	}
	count(&c->count_failed, failed);
	job->state = JOB_FREE;
}

static void take_finished(struct collector *c, int64_t utc_ns)
{
	for (size_t i = 0; i < COLLECTOR_UNDER_WAY; i++) {
		struct job *job = &c->jobs[i];
		if (job->state == JOB_ASKED && atomic_load_explicit(&job->left, memory_order_acquire) == 0)
			finish_job(c, job, utc_ns);
	}
}

void collector_round(struct collector *c, int64_t utc_ns)
{
	take_finished(c, utc_ns);
	if (utc_ns / TURN_NS != c->turn)
		gather(c, utc_ns / TURN_NS, utc_ns);
	size_t until = due(c, utc_ns);
	for (size_t i = 0; i < COLLECTOR_UNDER_WAY && c->begun < until; i++)
		if (c->jobs[i].state == JOB_FREE)
			begin(c, &c->jobs[i]);
	if (utc_ns - c->flushed_ns >= FLUSH_NS || utc_ns < c->flushed_ns) {
		c->flushed_ns = utc_ns;
		/* The writer of events tells of a disk that is full. */
		int rc = event_file_flush(c->file, utc_ns);
		(void)rc;
	}
}

/* ---- the thread ---- */

/* @return whether to end */
static bool wait(struct collector *c)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t nsec = until.tv_nsec + ROUND_NS;
	until.tv_sec += nsec / NS_SECOND;
	until.tv_nsec = nsec % NS_SECOND;
	(void)pthread_mutex_lock(&c->lock);
	int rc = 0;
	while (!c->stop && rc == 0)
		rc = pthread_cond_timedwait(&c->stopped, &c->lock, &until);
	bool stop = c->stop;
	(void)pthread_mutex_unlock(&c->lock);
	return stop;
}

static void *run(void *context)
{
	struct collector *c = context;
	policy_thread_join();
	policy_thread_offline();
	while (!wait(c)) {
		policy_thread_online();
		collector_round(c, utc_now_ns());
		policy_thread_offline();
	}
	policy_thread_online();
	policy_thread_leave();
	return NULL;
}

int collector_start(struct collector *c)
{
	int rc = thread_start(&c->thread, run, c);
	c->started = rc == HN_OK;
	return rc;
}

void collector_stop(struct collector *c)
{
	if (!c || !c->started)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->stop = true;
	(void)pthread_cond_signal(&c->stopped);
	(void)pthread_mutex_unlock(&c->lock);
	(void)pthread_join(c->thread, NULL);
	c->started = false;
}

void collector_finish(struct collector *c)
{
	if (!c)
		return;
	policy_thread_join();
	take_finished(c, utc_now_ns());
	policy_thread_leave();
	int rc = event_file_flush(c->file, utc_now_ns());
	if (rc == HN_OK)
		rc = event_file_close(c->file);
	(void)rc;
}
