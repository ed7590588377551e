/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_parser.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "sensor/deidentify.h"
#include "sensor/engine.h"
#include "sensor/live_source.h"
#include "sensor/live_stand.h"
#include "sensor/message.h"
#include "sensor/prepare.h"

#define STREAMS_MAX  2048  /* directions of all threads that wait for bytes */
#define OUTBOX_FLUSH 16384 /* bytes */
#define IDLE_MS      100
#define FLOWS_LEAST  16
#define LATE_NS      NS_SECOND /* packets that lie in a ring may be older than the clock by so much */
#define DRAIN_MS     30        /* until the kernel has handed over a block that is not full */

enum command { COMMAND_TICK, COMMAND_ADOPT, COMMAND_STOP };

/* One thread: a source, the packet stage, the flow stage. It shares nothing with the others but the stand. */
struct worker {
	struct live_parser *parser;
	unsigned number;
	struct live_source *source;
	struct prepare *prepare;
	struct engine *engine;
	struct unit_batch units;
	struct deidentify deidentify;
	int wake_fd;
	bool adopted;
	unsigned done; /* commands */
	/* What the last command gave; the control thread's once `done` says so. */
	struct sums sums;
	uint64_t records, bytes;
	uint32_t oldest;
	/* Since then. */
	uint64_t taken, taken_bytes, ended;
	uint64_t flows_ended;
};

struct live_parser {
	const struct live_parser_options *options;
	struct worker workers[RING_THREADS_MAX];
	pthread_mutex_t lock; /* guards what workers are told and have done */
	pthread_cond_t finished;
	pthread_cond_t going_on;
	unsigned released;         /* commands whose numbers were told: threads go on behind them */
	_Atomic unsigned commands; /* ever given */
	enum command command;
	struct stand *stand;         /* to be adopted */
	bool changed;                /* not only its sets */
	pthread_mutex_t outbox_lock; /* guards the numbers of records and the pipe */
	struct buf outbox;
	uint64_t seq;
	bool memory_locked;
};

/* As the parser of files: the writer sees the pipe end and says so. */
static _Noreturn void give_up(void)
{
	_exit(HN_EXIT_UNFINISHED);
}

static void flush(struct live_parser *p)
{
	if (p->outbox.len > 0 && fd_write_all(p->options->pipe_fd, p->outbox.data, p->outbox.len) != HN_OK)
		give_up();
	buf_reset(&p->outbox);
}

static void tell(struct live_parser *p, const struct message *m)
{
	if (message_encode(m, &p->outbox) != HN_OK)
		give_up();
	if (p->outbox.len >= OUTBOX_FLUSH || m->type != MESSAGE_RECORD)
		flush(p);
}

/* Records are few: what is shared for them costs nothing. @return its number */
static uint64_t tell_record(struct worker *w, const struct flow *flow, const struct selection *selection,
			    enum record_phase phase)
{
	struct live_parser *p = w->parser;
	struct message m = {.type = MESSAGE_RECORD};
	(void)pthread_mutex_lock(&p->outbox_lock);
	uint64_t seq = ++p->seq;
	deidentify_flow(&w->deidentify, flow, selection, seq, &m.record);
	m.record.phase = (uint8_t)phase;
	if (phase == RECORD_CLOSE)
		m.record.open_seq = selection->open_seq;
	tell(p, &m);
	/* Whoever waits for the first record of a flow waits no longer than it takes. */
	if (phase == RECORD_OPEN)
		flush(p);
	(void)pthread_mutex_unlock(&p->outbox_lock);
	return seq;
}

static void flow_opened(void *context, const struct flow *flow, struct selection *selection)
{
	selection->open_seq = tell_record(context, flow, selection, RECORD_OPEN);
}

static void flow_ended(void *context, const struct flow *flow, const struct selection *selection)
{
	struct worker *w = context;
	(void)tell_record(w, flow, selection, RECORD_CLOSE);
	w->ended++;
}

