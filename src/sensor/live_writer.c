/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "sensor/case_entry.h"
#include "sensor/live_case.h"
#include "sensor/live_control.h"
#include "sensor/live_state.h"
#include "sensor/live_watch.h"
#include "sensor/message.h"
#include "sensor/receipt_write.h"
#include "sensor/record.h"

#define LINES_FLUSH   (1u << 20)
#define LINES_MAX     (2u << 20)
#define TURN_MS       200 /* between looks at the clock */
#define CLOCK_STEP_NS (10 * NS_SECOND)
#define PINNED        "private/trust.json"
#define RULES_MAX     96
#define FRAMES_MAX    256 /* that are read before anything else is looked at */

/* What the parser was asked and has not answered yet. */
enum asked { ASKED_NOTHING, ASKED_TICK, ASKED_CASE, ASKED_STOP };

struct writer {
	const struct live_writer_options *options;
	struct live_world world;
	struct live_state state;
	struct live_case *present; /* newest; older ones behind it */
	struct live_case *next;    /* handed over */
	struct confinement parser_state, own_state;
	int inotify;
	enum asked asked;
	bool ready, ended, stopping, files, dirty;
	bool gone;          /* the parser: it has closed the pipe */
	int64_t read_ns;    /* the clock was last looked at */
	int64_t former_ns;  /* end of the former interval */
	int64_t expired_ns; /* retention was last looked at */
	struct buf lines;
	uint64_t waiting; /* records since the last receipt */
	uint64_t last_seq;
	uint64_t selected, closed; /* flows, since the beginning */
	struct tally pending[SUMS_CLASSES];
	int failed; /* of what was called back */
};

struct rules {
	struct confine_rule all[RULES_MAX];
	size_t count;
};

static int add_rule(void *context, const char *folder)
{
	struct rules *r = context;
	if (r->count == RULES_MAX)
		return HN_ELIMIT;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		r->all[r->count++] = (struct confine_rule){fd, CONFINE_READ};
	return HN_OK;
}

static int confine(struct writer *w)
{
	static const int calls[] = {
		SCMP_SYS(read),       SCMP_SYS(write),     SCMP_SYS(pwrite64),  SCMP_SYS(fsync),
		SCMP_SYS(fdatasync),  SCMP_SYS(openat),    SCMP_SYS(mkdirat),   SCMP_SYS(renameat),
		SCMP_SYS(renameat2),  SCMP_SYS(unlinkat),  SCMP_SYS(lseek),     SCMP_SYS(fstat),
		SCMP_SYS(newfstatat), SCMP_SYS(fcntl),     SCMP_SYS(ftruncate), SCMP_SYS(wait4),
		SCMP_SYS(pread64),    SCMP_SYS(fallocate), SCMP_SYS(linkat),    SCMP_SYS(sync_file_range),
		SCMP_SYS(poll),       SCMP_SYS(ppoll),     SCMP_SYS(sendmsg),   SCMP_SYS(memfd_create),
		SCMP_SYS(getdents64), SCMP_SYS(dup),       SCMP_SYS(mlock),     SCMP_SYS(inotify_add_watch),
		SCMP_SYS(stat),       SCMP_SYS(fstatfs),   SCMP_SYS(mlock2),
	};
	struct rules rules = {.count = 0};
	struct stat st;
	int dir = output_fd(w->options->output);

	bool foreign = fstat(dir, &st) == 0 && st.st_uid != geteuid();
	rules.all[rules.count++] = (struct confine_rule){dir, CONFINE_WRITE};
	int rc = live_watch_folders(w->options->config, add_rule, &rules);
	if (rc == HN_OK)
		rc = confine_identity(false, foreign, &w->own_state);
	if (rc == HN_OK)
		rc = confine_files(rules.all, rules.count, CONFINE_ABI_MAX, &w->own_state);
	for (size_t i = 1; i < rules.count; i++)
		(void)close(rules.all[i].dir_fd);
	return rc == HN_OK ? confine_service_calls(calls, sizeof(calls) / sizeof(calls[0]), &w->own_state)
			   : rc;
}

/* ---- what is in force ---- */

static void note_state(struct writer *w)
{
	w->state.present = w->present;
	int rc = live_state_write(&w->state, output_fd(w->options->output), utc_now_ns());
	if (rc != HN_OK && w->failed == HN_OK)
		w->failed = rc;
}

