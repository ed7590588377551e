/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/parser.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "authority/pseudonym.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "sensor/deidentify.h"
#include "sensor/engine.h"
#include "sensor/input_digest.h"
#include "sensor/message.h"
#include "sensor/pipeline.h"
#include "sensor/prepare.h"
#include "wire/capture.h"

#define POOL_BLOCKS  20
#define STREAMS_MAX  2048
#define OUTBOX_FLUSH 49152 /* bytes */

struct parser {
	const struct parser_options *options;
	struct capture_pool *pool;
	struct capture **captures;
	struct prepare *prepare;
	struct engine *engine;
	struct pipeline *pipeline;
	struct patterns *patterns;
	struct pattern_source *sources;
	struct input_digest *digest;
	struct deidentify deidentify;
	struct pseudonym_secret *secret;
	struct sealer *sealer;
	struct buf outbox;
	uint64_t seq;
	bool memory_locked;
	bool secret_drawn;
};

/* Nothing can be told to the writer any more, or memory is out. There is no standard error any more either:
 * the writer sees the pipe end and says so, unless it has ended itself. */
static _Noreturn void give_up(void)
{
	_exit(HN_EXIT_UNFINISHED);
}

static void flush(struct parser *p)
{
	if (p->outbox.len > 0 && fd_write_all(p->options->pipe_fd, p->outbox.data, p->outbox.len) != HN_OK)
		give_up();
	buf_reset(&p->outbox);
}

static void tell(struct parser *p, const struct message *m)
{
	if (message_encode(m, &p->outbox) != HN_OK)
		give_up();
	if (p->outbox.len >= OUTBOX_FLUSH || m->type != MESSAGE_RECORD)
		flush(p);
}

static void flow_ended(void *context, const struct flow *flow, const struct selection *selection)
{
	struct parser *p = context;
	struct message m = {.type = MESSAGE_RECORD};
	deidentify_flow(&p->deidentify, flow, selection, ++p->seq, &m.record);
	tell(p, &m);
}

/* The signed patterns in the matcher's form. */
static int compile_patterns(struct parser *p)
{
	const struct authorization *a = p->options->authorization;
	struct fault fault = {0};

	if (a->pattern_count == 0)
		return HN_OK;
	p->sources = calloc(a->pattern_count, sizeof(*p->sources));
	if (p->sources == NULL)
		return HN_ENOMEM;
	patterns_sources(a, p->sources);
	int rc = patterns_new(p->sources, a->pattern_count, &p->patterns, &fault);
	if (rc != HN_OK)
		log_line(LOG_LEVEL_ERROR, tr("byte pattern '%s' %s", "バイト列 '%s' は%s"), fault.place,
			 fault.message);
	return rc;
}

static int open_inputs(struct parser *p)
{
	const struct parser_options *o = p->options;
	int rc = HN_OK;
	p->captures = calloc(o->input_count, sizeof(*p->captures));
	if (p->captures == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; rc == HN_OK && i < o->input_count; i++) {
		struct fault fault = {0};
		rc = capture_open(o->inputs[i].fd, o->inputs[i].name, p->pool, &p->captures[i], &fault);
		if (rc != HN_OK)
			log_line(LOG_LEVEL_ERROR, tr("cannot read '%s': %s", "'%s' を読めない: %s"),
				 o->inputs[i].name,
				 fault.message[0] != '\0' ? fault.message : hn_strerror(rc));
	}
	return rc;
}

static int make_stages(struct parser *p)
{
	const struct parser_options *o = p->options;
	bool locked = true;
	int rc = capture_pool_new(POOL_BLOCKS, &p->pool, &locked);
	p->memory_locked = p->memory_locked && locked;
	if (rc != HN_OK)
		return rc;
	struct prepare_options prepare = {.authorization = o->authorization, .domestic = o->domestic};
	rc = prepare_new(&prepare, &p->prepare, &locked);
	p->memory_locked = p->memory_locked && locked;
	if (rc != HN_OK)
		return rc;
	struct engine_options engine = {.sets = o->sets,
					.set_count = o->set_count,
					.patterns = p->patterns,
					.flows_max = o->flows_max,
					.streams_max = STREAMS_MAX,
					.classes = o->authorization->classes,
					.ended = flow_ended,
					.context = p};
	rc = engine_new(&engine, &p->engine, &locked);
	p->memory_locked = p->memory_locked && locked;
	if (rc != HN_OK || !o->take_digest)
		return rc;
	rc = input_digest_new(&p->digest, &locked);
	p->memory_locked = p->memory_locked && locked;
	return rc;
}

/* Landlock and capabilities are a thread's own: threads begin when both are given up. */
static int start_threads(struct parser *p)
{
	int rc = pipeline_new(p->prepare, p->engine, p->options->threads, &p->pipeline);
	if (rc == HN_OK && p->digest != NULL)
		rc = input_digest_start(p->digest);
	return rc;
}