static void take(struct worker *w, struct capture_batch *batch)
{
	w->taken += batch->count;
	for (size_t i = 0; i < batch->count; i++)
		w->taken_bytes += batch->records[i].wire_len;
	prepare_batch(w->prepare, batch, &w->units);
	engine_take(w->engine, &w->units);
	unit_batch_clear(&w->units);
	live_source_done(w->source);
}

/* What lies ready when the end is asked for still counts; what comes faster than it is read does not hold it
 * up. */
static void drain(struct worker *w)
{
	struct capture_batch batch;
	for (unsigned i = 0; i < live_source_backlog(w->source); i++) {
		live_source_next(w->source, -1, DRAIN_MS, &batch);
		if (batch.count == 0)
			return;
		take(w, &batch);
	}
}

/* An interval ends: the numbers so far. */
static void sum_up(struct worker *w)
{
	struct sums flows;
	prepare_sums(w->prepare, &w->sums);
	engine_sums(w->engine, &flows);
	sums_merge(&w->sums, &flows);
	w->sums.not_seen_packets += live_source_lost(w->source);
	w->oldest = engine_oldest(w->engine);
	w->records = w->taken;
	w->bytes = w->taken_bytes;
	w->flows_ended = w->ended;
	w->taken = w->taken_bytes = w->ended = 0;
}

static void adopt(struct worker *w, const struct stand *s)
{
	const struct footing *f = s->basis;
	const struct prepare_options prepare = {
		.authorization = f->authorization, .domestic = f->domestic, .stops_ns = s->stops_ns};
	prepare_adopt(w->prepare, &prepare, f->facilities);
	engine_adopt(w->engine, (const struct set *const *)s->sets, s->set_count, f->patterns,
		     f->scratch[w->number], f->authorization == NULL ? 0 : f->authorization->classes,
		     s->generation);
	stand_deidentify(s, &w->parser->options->epoch, &w->deidentify);
	w->adopted = true;
}