static void refused(void *context, enum refusal r, const char *detail, const char *what, const char *name)
{
	struct writer *w = context;
	int64_t now = utc_now_ns();
	log_line(LOG_LEVEL_WARNING,
		 tr("%s '%s' refused: %s%s%s; what was in force stays",
		    "%s '%s' を拒否した: %s%s%s。使用中のものを維持する"),
		 what, name, refusal_text(r), detail[0] == '\0' ? "" : ": ", detail);
	live_state_refused(&w->state, now, r, detail, what, name);
	int rc = case_enter_refused(w->options->output, r, &w->options->edge, detail, what, name, now);
	if (rc != HN_OK)
		w->failed = rc;
	w->dirty = true;
}

/* The trust file that others must follow from now on, also after a restart. */
static int trusted(void *context, const char *text, size_t len)
{
	struct writer *w = context;
	return file_write_whole_at(output_fd(w->options->output), PINNED, text, len, 0600, true);
}

static int read_pinned(struct writer *w)
{
	struct buf text;
	int fd = openat(output_fd(w->options->output), PINNED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? HN_OK : HN_EIO;
	buf_init(&text, 8u << 20);
	int rc = HN_OK;
	size_t got = 1;
	while (rc == HN_OK && got > 0) {
		char part[16384];
		rc = fd_read_full(fd, part, sizeof(part), &got);
		buf_add(&text, part, rc == HN_OK ? got : 0);
	}
	(void)close(fd);
	if (rc == HN_OK)
		rc = buf_err(&text);
	if (rc == HN_OK)
		rc = live_world_pin(&w->world, text.data == NULL ? "" : text.data, text.len);
	buf_clear(&text);
	return rc;
}

/* A parser that is gone is told when its pipe is seen to end. */
static int tell_parser(const struct writer *w, const struct control *c, int fd)
{
	int rc = control_send(w->options->control_fd, c, fd);
	return rc == HN_EIO && (errno == EPIPE || errno == ECONNRESET) ? HN_OK : rc;
}

static int send_text(const struct writer *w, enum control_type type, const void *text, size_t len)
{
	const struct control c = {.type = type};
	int fd = memfd_create("hinomi", MFD_CLOEXEC);
	int rc = fd < 0 ? HN_EIO : fd_write_all(fd, text, len);
	if (rc == HN_OK)
		rc = tell_parser(w, &c, fd);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static int send_footing(const struct writer *w, const struct live_case *c)
{
	int rc = send_text(w, CONTROL_TRUST, c->trust_text.data, c->trust_text.len);
	if (rc == HN_OK)
		rc = send_text(w, CONTROL_DOMESTIC,
			       c->domestic->text.len == 0 ? "\n" : c->domestic->text.data,
			       c->domestic->text.len == 0 ? 1 : c->domestic->text.len);
	if (rc == HN_OK && c->authorization != NULL)
		rc = send_text(w, CONTROL_AUTHORIZATION, c->payload.data, c->payload.len);
	return rc;
}

static int hand_over(const struct writer *w, const struct live_case *c)
{
	struct control m = {.type = CONTROL_BEGIN,
			    .generation = c->generation,
			    .basis = w->present == NULL || !live_case_same_footing(w->present, c),
			    .authorised = c->authorization != NULL,
			    .edge = w->options->edge,
			    .stops_ns = c->stops_ns};
	memcpy(m.secret, c->secret, sizeof(m.secret));
	int rc = tell_parser(w, &m, -1);
	explicit_bzero(m.secret, sizeof(m.secret));
	if (rc == HN_OK && m.basis)
		rc = send_footing(w, c);
	for (size_t i = 0; i < c->set_count; i++)
		for (size_t layer = 0; rc == HN_OK && layer < c->sets[i]->layers; layer++) {
			const struct control one = {.type = CONTROL_LAYER, .set = (uint32_t)i};
			rc = tell_parser(w, &one, c->sets[i]->fds[layer]);
		}
	const struct control end = {.type = CONTROL_COMMIT};
	return rc == HN_OK ? tell_parser(w, &end, -1) : rc;
}

/* What is about to be used goes into the ledger, then to the parser. */
static int begin_case(struct writer *w, struct live_case *c)
{
	const struct case_entry entry = {.epoch = &w->options->epoch,
					 .authorization = c->authorization,
					 .refused = c->refused,
					 .trust = &c->trust,
					 .domestic = c->domestic->table,
					 .sets = c->views,
					 .set_count = c->set_count};
	w->next = c;
	w->asked = ASKED_CASE;
	int rc = case_enter(w->options->output, w->present == NULL ? "run-begun" : "in-force", &entry,
			    utc_now_ns());
	return rc == HN_OK ? hand_over(w, c) : rc;
}

static void tell_change(const struct live_case *former, const struct live_case *c)
{
	if (c->authorization == NULL && (former == NULL || former->authorization != NULL))
		log_line(LOG_LEVEL_WARNING, tr("selects nothing: %s%s%s", "選別を行わない: %s%s%s"),
			 refusal_text(c->refused), c->detail.text[0] == '\0' ? "" : ": ", c->detail.text);
	else if (c->authorization != NULL && (former == NULL || former->authorization == NULL))
		log_line(LOG_LEVEL_INFO,
			 tr("selects under authorisation %s, sets: %zu",
			    "承認 %s の下で選別する。指標集合: %zu"),
			 c->authorization->id_text, c->set_count);
}

static int take_adopted(struct writer *w, const struct message_adopted *a)
{
	if (w->asked != ASKED_CASE || a->generation != w->next->generation)
		return HN_EFORMAT;
	struct live_case *c = w->next;
	for (size_t i = 0; i < c->set_count; i++)
		if (c->sets[i]->since_ns == 0) {
			c->sets[i]->since_ns = a->at_ns;
			c->sets[i]->took_ns = a->at_ns - c->sets[i]->renamed_ns;
		}
	tell_change(w->present, c);
	c->former = w->present;
	w->present = c;
	w->next = NULL;
	w->state.since_ns = a->at_ns;
	w->asked = ASKED_NOTHING;
	w->dirty = true;
	return HN_OK;
}

/* Older cases go when no flow that was selected under them is left. */
static void forget_cases(struct writer *w, uint32_t oldest)
{
	struct live_case **at = &w->present->former;
	while (*at != NULL && (*at)->generation >= oldest)
		at = &(*at)->former;
	while (*at != NULL) {
		struct live_case *gone = *at;
		*at = gone->former;
		live_case_free(gone);
	}
}

/* ---- what the parser says ---- */

static int flush_lines(struct writer *w)
{
	int rc = w->lines.len == 0 ? HN_OK : output_records(w->options->output, w->lines.data, w->lines.len);
	buf_reset(&w->lines);
	return rc;
}

static int take_record(struct writer *w, const struct message_record *r)
{
	const struct live_case *c = w->present;
	while (c != NULL && c->generation != r->generation)
		c = c->former;
	/* A number that does not rise would give two records one uid. */
	if (c == NULL || c->authorization == NULL || r->seq <= w->last_seq || r->phase == RECORD_ONLY)
		return HN_EFORMAT;
	const struct record_context context = {.authorization = c->authorization,
					       .domestic = c->domestic->table,
					       .sets = c->views,
					       .set_count = c->set_count,
					       .edge = w->options->edge,
					       .epoch = w->options->epoch};
	w->last_seq = r->seq;
	int rc = record_add(&context, r, &w->lines);
	if (rc != HN_OK)
		return rc;
	w->waiting++;
	w->state.records++;
	return w->lines.len >= LINES_FLUSH ? flush_lines(w) : HN_OK;
}

/* What one interval says must go on from what the former said, and agree with the records that came. */
static int check_order(struct writer *w, const struct message_sums *m)
{
	const struct sums *s = &m->sums;
	if (w->asked == ASKED_NOTHING || w->present == NULL || m->last != (w->asked == ASKED_STOP) ||
	    memcmp(s->pending_before, w->pending, sizeof(w->pending)) != 0 || m->oldest == 0 ||
	    w->waiting != s->flows_selected + m->flows_ended)
		return HN_EFORMAT;
	memcpy(w->pending, s->pending_after, sizeof(w->pending));
	w->selected += s->flows_selected;
	w->closed += m->flows_ended;
	for (size_t c = 0; m->last && c < SUMS_CLASSES; c++)
		if (s->pending_after[c].packets != 0 || s->pending_after[c].bytes != 0)
			return HN_EFORMAT;
	return w->closed > w->selected || (m->last && w->closed != w->selected) ? HN_EFORMAT : HN_OK;
}

static int make_receipt(struct writer *w, const struct message_sums *m)
{
	const struct live_config *config = w->options->config;
	const struct live_case *p = w->present;
	const struct receipt_context context = {.edge = w->options->edge,
						.epoch = w->options->epoch,
						.begun_ns = w->options->begun_ns,
						.authorization = p->authorization,
						.refused = p->refused,
						.trust = &p->trust,
						.domestic = p->domestic->table,
						.sets = p->views,
						.set_count = p->set_count,
						.identity = w->options->identity,
						.parser = &w->parser_state,
						.writer = &w->own_state,
						.memory_locked = w->state.memory_locked,
						.program = "hinomi-sensor",
						.secret_drawn = p->secret_drawn};
	int64_t now = utc_now_ns();
	struct receipt r = {.made_ns = now,
			    .input = w->state.input,
			    .input_state = config->replay != NULL ? "replay" : "interface",
			    .live = true,
			    .from_ns = w->former_ns < now ? w->former_ns : now,
			    .until_ns = now,
			    .sums = m,
			    .records_count = w->waiting};
	struct buf line;
	int rc = flush_lines(w);
	if (rc == HN_OK)
		rc = output_records_end(w->options->output, &r.records_offset, &r.records_bytes,
					r.records_digest);
	if (rc != HN_OK)
		return rc;
	r.has_former = output_former(w->options->output, &r.number, r.former);
	buf_init(&line, RECEIPT_LINE_MAX);
	rc = receipt_add(&context, &r, &line);
	if (rc == HN_OK)
		rc = output_receipt(w->options->output, line.data, line.len, now);
	buf_clear(&line);
	w->waiting = 0;
	w->former_ns = now;
	w->state.receipt = r.number;
	w->state.receipt_ns = now;
	w->state.receipts++;
	/* A clock that is set back is not believed; one that is only put right goes on. */
	if (rc == HN_OK && now - CLOCK_STEP_NS > w->world.newest_signed_ns)
		w->world.newest_signed_ns = now - CLOCK_STEP_NS;
	return rc;
}

static int take_sums(struct writer *w, const struct message_sums *m)
{
	if (check_order(w, m) != HN_OK)
		return HN_EFORMAT;
	int rc = make_receipt(w, m);
	if (rc != HN_OK)
		return rc;
	struct sums add = m->sums;
	memset(add.pending_before, 0, sizeof(add.pending_before));
	memset(w->state.sums.pending_after, 0, sizeof(add.pending_after));
	w->state.sums.flows_pending = 0;
	sums_merge(&w->state.sums, &add);
	forget_cases(w, m->oldest);
	w->ended = m->last;
	if (w->asked == ASKED_TICK)
		w->asked = ASKED_NOTHING;
	w->dirty = true;
	return HN_OK;
}

static int take_message(struct writer *w, const struct message *m)
{
	if (w->ready == (m->type == MESSAGE_READY) || w->ended)
		return HN_EFORMAT;
	switch (m->type) {
	case MESSAGE_READY:
		w->ready = true;
		w->parser_state = m->ready.confinement;
		w->state.memory_locked = m->ready.memory_locked;
		return HN_OK;
	case MESSAGE_RECORD:
		return take_record(w, &m->record);
	case MESSAGE_SUMS:
		return take_sums(w, &m->sums);
	case MESSAGE_ADOPTED:
		return take_adopted(w, &m->adopted);
	case MESSAGE_FAULT:
		break;
	}
	return HN_EFORMAT;
}

/* ---- the loop ---- */

static bool readable(int fd)
{
	struct pollfd one = {fd, POLLIN, 0};
	return poll(&one, 1, 0) > 0;
}

/* What has come. Frames are written whole, so the rest of one that has begun is there or on its way. */
static int read_messages(struct writer *w, uint8_t *frame)
{
	int rc = HN_OK;
	for (unsigned i = 0; rc == HN_OK && !w->ended && i < FRAMES_MAX && readable(w->options->pipe_fd);
	     i++) {
		struct message m;
		size_t len = 0;
		rc = message_read(w->options->pipe_fd, frame, &len);
		w->gone = rc == HN_ENOENT;
		if (rc == HN_OK)
			rc = message_decode(cur_of(frame, len), &m);
		if (rc == HN_OK)
			rc = take_message(w, &m);
	}
	int put = flush_lines(w);
	return rc == HN_OK ? put : rc;
}

static void read_signals(struct writer *w)
{
	struct signalfd_siginfo info;
	while (read(w->options->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			w->files = true;
		else
			w->stopping = true;
	}
}

static int expire(struct writer *w, int64_t now)
{
	struct output_expired expired;
	struct fault fault = {{0}, {0}};
	w->expired_ns = now;
	int rc = output_expire(w->options->output, w->options->identity, now, &expired, &fault);
	if (rc == HN_OK && expired.records > 0) {
		log_line(LOG_LEVEL_INFO,
			 tr("the retention of %llu records has ended; they were erased",
			    "保存期間が終わったため、%llu件の記録を消去した"),
			 (unsigned long long)expired.records);
		w->state.erased_records += expired.records;
		w->dirty = true;
	}
	return rc;
}

static int read_world(struct writer *w, int64_t now, struct fault *fault)
{
	struct live_case *c = NULL;
	bool files = w->files;
	w->read_ns = now;
	w->files = false;
	if (files)
		live_watch_add(w->inotify, w->options->config);
	int rc = live_world_read(&w->world, files, now, w->present, &c, fault);
	if (rc == HN_OK && c != NULL)
		rc = begin_case(w, c);
	return rc;
}

/* What the parser is asked next, when it has answered. */
static int ask(struct writer *w, struct fault *fault)
{
	int64_t now = utc_now_ns();
	struct control c = {.type = 0};
	if (!w->ready || w->asked != ASKED_NOTHING)
		return HN_OK;
	if (w->stopping && w->present != NULL) {
		c.type = CONTROL_STOP;
		w->asked = ASKED_STOP;
	} else if (w->files || now - w->read_ns >= NS_SECOND || now < w->read_ns) {
		int rc = read_world(w, now, fault);
		if (rc != HN_OK || w->asked != ASKED_NOTHING)
			return rc;
	}
	if (c.type == 0 && (now - w->former_ns >= w->options->config->interval_ns || now < w->former_ns)) {
		c.type = CONTROL_TICK;
		w->asked = ASKED_TICK;
	}
	return c.type == 0 ? HN_OK : tell_parser(w, &c, -1);
}

static int turn(struct writer *w, uint8_t *frame, struct fault *fault)
{
	struct pollfd wanted[3] = {{w->options->pipe_fd, POLLIN, 0},
				   {w->inotify, POLLIN, 0},
				   {w->options->signal_fd, POLLIN, 0}};
	(void)poll(wanted, 3, TURN_MS);
	int rc = wanted[0].revents != 0 ? read_messages(w, frame) : HN_OK;
	read_signals(w);
	if (live_watch_empty(w->inotify))
		w->files = true;
	if (rc != HN_OK || w->ended)
		return rc;
	rc = ask(w, fault);
	int64_t now = utc_now_ns();
	if (rc == HN_OK && (now - w->expired_ns >= w->options->config->interval_ns || now < w->expired_ns))
		rc = expire(w, now);
	if (rc == HN_OK && w->dirty) {
		w->dirty = false;
		note_state(w);
	}
	return rc == HN_OK ? w->failed : rc;
}

/* Once its sandbox is closed the parser has no standard error, so how it ended is said here. */
static int say_parser_end(const struct writer *w)
{
	int status = 0;
	while (waitpid(w->options->parser, &status, 0) < 0 && errno == EINTR)
		continue;
	if (w->ready && WIFEXITED(status))
		log_line(LOG_LEVEL_ERROR,
			 tr("the parser gave up (exit code %d; no memory left?); what is written holds up to "
			    "the "
			    "last receipt",
			    "解析プロセスが断念した(終了コード%d。メモリ不足の可能性)"
			    "。最後の受領証までの出力は有効"),
			 WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR,
			 tr("the parser was ended by signal %d; what is written holds up to the last receipt",
			    "解析プロセスがシグナル%dで終了した。最後の受領証までの出力は有効"),
			 WTERMSIG(status));
	return HN_EXIT_UNFINISHED;
}

static int say_error(int rc, const struct fault *fault)
{
	if (rc == HN_EAUTH && fault->message[0] != '\0') {
		log_line(LOG_LEVEL_ERROR, "%s: %s", fault->place, fault->message);
		return HN_EXIT_INPUT;
	}
	if (rc == HN_EFORMAT || rc == HN_ETRUNC || rc == HN_ELIMIT)
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("the parser sent a message that is none; stopped, what is written holds up to "
			    "the last receipt",
			    "解析プロセスから不正なメッセージが届いたため停止した。最後の受領証までの出力は有"
			    "効"));
	else
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot go on: %s%s%s; what is written holds up to the last receipt",
			    "続行できない: %s%s%s。最後の受領証までの出力は有効"),
			 fault->place, fault->place[0] == '\0' ? "" : ": ",
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

static int end(struct writer *w)
{
	int status = 0;
	w->state.stopped = true;
	note_state(w);
	while (waitpid(w->options->parser, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == HN_EXIT_DONE && w->failed == HN_OK
		       ? HN_EXIT_DONE
		       : HN_EXIT_UNFINISHED;
}

static void free_all(struct writer *w)
{
	live_case_free(w->next);
	while (w->present != NULL) {
		struct live_case *former = w->present->former;
		live_case_free(w->present);
		w->present = former;
	}
	live_world_clear(&w->world);
	buf_clear(&w->lines);
}

/* A replay under a trust file that is not a demonstration's never begins. */
static int check_replay(struct writer *w, struct fault *fault)
{
	const char *why =
		tr("a replay needs a trust file marked demo", "再生には demo と印のある信頼ファイルが必要");
	struct trust t;
	if (w->options->config->replay == NULL)
		return -1;
	int rc = trust_read(w->options->config->trust, &t, fault);
	if (rc != HN_OK || t.mark == TRUST_MARK_DEMO)
		return -1; /* what cannot be read is told when it is read for use */
	log_line(LOG_LEVEL_ERROR, tr("not authorised: %s", "承認されていない: %s"), why);
	rc = case_enter_refused(w->options->output, REFUSAL_TRUST_UNKNOWN, &w->options->edge, why, "trust",
				w->options->config->trust, utc_now_ns());
	return rc == HN_OK ? HN_EXIT_NOT_AUTHORISED : HN_EXIT_UNFINISHED;
}

static int start(struct writer *w, struct fault *fault)
{
	int rc = confine(w);
	if (rc == HN_OK)
		rc = read_pinned(w);
	if (rc == HN_OK)
		rc = expire(w, utc_now_ns());
	if (rc != HN_OK)
		(void)fault_set(fault, rc, w->options->config->output, "%s", hn_strerror(rc));
	return rc;
}

int live_writer_run(const struct live_writer_options *options)
{
	static struct writer writer;
	struct writer *w = &writer;
	const struct live_config *c = options->config;
	struct fault fault = {{0}, {0}};

	*w = (struct writer){.options = options, .files = true, .former_ns = options->begun_ns};
	w->world = (struct live_world){.config = c,
				       .sensor = options->edge,
				       .identity = options->identity,
				       .newest_signed_ns = output_newest_ns(options->output),
				       .refused = refused,
				       .trusted = trusted,
				       .context = w};
	w->state = (struct live_state){.edge = options->edge,
				       .epoch = options->epoch,
				       .begun_ns = options->begun_ns,
				       .input = c->replay != NULL ? c->replay : c->interface,
				       .replay = c->replay != NULL,
				       .world = &w->world,
				       .parser = &w->parser_state,
				       .writer = &w->own_state};
	buf_init(&w->lines, LINES_MAX);
	uint8_t *frame = malloc(MESSAGE_MAX);
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int rc = frame == NULL || w->inotify < 0 ? HN_EIO : start(w, &fault);
	int code = rc == HN_OK ? check_replay(w, &fault) : -1;
	if (code == -1) {
		while (rc == HN_OK && !w->ended &&
		       !(w->stopping && w->ready && w->present == NULL && w->asked == ASKED_NOTHING))
			rc = turn(w, frame, &fault);
		code = w->gone       ? say_parser_end(w)
		       : rc != HN_OK ? say_error(rc, &fault)
		       : w->ended    ? end(w)
				     : HN_EXIT_DONE;
	}
	free(frame);
	(void)close(w->inotify);
	free_all(w);
	return code;
}
