/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "sensor/message.h"
#include "sensor/remover.h"

#define LINES_FLUSH (1u << 20) /* bytes of records that wait in memory */
#define LINES_MAX   (2u << 20)

struct writer {
	struct writer_options *options;
	struct writer_result *result;
	struct confinement parser_state;
	struct buf lines;
	uint64_t records; /* since the last receipt */
	uint64_t last_seq;
	uint64_t flows_selected;            /* told in sums; each gives one record when it ends */
	struct tally pending[SUMS_CLASSES]; /* at the end of the former interval */
	bool faulted; /* the input under way could not be read on: it is kept whatever was asked */
	bool ready;
	bool ended;  /* the last sums came */
	bool unread; /* an input could not be read */
};

int writer_confine(struct writer_options *options, struct confinement *state)
{
	static const int calls[] = {
		SCMP_SYS(read),       SCMP_SYS(write),     SCMP_SYS(pwrite64),  SCMP_SYS(fsync),
		SCMP_SYS(fdatasync),  SCMP_SYS(openat),    SCMP_SYS(mkdirat),   SCMP_SYS(renameat),
		SCMP_SYS(renameat2),  SCMP_SYS(unlinkat),  SCMP_SYS(lseek),     SCMP_SYS(fstat),
		SCMP_SYS(newfstatat), SCMP_SYS(fcntl),     SCMP_SYS(ftruncate), SCMP_SYS(wait4),
		SCMP_SYS(pread64),    SCMP_SYS(fallocate), SCMP_SYS(linkat),    SCMP_SYS(sync_file_range),
	};
	const struct confine_rule rule = {output_fd(options->output), CONFINE_WRITE};
	struct stat st;

	bool foreign = fstat(output_fd(options->output), &st) == 0 && st.st_uid != geteuid();
	int rc = confine_identity(false, foreign, state);
	if (rc == HN_OK)
		rc = confine_files(&rule, 1, CONFINE_ABI_MAX, state);
	if (rc == HN_OK)
		rc = confine_calls(calls, sizeof(calls) / sizeof(calls[0]), state);
	return rc;
}

static int flush_lines(struct writer *w)
{
	int rc = w->lines.len == 0 ? HN_OK : output_records(w->options->output, w->lines.data, w->lines.len);
	buf_reset(&w->lines);
	return rc;
}

static int take_record(struct writer *w, const struct message_record *r)
{
	/* A number that does not rise would give two records one uid. */
	if (r->seq <= w->last_seq || r->phase != RECORD_ONLY)
		return HN_EFORMAT;
	w->last_seq = r->seq;
	int rc = record_add(&w->options->records, r, &w->lines);
	if (rc != HN_OK)
		return rc;
	w->records++;
	w->result->records++;
	return w->lines.len >= LINES_FLUSH ? flush_lines(w) : HN_OK;
}

/* The receipt is durable: now the input may go. */
static int consume(struct writer *w, uint32_t number)
{
	const struct writer_input *input = &w->options->inputs[number];
	struct buf record;
	buf_init(&record, 8192);
	int rc = remover_ask(w->options->remover_fd, number);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot remove '%s': %s; its receipt says unlinking, so remove it by hand",
			    "'%s' を削除できない: "
			    "%s。受領証では削除することになっているので、手で削除すること"),
			 input->name, hn_errno_text(errno));
		rc = HN_ESTATE; /* said already */
	}
	buf_addf(&record, "{\"input\":");
	buf_json_string(&record, input->name, strlen(input->name));
	buf_addf(&record, ",\"unlinked\":%s}", rc == HN_OK ? "true" : "false");
	int put = buf_err(&record);
	if (put == HN_OK)
		put = output_entry(w->options->output, "input-unlinked", record.data, record.len,
				   utc_now_ns());
	buf_clear(&record);
	return rc != HN_OK ? rc : put;
}

static int make_receipt(struct writer *w, struct message_sums *sums)
{
	struct writer_options *o = w->options;
	const struct writer_input *input = &o->inputs[sums->input];
	struct receipt r = {.made_ns = utc_now_ns(),
			    .input = input->name,
			    .input_state = o->consume && !w->faulted ? "unlinking" : "kept",
			    .digest_given = o->has_digest,
			    .sums = sums,
			    .records_count = w->records};
	struct buf line;

	if (o->has_digest) {
		sums->has_digest = true;
		memcpy(sums->digest, o->digest, SHA256_SIZE);
	}
	int rc = flush_lines(w);
	if (rc == HN_OK)
		rc = output_records_end(o->output, &r.records_offset, &r.records_bytes, r.records_digest);
	if (rc != HN_OK)
		return rc;
	r.has_former = output_former(o->output, &r.number, r.former);
	buf_init(&line, 1u << 20);
	rc = receipt_add(&o->receipts, &r, &line);
	if (rc == HN_OK)
		rc = output_receipt(o->output, line.data, line.len, r.made_ns);
	buf_clear(&line);
	w->records = 0;
	return rc;
}

/* What one interval says must go on from what the former said: inputs in order, nothing pending lost or left.
 */
static int check_order(struct writer *w, const struct message_sums *sums)
{
	const struct sums *s = &sums->sums;
	if (sums->input != w->result->receipts ||
	    sums->last != (sums->input + 1 == w->options->input_count) ||
	    memcmp(s->pending_before, w->pending, sizeof(w->pending)) != 0)
		return HN_EFORMAT;
	memcpy(w->pending, s->pending_after, sizeof(w->pending));
	w->flows_selected += s->flows_selected;
	for (size_t c = 0; sums->last && c < SUMS_CLASSES; c++)
		if (s->pending_after[c].packets != 0 || s->pending_after[c].bytes != 0)
			return HN_EFORMAT;
	if (w->result->records > w->flows_selected || (sums->last && w->result->records != w->flows_selected))
		return HN_EFORMAT;
	return HN_OK;
}