static void obey(struct worker *w)
{
	struct live_parser *p = w->parser;
	if (w->adopted)
		engine_advance(w->engine, utc_now_ns() - LATE_NS);
	if (p->command == COMMAND_STOP && w->adopted) {
		drain(w);
		prepare_end(w->prepare);
		engine_end(w->engine);
	} else if (p->command == COMMAND_ADOPT && p->changed && w->adopted) {
		prepare_end(w->prepare);
		engine_stop(w->engine);
	}
	/* Before the first time nothing was taken, and what was lost meanwhile is told with the next
	 * interval. */
	if (w->adopted)
		sum_up(w);
	if (p->command == COMMAND_ADOPT)
		adopt(w, p->stand);
	(void)pthread_mutex_lock(&p->lock);
	w->done++;
	(void)pthread_cond_signal(&p->finished);
	/* What follows belongs to the next interval, so its records come behind this one's numbers. */
	while (p->released != w->done)
		(void)pthread_cond_wait(&p->going_on, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *work(void *context)
{
	struct worker *w = context;
	struct live_parser *p = w->parser;
	for (;;) {
		struct capture_batch batch = {.count = 0};
		uint64_t rung;
		if (w->adopted) {
			live_source_next(w->source, w->wake_fd, IDLE_MS, &batch);
		} else {
			struct pollfd wanted = {w->wake_fd, POLLIN, 0};
			(void)poll(&wanted, 1, -1);
		}
		if (batch.count > 0)
			take(w, &batch);
		else if (w->adopted)
			engine_advance(w->engine, utc_now_ns() - LATE_NS);
		if (atomic_load_explicit(&p->commands, memory_order_acquire) == w->done)
			continue;
		if (read(w->wake_fd, &rung, sizeof(rung)) < 0 && errno != EAGAIN)
			give_up();
		obey(w);
	}
	return NULL;
}

/* All threads do it, each between two batches, and wait. */
static void command(struct live_parser *p, enum command what)
{
	const uint64_t one = 1;
	p->command = what;
	unsigned n = atomic_fetch_add_explicit(&p->commands, 1, memory_order_release) + 1;
	for (unsigned i = 0; i < p->options->threads; i++)
		if (write(p->workers[i].wake_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
			give_up();
	(void)pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < p->options->threads; i++)
		while (p->workers[i].done != n)
			(void)pthread_cond_wait(&p->finished, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
}

static void go_on(struct live_parser *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->released = atomic_load(&p->commands);
	(void)pthread_cond_broadcast(&p->going_on);
	(void)pthread_mutex_unlock(&p->lock);
}

/* What the threads' numbers come to. */
static void tell_sums(struct live_parser *p, bool last)
{
	struct message m = {.type = MESSAGE_SUMS, .sums = {.last = last, .oldest = UINT32_MAX}};
	for (unsigned i = 0; i < p->options->threads; i++) {
		const struct worker *w = &p->workers[i];
		sums_merge(&m.sums.sums, &w->sums);
		m.sums.records += w->records;
		m.sums.input_bytes += w->bytes;
		m.sums.flows_ended += w->flows_ended;
		m.sums.oldest = w->oldest < m.sums.oldest ? w->oldest : m.sums.oldest;
	}
	(void)pthread_mutex_lock(&p->outbox_lock);
	tell(p, &m);
	(void)pthread_mutex_unlock(&p->outbox_lock);
}

static void put_in_force(struct live_parser *p, struct stand *next, struct stand_builder *b)
{
	struct stand *former = b->present;
	p->stand = next;
	p->changed = b->fresh;
	command(p, COMMAND_ADOPT);
	struct message m = {.type = MESSAGE_ADOPTED,
			    .adopted = {.generation = next->generation, .at_ns = utc_now_ns()}};
	if (former != NULL)
		tell_sums(p, false);
	(void)pthread_mutex_lock(&p->outbox_lock);
	tell(p, &m);
	(void)pthread_mutex_unlock(&p->outbox_lock);
	go_on(p);
	b->present = next;
	stand_free(former);
}

static _Noreturn void listen_to_writer(struct live_parser *p)
{
	struct stand_builder builder = {.threads = p->options->threads};
	for (;;) {
		struct control c;
		struct stand *next;
		int fd;
		if (control_receive(p->options->control_fd, &c, &fd) != HN_OK)
			give_up();
		switch (c.type) {
		case CONTROL_STOP:
			command(p, COMMAND_STOP);
			tell_sums(p, true);
			_exit(HN_EXIT_DONE);
		case CONTROL_TICK:
			command(p, COMMAND_TICK);
			tell_sums(p, false);
			go_on(p);
			break;
		default:
			if (stand_take(&builder, &c, fd, &next) != HN_OK)
				give_up();
			if (next != NULL)
				put_in_force(p, next, &builder);
		}
	}
}

static int make_worker(struct live_parser *p, struct worker *w)
{
	const struct live_parser_options *o = p->options;
	const struct prepare_options prepare = {.authorization = NULL};
	size_t flows = o->flows_max / o->threads;
	struct fault fault = {0};
	bool locked[3] = {true, true, true};

	w->parser = p;
	int rc = o->replay_fd >= 0
			 ? live_source_replay(o->replay_fd, o->interface, &w->source, &locked[0], &fault)
			 : live_source_ring(&o->rings[w->number], o->outgoing, &w->source, &locked[0]);
	if (rc != HN_OK && fault.message[0] != '\0')
		log_line(LOG_LEVEL_ERROR, tr("cannot read '%s': %s", "'%s' を読めない: %s"), o->interface,
			 fault.message);
	if (rc == HN_OK)
		rc = prepare_new(&prepare, &w->prepare, &locked[1]);
	if (rc != HN_OK)
		return rc;
	const struct engine_options engine = {.flows_max = flows < FLOWS_LEAST ? FLOWS_LEAST : flows,
					      .streams_max = STREAMS_MAX / o->threads,
					      .opened = flow_opened,
					      .ended = flow_ended,
					      .context = w};
	rc = engine_new(&engine, &w->engine, &locked[2]);
	p->memory_locked = p->memory_locked && locked[0] && locked[1] && locked[2];
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return rc == HN_OK && w->wake_fd < 0 ? HN_EIO : rc;
}

static int make_workers(struct live_parser *p)
{
	int rc = HN_OK;
	for (unsigned i = 0; rc == HN_OK && i < p->options->threads; i++) {
		p->workers[i].number = i;
		rc = make_worker(p, &p->workers[i]);
	}
	return rc;
}

/* Landlock and capabilities are a thread's own: threads begin when both are given up. */
static int start_workers(struct live_parser *p)
{
	for (unsigned i = 0; i < p->options->threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, work, &p->workers[i]) != 0)
			return HN_ENOMEM;
	}
	return HN_OK;
}

/* A packet socket sends what is written to it. Nobody here does, and nobody who takes this process over
 * shall. */
static int forbid_sending(const struct live_parser *p)
{
	const struct live_parser_options *o = p->options;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return HN_ENOMEM;
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 ? HN_OK : HN_EIO;
	for (unsigned i = 0; rc == HN_OK && o->replay_fd < 0 && i < o->threads; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(write), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)o->rings[i].fd)) != 0)
			rc = HN_ENOMEM;
	if (rc == HN_OK && seccomp_load(filter) != 0)
		rc = HN_EIO;
	seccomp_release(filter);
	return rc;
}

