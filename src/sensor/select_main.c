/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * hinomi select: automatic selection (自動選別) from captures under an authorisation. Reads and judges
 * everything that people wrote, then becomes two processes: a parser that reads packets and can do nothing
 * else, and a writer that never sees one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authority/pseudonym.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "base/version.h"
#include "ledger/ledger.h"
#include "sensor/case_entry.h"
#include "sensor/output.h"
#include "sensor/parser.h"
#include "sensor/remover.h"
#include "sensor/select_case.h"
#include "sensor/select_inputs.h"
#include "sensor/select_options.h"
#include "sensor/select_report.h"
#include "sensor/select_verify.h"
#include "sensor/writer.h"

struct run {
	struct select_options options;
	struct select_case stands_on;
	struct key *identity;
	struct uuid sensor;
	struct uuid epoch;
	int64_t begun_ns;
	struct output *output;
	struct select_inputs inputs;
	int remover_fd;
};

static int fail(int code, const char *what, const struct fault *fault, int rc)
{
	log_line(LOG_LEVEL_ERROR, "'%s': %s%s%s", what, fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	return code;
}

static int unfinished(const char *what)
{
	log_line(LOG_LEVEL_ERROR, tr("%s: %s; nothing was read", "%s: %s。何も読んでいない"), what,
		 hn_errno_text(errno));
	return HN_EXIT_UNFINISHED;
}

/* --expire makes nothing: neither a directory nor keys. */
static int check_there(const char *path, const struct run *run)
{
	struct fault fault = {0};
	if (!run->options.expire || access(path, F_OK) == 0)
		return -1;
	(void)fault_set(&fault, HN_EIO, "", "%s", hn_errno_text(errno));
	return fail(HN_EXIT_INPUT, path, &fault, HN_EIO);
}

static int load_identity(struct run *run)
{
	char inside[4096];
	struct fault fault = {0};
	const char *path = run->options.identity;

	int code = check_there(run->options.output, run);
	if (code != -1)
		return code;
	if (path == NULL) {
		/* Beside the records, readable by their owner only. */
		(void)mkdir(run->options.output, 0700);
		(void)snprintf(inside, sizeof(inside), "%s/private", run->options.output);
		(void)mkdir(inside, 0700);
		int n = snprintf(inside, sizeof(inside), "%s/private/identity", run->options.output);
		if (n < 0 || (size_t)n >= sizeof(inside)) {
			log_line(LOG_LEVEL_ERROR, tr("'%s': the path is too long", "'%s': パスが長すぎる"),
				 run->options.output);
			return HN_EXIT_USAGE;
		}
		path = inside;
	}
	code = check_there(path, run);
	if (code != -1)
		return code;
	int rc = identity_load_or_make(path, "hinomi select", &run->identity, NULL, &fault);
	if (rc != HN_OK)
		return fail(rc == HN_ENOSPC ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT, path, &fault, rc);
	if (run->options.sensor == NULL) {
		key_sensor_id(key_public(run->identity), &run->sensor);
	} else if (uuid_parse(run->options.sensor, strlen(run->options.sensor), &run->sensor) != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("--sensor takes a UUID, not '%s'", "--sensor はUUID。'%s' は不可"),
			 run->options.sensor);
		return HN_EXIT_USAGE;
	}
	return -1;
}

/* Records whose retention has ended go before anything else is done in the directory. */
static int expire(struct run *run)
{
	struct output_expired expired;
	struct fault fault = {0};
	int64_t now_ns = utc_now_ns();
	if (run->options.now_ns > now_ns)
		now_ns = run->options.now_ns;
	int rc = output_expire(run->output, run->identity, now_ns, &expired, &fault);
	if (rc != HN_OK)
		return fail(rc == HN_EFORMAT || rc == HN_EAUTH ? HN_EXIT_INPUT : HN_EXIT_UNFINISHED,
			    run->options.output, &fault, rc);
	if (!run->options.expire && expired.receipts > 0)
		log_line(LOG_LEVEL_WARNING,
			 tr("the retention of %llu records in '%s' has ended; they were erased",
			    "保存期間が終わったため、%llu件の記録を '%s' から消去した"),
			 (unsigned long long)expired.records, run->options.output);
	if (run->options.expire && run->options.json)
		printf("{\"expired_records\":%llu,\"expired_receipts\":%llu}\n",
		       (unsigned long long)expired.records, (unsigned long long)expired.receipts);
	else if (run->options.expire)
		printf(tr("erased %llu records of %llu receipts\n",
			  "%2$llu通の受領証の記録%1$llu件を消去した\n"),
		       (unsigned long long)expired.records, (unsigned long long)expired.receipts);
	return -1;
}