static int take_secrets(struct parser *p, struct key *identity)
{
	const struct parser_options *o = p->options;
	p->deidentify = (struct deidentify){.domestic = o->domestic,
					    .sets = o->sets,
					    .set_count = o->set_count,
					    .identified = o->authorization->identified,
					    .edge = o->edge,
					    .epoch = o->epoch};
	int rc = pseudonym_secret_open(o->authorization, &o->edge, identity, &p->secret, &p->secret_drawn);
	key_free(identity);
	if (rc == HN_OK)
		rc = sealer_new(o->trust->reidentification, &p->sealer);
	p->deidentify.secret = p->secret;
	p->deidentify.sealer = p->sealer;
	return rc;
}

/* From here on a hostile byte finds memory, the descriptors of the inputs, and the pipe. */
static int close_sandbox(struct confinement *state)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write)};
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	int rc = confine_calls(calls, sizeof(calls) / sizeof(calls[0]), state);
	if (rc == HN_OK && !confine_sanitized())
		(void)close(STDERR_FILENO);
	return rc;
}

static void add_capture_stats(const struct capture *c, struct message_sums *m)
{
	const struct capture_stats *stats = capture_stats(c);
	m->records = stats->records;
	m->input_bytes = stats->bytes_read;
	m->cut = m->cut || stats->cut;
	m->sums.not_seen_packets += stats->records_refused;
}

static void read_input(struct parser *p, size_t i)
{
	const struct parser_options *o = p->options;
	struct message m = {.type = MESSAGE_SUMS};
	bool last = i + 1 == o->input_count;

	if (p->digest != NULL)
		input_digest_begin(p->digest, p->captures[i]);
	int rc = pipeline_run(p->pipeline, p->captures[i], last);
	flush(p);
	if (rc != HN_OK) {
		struct message fault = {.type = MESSAGE_FAULT, .fault = {.input = (uint32_t)i, .error = rc}};
		tell(p, &fault);
		m.sums.cut = true;
	}
	struct sums flows;
	prepare_sums(p->prepare, &m.sums.sums);
	engine_sums(p->engine, &flows);
	sums_merge(&m.sums.sums, &flows);
	add_capture_stats(p->captures[i], &m.sums);
	m.sums.input = (uint32_t)i;
	m.sums.last = last;
	if (p->digest != NULL) {
		input_digest_end(p->digest, m.sums.digest);
		m.sums.has_digest = true;
	}
	tell(p, &m);
}

/* Ends with the writer. The kernel forgets such a wish when the user changes, so it comes after that. */
static int end_with_writer(pid_t writer)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return HN_EIO;
	if (getppid() != writer)
		give_up();
	return HN_OK;
}

_Noreturn void parser_run(const struct parser_options *options, struct key *identity)
{
	static struct parser parser;
	struct parser *p = &parser;
	struct confinement state = {0};
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	p->options = options;
	p->memory_locked = true;
	buf_init(&p->outbox, 4 * MESSAGE_MAX);
	/* Memory is locked while the right to do so is still there; without it memory_locked says so. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	int rc = take_secrets(p, identity);
	if (rc == HN_OK)
		rc = compile_patterns(p);
	if (rc == HN_OK)
		rc = make_stages(p);
	if (rc == HN_OK)
		rc = confine_identity(true, false, &state);
	if (rc == HN_OK)
		rc = end_with_writer(options->writer);
	if (rc == HN_OK)
		rc = confine_files(NULL, 0, CONFINE_ABI_MAX, &state);
	if (rc == HN_EUNSUPPORTED) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("this kernel has no Landlock, so the parser cannot be kept from the file system; "
			    "nothing was read",
			    "このカーネルにはLandlockがなく、解析プロセスをファイルから隔離できない。何も読ん"
			    "でいない"));
		_exit(HN_EXIT_UNFINISHED);
	}
	if (rc == HN_OK && open_inputs(p) != HN_OK)
		_exit(HN_EXIT_INPUT);
	if (rc == HN_OK)
		rc = start_threads(p);
	if (rc == HN_OK)
		rc = close_sandbox(&state);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("the parser could not start: %s", "解析プロセスを開始できない: %s"),
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
		_exit(HN_EXIT_UNFINISHED);
	}
	struct message ready = {.type = MESSAGE_READY,
				.ready = {.confinement = state,
					  .memory_locked = p->memory_locked,
					  .secret_drawn = p->secret_drawn}};
	tell(p, &ready);
	for (size_t i = 0; i < options->input_count; i++)
		read_input(p, i);
	pseudonym_secret_free(p->secret);
	sealer_free(p->sealer);
	_exit(HN_EXIT_DONE);
}