/* Files may be mapped to be read, but only those that the writer hands over can be: nothing opens one. */
static int close_sandbox(const struct live_parser *p, struct confinement *state)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(recvmsg), SCMP_SYS(poll),
				    SCMP_SYS(ppoll), SCMP_SYS(fstat), SCMP_SYS(mlock), SCMP_SYS(newfstatat),
				    SCMP_SYS(mlock2), SCMP_SYS(getsockopt),
				    /* Of a replay, for its beginning again and again: */
				    SCMP_SYS(lseek), SCMP_SYS(dup)};
	const size_t count = sizeof(calls) / sizeof(calls[0]);
	/* Libraries open files when they are first used: a source of randomness, a configuration. */
	json_object_seed(0);
	sha256_free(sha256_new());
	(void)uuid_v5(&p->options->epoch, "", 0);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	int rc = forbid_sending(p);
	if (rc == HN_OK)
		rc = confine_service_calls(calls, p->options->replay_fd >= 0 ? count : count - 2, state);
	if (rc == HN_OK && !confine_sanitized())
		(void)close(STDERR_FILENO);
	return rc;
}

/* The kernel forgets such a wish when the user changes, so it comes after that. */
static int end_with_writer(pid_t writer)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return HN_EIO;
	if (getppid() != writer)
		give_up();
	return HN_OK;
}

_Noreturn void live_parser_run(const struct live_parser_options *options)
{
	static struct live_parser parser = {.lock = PTHREAD_MUTEX_INITIALIZER,
					    .finished = PTHREAD_COND_INITIALIZER,
					    .going_on = PTHREAD_COND_INITIALIZER,
					    .outbox_lock = PTHREAD_MUTEX_INITIALIZER};
	struct live_parser *p = &parser;
	struct confinement state = {0};
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	p->options = options;
	p->memory_locked = true;
	buf_init(&p->outbox, 4 * MESSAGE_MAX);
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	int rc = make_workers(p);
	if (rc == HN_OK)
		rc = confine_identity(true, false, &state);
	if (rc == HN_OK)
		rc = end_with_writer(options->writer);
	if (rc == HN_OK)
		rc = confine_files(NULL, 0, CONFINE_ABI_MAX, &state);
	if (rc == HN_OK)
		rc = start_workers(p);
	if (rc == HN_OK)
		rc = close_sandbox(p, &state);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("the parser could not start: %s", "解析プロセスを開始できない: %s"),
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
		_exit(HN_EXIT_UNFINISHED);
	}
	struct message ready = {.type = MESSAGE_READY,
				.ready = {.confinement = state, .memory_locked = p->memory_locked}};
	tell(p, &ready);
	listen_to_writer(p);
}