/* What an earlier run left unfinished is said and entered. */
static int tell_mended(struct run *run, const struct output_mended *m)
{
	if (!case_mended(m))
		return HN_OK;
	log_line(
		LOG_LEVEL_WARNING,
		tr("an earlier run in '%s' did not finish: %llu bytes of records that no receipt covers were "
		   "erased",
		   "'%s' の以前の実行は完了していない。受領証のない記録%lluバイトを消去した"),
		run->options.output, (unsigned long long)m->records_dropped);
	if (m->pending_packets > 0 || m->flows_lost > 0)
		log_line(LOG_LEVEL_WARNING,
			 tr("between its inputs it left %llu packets pending, which were erased with its "
			    "memory, and "
			    "%llu selected flows without a record; where its inputs are still there, give "
			    "all of them "
			    "again",
			    "入力の途中で保留だった%lluパケットはメモリとともに消去され、選別した%"
			    "lluフローの記録は残って"
			    "いない。入力が残っていれば、すべて再度与えること"),
			 (unsigned long long)m->pending_packets, (unsigned long long)m->flows_lost);
	return case_enter_mended(run->output, m, utc_now_ns());
}

static int open_output(struct run *run)
{
	struct output_mended mended;
	struct fault fault = {0};
	int rc = output_open(run->options.output, &run->sensor, run->identity, &run->output, &mended, &fault);
	if (rc != HN_OK)
		return fail(rc == HN_ENOSPC || rc == HN_ESTATE ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT,
			    run->options.output, &fault, rc);
	rc = tell_mended(run, &mended);
	return rc == HN_OK ? expire(run) : fail(HN_EXIT_UNFINISHED, run->options.output, &fault, rc);
}

/* Whether the identity is the one that the commission sealed this sensor's secret to. */
static enum refusal judge_identity(const struct run *run, struct refusal_detail *detail)
{
	struct pseudonym_secret *secret = NULL;
	bool drawn;
	int rc = pseudonym_secret_open(run->stands_on.authorization, &run->sensor, run->identity, &secret,
				       &drawn);
	pseudonym_secret_free(secret);
	if (rc == HN_EAUTH)
		return refusal_set(detail, REFUSAL_SENSOR_OTHER, "%s",
				   tr("the identity is not that of the sensor named by --sensor",
				      "--sensor のセンサーの鍵ではない"));
	return REFUSAL_NONE;
}

/* One line, one entry in the ledger, exit 4. */
static int refuse(struct run *run, enum refusal refusal, const struct refusal_detail *detail)
{
	char sensor[UUID_TEXT_SIZE];

	uuid_format(&run->sensor, sensor);
	log_line(LOG_LEVEL_ERROR,
		 tr("not authorised: %s%s%s (sensor %s)", "承認されていない: %s%s%s(センサー %s)"),
		 refusal_text(refusal), detail->text[0] == '\0' ? "" : ": ", detail->text, sensor);
	int rc = case_enter_refused(run->output, refusal, &run->sensor, detail->text, "authorization",
				    run->options.authorization, utc_now_ns());
	if (rc != HN_OK)
		log_line(LOG_LEVEL_ERROR,
			 tr("the refusal could not be entered into the ledger: %s",
			    "拒否を台帳に記入できない: %s"),
			 hn_strerror(rc));
	return HN_EXIT_NOT_AUTHORISED;
}