static int take_sums(struct writer *w, struct message_sums *sums)
{
	if (check_order(w, sums) != HN_OK)
		return HN_EFORMAT;
	int rc = make_receipt(w, sums);
	if (rc != HN_OK)
		return rc;
	/* What was pending is carried over, so it is no new sum of the run. */
	struct sums add = sums->sums;
	memset(add.pending_before, 0, sizeof(add.pending_before));
	memset(w->result->sums.pending_after, 0, sizeof(add.pending_after));
	w->result->sums.flows_pending = 0;
	sums_merge(&w->result->sums, &add);
	w->result->receipts++;
	w->result->packets += sums->records;
	w->result->cut = w->result->cut || sums->cut;
	w->ended = sums->last;
	bool keep = !w->options->consume || w->faulted;
	w->faulted = false;
	return keep ? HN_OK : consume(w, sums->input);
}

static int take_ready(struct writer *w, const struct message_ready *ready)
{
	w->ready = true;
	w->parser_state = ready->confinement;
	w->options->receipts.parser = &w->parser_state;
	w->options->receipts.memory_locked = ready->memory_locked;
	w->options->receipts.secret_drawn = ready->secret_drawn;
	w->result->memory_locked = ready->memory_locked;
	w->result->parser_abi = ready->confinement.landlock_abi;
	return HN_OK;
}

static int take_message(struct writer *w, struct message *m)
{
	if (w->ready == (m->type == MESSAGE_READY) || w->ended)
		return HN_EFORMAT;
	switch (m->type) {
	case MESSAGE_READY:
		return take_ready(w, &m->ready);
	case MESSAGE_RECORD:
		return take_record(w, &m->record);
	case MESSAGE_SUMS:
		return take_sums(w, &m->sums);
	case MESSAGE_ADOPTED:
		return HN_EFORMAT;
	case MESSAGE_FAULT:
		if (m->fault.input >= w->options->input_count)
			return HN_EFORMAT;
		w->unread = true;
		w->faulted = true;
		log_line(LOG_LEVEL_ERROR,
			 tr("'%s' could not be read to its end: %s", "'%s' を最後まで読めない: %s"),
			 w->options->inputs[m->fault.input].name, hn_strerror(m->fault.error));
		return HN_OK;
	}
	return HN_EFORMAT;
}

/*
 * How the parser ended. Until its sandbox is closed it says itself what stopped it; after that it has no
 * standard error, so it is said here.
 *
 * @return an exit code; HN_EXIT_UNFINISHED when it did not come to its end
 */
static int parser_end(const struct writer *w)
{
	int status = 0;
	while (waitpid(w->options->parser, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status)) {
		int code = WEXITSTATUS(status);
		if (code == HN_EXIT_DONE ? !w->ended : w->ready)
			log_line(LOG_LEVEL_ERROR,
				 tr("the parser gave up before it had told everything (exit code %d; no "
				    "memory left?); what is written holds up to the last receipt, run it "
				    "again",
				    "解析プロセスが途中で断念した(終了コード%d。メモリ不足の可能性)"
				    "。最後の受領証ま"
				    "での出力は有効。再実行すること"),
				 code);
		return code == HN_EXIT_DONE && !w->ended ? HN_EXIT_UNFINISHED : code;
	}
	log_line(LOG_LEVEL_ERROR,
		 tr("the parser was ended by signal %d; what is written holds up to the last receipt, run it "
		    "again",
		    "解析プロセスがシグナル%dで終了した。最後の受領証までの出力は有効。再実行すること"),
		 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return HN_EXIT_UNFINISHED;
}

static int say_error(int rc)
{
	if (rc == HN_ESTATE)
		return HN_EXIT_UNFINISHED;
	if (rc == HN_EFORMAT || rc == HN_ETRUNC || rc == HN_ELIMIT)
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("the parser sent a message that is none; stopped, what is written holds up to "
			    "the last receipt",
			    "解析プロセスから不正なメッセージが届いたため停止した。最後の受領証までの出力は有"
			    "効"));
	else
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot write the output: %s; what is written holds up to the last receipt, make "
			    "room and run it again",
			    "出力を書き込めない: "
			    "%s。最後の受領証までの出力は有効。空きを作って再実行すること"),
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

int writer_run(struct writer_options *options, struct writer_result *result)
{
	struct writer w = {.options = options, .result = result};
	uint8_t *frame = malloc(MESSAGE_MAX);
	int rc = frame == NULL ? HN_ENOMEM : HN_OK;
	bool closed = false; /* a file that is missing is HN_ENOENT too, but not the end of the pipe */

	buf_init(&w.lines, LINES_MAX);
	memset(result, 0, sizeof(*result));
	while (rc == HN_OK) {
		struct message m;
		size_t len = 0;
		rc = message_read(options->pipe_fd, frame, &len);
		closed = rc == HN_ENOENT;
		if (rc == HN_OK)
			rc = message_decode(cur_of(frame, len), &m);
		if (rc == HN_OK)
			rc = take_message(&w, &m);
	}
	free(frame);
	buf_clear(&w.lines);
	(void)close(options->pipe_fd); /* a parser that still writes ends by it */
	if (!closed)
		return say_error(rc);
	int code = parser_end(&w);
	return code == HN_EXIT_DONE && w.unread ? HN_EXIT_INPUT : code;
}