/* What the run stands on goes into the ledger before it is used. */
static int enter_begin(struct run *run)
{
	const struct select_case *c = &run->stands_on;
	const struct case_entry entry = {.epoch = &run->epoch,
					 .authorization = c->authorization,
					 .trust = &c->trust,
					 .domestic = c->domestic,
					 .sets = (const struct set *const *)c->sets,
					 .set_count = c->set_count};
	return case_enter(run->output, "run-begun", &entry, utc_now_ns());
}

static _Noreturn void be_parser(struct run *run, int pipe_fd, pid_t writer)
{
	const struct select_case *c = &run->stands_on;
	const struct parser_options options = {
		.authorization = c->authorization,
		.trust = &c->trust,
		.domestic = c->domestic,
		.sets = (const struct set *const *)c->sets,
		.set_count = c->set_count,
		.edge = run->sensor,
		.epoch = run->epoch,
		.inputs = run->inputs.parser,
		.input_count = run->options.input_count,
		.flows_max = run->options.flows_max,
		.threads = (unsigned)run->options.threads,
		.take_digest = !run->options.no_digest && !run->options.has_digest,
		.pipe_fd = pipe_fd,
		.writer = writer,
	};
	parser_run(&options, run->identity);
}

static int be_writer(struct run *run, int pipe_fd, pid_t parser)
{
	const struct select_case *c = &run->stands_on;
	struct confinement state = {0};
	struct writer_result result;
	struct writer_options options = {
		.output = run->output,
		.records = {.authorization = c->authorization,
			    .domestic = c->domestic,
			    .sets = (const struct set *const *)c->sets,
			    .set_count = c->set_count,
			    .edge = run->sensor,
			    .epoch = run->epoch},
		.receipts = {.edge = run->sensor,
			     .epoch = run->epoch,
			     .begun_ns = run->begun_ns,
			     .authorization = c->authorization,
			     .trust = &c->trust,
			     .domestic = c->domestic,
			     .sets = (const struct set *const *)c->sets,
			     .set_count = c->set_count,
			     .identity = run->identity,
			     .writer = &state,
			     .recorded = run->options.recorded},
		.inputs = run->inputs.writer,
		.input_count = run->options.input_count,
		.consume = run->options.consume,
		.remover_fd = run->remover_fd,
		.has_digest = run->options.has_digest,
		.pipe_fd = pipe_fd,
		.parser = parser,
	};
	memcpy(options.digest, run->options.digest, SHA256_SIZE);
	int rc = writer_confine(&options, &state);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("the writer could not confine itself: %s; nothing was read",
			    "書き込みプロセスを隔離できない: %s。何も読んでいない"),
			 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
		return HN_EXIT_UNFINISHED;
	}
	int code = writer_run(&options, &result);
	if (result.receipts > 0)
		select_report(&result, run->options.output, output_entries(run->output), run->options.json);
	return code;
}

enum process { PARSER, WRITER, REMOVER };

/* What each process may hold: its pipe or socket, and the parser the inputs, the remover the directories of
 * those to be consumed, the writer its way to the remover. Standard input may be a capture, so only the
 * parser's leads anywhere. */
static int keep_only(const struct run *run, enum process process, int own)
{
	size_t count = run->options.input_count;
	int *keep = calloc(count + 2, sizeof(*keep));
	if (keep == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		keep[i] = process == PARSER    ? run->inputs.parser[i].fd
			  : process == REMOVER ? run->inputs.remover[i].parent_fd
					       : -1;
	keep[count] = own;
	keep[count + 1] = process == WRITER ? run->remover_fd : -1;
	int null = process == PARSER ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	int rc = process == PARSER || (null >= 0 && dup2(null, STDIN_FILENO) >= 0) ? HN_OK : HN_EIO;
	if (rc == HN_OK)
		rc = fd_close_except(keep, count + 2);
	free(keep);
	return rc;
}

/* The third process, for --consume: started before the pipe is there, which it must not hold. */
static int start_remover(struct run *run, pid_t *pid_out)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return unfinished(tr("no socket", "ソケットを作れない"));
	pid_t pid = fork();
	if (pid < 0)
		return unfinished(tr("no second process", "プロセスを作れない"));
	if (pid == 0) {
		key_free(run->identity);
		if (keep_only(run, REMOVER, ends[1]) != HN_OK)
			_exit(unfinished(tr("cannot close what the remover must not hold",
					    "削除プロセスが持ってはならないものを閉じられない")));
		remover_run(run->inputs.remover, run->options.input_count, ends[1]);
	}
	(void)close(ends[1]);
	run->remover_fd = ends[0];
	*pid_out = pid;
	if (remover_ready(run->remover_fd) != HN_OK)
		return unfinished(tr("the remover could not confine itself", "削除プロセスを隔離できない"));
	return -1;
}

/* Standing on two processes; the output is opened after the fork, so the parser never holds it. */
static int part(struct run *run)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return unfinished(tr("no pipe", "パイプを作れない"));
	(void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
	pid_t writer = getpid();
	pid_t parser = fork();
	if (parser < 0)
		return unfinished(tr("no second process", "プロセスを作れない"));
	if (parser == 0) {
		if (keep_only(run, PARSER, ends[1]) != HN_OK)
			_exit(unfinished(tr("cannot close what the parser must not hold",
					    "解析プロセスが持ってはならないものを閉じられない")));
		be_parser(run, ends[1], writer);
	}
	if (keep_only(run, WRITER, ends[0]) != HN_OK)
		return unfinished(tr("cannot close what the writer must not hold",
				     "書き込みプロセスが持ってはならないものを閉じられない"));
	int code = open_output(run);
	if (code != -1)
		return code;
	int rc = enter_begin(run);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR, tr("cannot write to '%s': %s", "'%s' に書き込めない: %s"),
			 run->options.output, hn_strerror(rc));
		return HN_EXIT_UNFINISHED;
	}
	return be_writer(run, ends[0], parser);
}

/* Numbers 0 to 2 are taken, so that no file of ours is given one of them. */
static bool standard_files_open(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	static struct run run = {.remover_fd = -1};
	struct refusal_detail detail = {0};

	int code = select_options_read(argc, argv, &run.options);
	if (code != -1)
		return code;
	if (!standard_files_open() || sodium_init() < 0)
		return unfinished(
			tr("no /dev/null, or no source of randomness", "/dev/null か乱数が得られない"));
	/* A limit on file sizes is an error of write() like a full disk, not the end of the process; so is a
	 * reader of our output, or the other process, that has gone. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (run.options.verify)
		return select_verify(run.options.output, run.options.key, run.options.json);
	code = load_identity(&run);
	if (code == -1)
		code = open_output(&run);
	if (run.options.expire) {
		output_close(run.output);
		key_free(run.identity);
		return code == -1 ? HN_EXIT_DONE : code;
	}
	if (code == -1)
		code = select_case_inputs(&run.options, &run.stands_on);
	if (code == -1) {
		enum refusal refusal =
			select_case_judge(&run.options, &run.sensor, utc_now_ns(),
					  output_newest_ns(run.output), &run.stands_on, &detail);
		if (refusal == REFUSAL_NONE)
			refusal = judge_identity(&run, &detail);
		if (refusal != REFUSAL_NONE)
			code = refuse(&run, refusal, &detail);
	}
	output_close(run.output);
	run.output = NULL;
	if (code == -1)
		code = select_inputs_open(&run.options, &run.inputs);
	pid_t remover = 0;
	if (code == -1 && run.options.consume)
		code = start_remover(&run, &remover);
	if (code == -1) {
		run.begun_ns = utc_now_ns();
		run.epoch = uuid_v7(run.begun_ns);
		code = part(&run);
	}
	if (remover > 0) {
		(void)close(run.remover_fd); /* it ends by it */
		(void)waitpid(remover, NULL, 0);
	}
	output_close(run.output);
	select_case_clear(&run.stands_on);
	key_free(run.identity);
	return code;
}
