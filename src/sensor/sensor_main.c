/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * hinomi sensor: automatic selection (自動選別) on live traffic under an authorisation. Opens the interface
 * while it may, starts the parser, which reads packets and can do nothing else, and becomes the writer.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/serving.h"
#include "base/utc.h"
#include "sensor/case_entry.h"
#include "sensor/live_case.h"
#include "sensor/live_config.h"
#include "sensor/live_parser.h"
#include "sensor/live_writer.h"
#include "sensor/output.h"
#include "sensor/ring.h"

static const struct command_help help = {
	.usage = "hinomi sensor [OPTION]...",
	.text_en =
		"Selects from the traffic of an interface what the commission has authorised, erases all "
		"else, "
		"and\n"
		"accounts for every packet in signed receipts. New sets, authorisations and revocations are "
		"taken up\n"
		"while it runs. SIGHUP reads all of them again; SIGTERM ends all flows and makes the last "
		"receipt.",
	.text_ja = "インターフェースの通信から、委員会が承認したものだけを自動選別し、残りを消去し、全パケッ"
		   "トを\n"
		   "署名付きの受領証で計上する。新しい指標集合、承認、失効は動作中に反映する。\n"
		   "SIGHUPですべて読み直し、SIGTERMで全フローを終えて最後の受領証を作る。",
	.example = "hinomi sensor --config /etc/hinomi/sensor.yaml",
};

struct sensor {
	struct live_config config;
	struct ring_socket rings[RING_THREADS_MAX];
	int replay_fd;
	int signal_fd;
	struct key *identity;
	struct uuid edge;
	struct uuid epoch;
	int64_t begun_ns;
	struct output *output;
};

static int fail(int code, const char *what, const struct fault *fault, int rc)
{
	const char *message = fault->message[0] != '\0' ? fault->message
			      : rc == HN_EIO            ? hn_errno_text(errno)
							: hn_strerror(rc);
	bool place = fault->place[0] != '\0' && strcmp(fault->place, what) != 0;
	log_line(LOG_LEVEL_ERROR, "'%s': %s%s%s", what, place ? fault->place : "", place ? ": " : "",
		 message);
	return code;
}

static int unfinished(const char *what)
{
	log_line(LOG_LEVEL_ERROR, tr("%s: %s; nothing was read", "%s: %s。何も読んでいない"), what,
		 hn_errno_text(errno));
	return HN_EXIT_UNFINISHED;
}

/* With what privileges there are, before anything of others is read. */
static int open_source(struct sensor *s)
{
	struct fault fault = {0};
	const struct live_config *c = &s->config;
	struct stat st;

	s->replay_fd = -1;
	if (c->replay != NULL) {
		s->replay_fd = open(c->replay, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (s->replay_fd >= 0 && fstat(s->replay_fd, &st) == 0 && S_ISREG(st.st_mode))
			return -1;
		return fail(HN_EXIT_INPUT, c->replay, &fault, HN_EIO);
	}
	const struct ring_options options = {
		.interface = c->interface, .bytes = c->ring, .rings = c->threads, .outgoing = c->outgoing};
	int rc = ring_open(&options, s->rings, &fault);
	return rc == HN_OK ? -1 : fail(HN_EXIT_INPUT, c->interface, &fault, rc);
}

static int become_user(const char *name)
{
	struct confinement state = {0};
	const struct passwd *user;
	if (name == NULL || geteuid() != 0)
		return -1;
	user = getpwnam(name);
	if (user == NULL) {
		log_line(LOG_LEVEL_ERROR, tr("there is no user '%s'", "ユーザー '%s' がない"), name);
		return HN_EXIT_USAGE;
	}
	if (confine_to_user(user->pw_uid, user->pw_gid, &state) != HN_OK)
		return unfinished(tr("cannot become that user", "そのユーザーになれない"));
	return -1;
}

static int load_identity(struct sensor *s)
{
	char inside[4096];
	struct fault fault = {0};
	const char *path = s->config.identity;
	if (path == NULL) {
		(void)mkdir(s->config.output, 0700);
		(void)snprintf(inside, sizeof(inside), "%s/private", s->config.output);
		(void)mkdir(inside, 0700);
		(void)snprintf(inside, sizeof(inside), "%s/private/identity", s->config.output);
		path = inside;
	}
	int rc = identity_load_or_make(path, "hinomi sensor", &s->identity, NULL, &fault);
	if (rc != HN_OK)
		return fail(rc == HN_ENOSPC ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT, path, &fault, rc);
	return -1;
}

/* What an earlier run left unfinished is mended, said and entered. */
static int open_output(struct sensor *s)
{
	struct output_mended mended;
	struct fault fault = {0};
	int rc = output_open(s->config.output, &s->edge, s->identity, &s->output, &mended, &fault);
	if (rc != HN_OK)
		return fail(rc == HN_ENOSPC || rc == HN_ESTATE ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT,
			    s->config.output, &fault, rc);
	if (case_mended(&mended))
		log_line(LOG_LEVEL_WARNING,
			 tr("an earlier run in '%s' did not finish: %llu bytes of records that no receipt "
			    "covers "
			    "were erased; %llu packets were pending, %llu selected flows have no closing "
			    "record",
			    "'%s' の以前の実行は完了していない。受領証のない記録%lluバイトを消去した。"
			    "保留は%lluパケット、終了の記録がないフローは%llu"),
			 s->config.output, (unsigned long long)mended.records_dropped,
			 (unsigned long long)mended.pending_packets, (unsigned long long)mended.flows_lost);
	rc = case_enter_mended(s->output, &mended, utc_now_ns());
	return rc == HN_OK ? -1 : fail(HN_EXIT_UNFINISHED, s->config.output, &fault, rc);
}

static _Noreturn void be_parser(const struct sensor *s, int pipe_fd, int control_fd, pid_t writer)
{
	const struct live_config *c = &s->config;
	int keep[RING_THREADS_MAX + 3];
	size_t count = 0;
	for (unsigned i = 0; s->replay_fd < 0 && i < c->threads; i++)
		keep[count++] = s->rings[i].fd;
	keep[count++] = s->replay_fd;
	keep[count++] = pipe_fd;
	keep[count++] = control_fd;
	if (fd_close_except(keep, count) != HN_OK)
		_exit(unfinished(tr("cannot close what the parser must not hold",
				    "解析プロセスが持ってはならないものを閉じられない")));
	const struct live_parser_options options = {.interface = c->replay != NULL ? c->replay : c->interface,
						    .rings = s->rings,
						    .threads = c->threads,
						    .outgoing = c->outgoing,
						    .replay_fd = s->replay_fd,
						    .flows_max = c->flows,
						    .epoch = s->epoch,
						    .pipe_fd = pipe_fd,
						    .control_fd = control_fd,
						    .writer = writer};
	live_parser_run(&options);
}

/* The writer, once the parser is there and privileges are gone. */
static int be_writer(struct sensor *s, int pipe_fd, int control_fd, pid_t parser)
{
	int keep[] = {pipe_fd, control_fd, s->signal_fd};
	if (fd_close_except(keep, sizeof(keep) / sizeof(keep[0])) != HN_OK)
		return unfinished(tr("cannot close what the writer must not hold",
				     "書き込みプロセスが持ってはならないものを閉じられない"));
	int code = become_user(s->config.user);
	if (code == -1)
		code = load_identity(s);
	if (code != -1)
		return code;
	key_sensor_id(key_public(s->identity), &s->edge);
	code = open_output(s);
	if (code != -1)
		return code;
	const struct live_writer_options options = {.config = &s->config,
						    .output = s->output,
						    .identity = s->identity,
						    .edge = s->edge,
						    .epoch = s->epoch,
						    .begun_ns = s->begun_ns,
						    .pipe_fd = pipe_fd,
						    .control_fd = control_fd,
						    .signal_fd = s->signal_fd,
						    .parser = parser};
	return live_writer_run(&options);
}

/* The parser is begun before identity and output are opened, so it never holds them. */
static int part(struct sensor *s)
{
	int pipe_ends[2], control_ends[2];
	if (pipe2(pipe_ends, O_CLOEXEC) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control_ends) != 0)
		return unfinished(tr("no pipe", "パイプを作れない"));
	(void)fcntl(pipe_ends[1], F_SETPIPE_SZ, 1 << 20);
	s->begun_ns = utc_now_ns();
	s->epoch = uuid_v7(s->begun_ns);
	pid_t writer = getpid();
	pid_t parser = fork();
	if (parser < 0)
		return unfinished(tr("no second process", "プロセスを作れない"));
	if (parser == 0)
		be_parser(s, pipe_ends[1], control_ends[1], writer);
	return be_writer(s, pipe_ends[0], control_ends[0], parser);
}

static int run(struct sensor *s)
{
	struct fault fault = {0};
	if (serving_signals(&s->signal_fd, &fault) != HN_OK)
		return fail(HN_EXIT_UNFINISHED, "signalfd", &fault, HN_EIO);
	int code = open_source(s);
	if (code == -1)
		code = part(s);
	output_close(s->output);
	key_free(s->identity);
	return code;
}

static void say_refused(void *context, enum refusal r, const char *detail, const char *what, const char *name)
{
	(void)context;
	log_line(LOG_LEVEL_WARNING, "%s '%s': %s%s%s", what, name, refusal_text(r),
		 detail[0] == '\0' ? "" : ": ", detail);
}

/* --check: what would be in force, without an interface and without writing. */
static int check(struct sensor *s)
{
	struct fault fault = {0};
	struct live_case *c = NULL;
	if (s->config.identity == NULL || access(s->config.identity, F_OK) != 0) {
		printf(tr("the configuration is good; there is no identity yet\n",
			  "設定に問題はない。識別鍵はまだない\n"));
		return HN_EXIT_DONE;
	}
	int rc = identity_load_or_make(s->config.identity, "hinomi sensor", &s->identity, NULL, &fault);
	if (rc != HN_OK)
		return fail(HN_EXIT_INPUT, s->config.identity, &fault, rc);
	static struct live_world world;
	world = (struct live_world){.config = &s->config, .identity = s->identity, .refused = say_refused};
	key_sensor_id(key_public(s->identity), &world.sensor);
	rc = live_world_read(&world, true, utc_now_ns(), NULL, &c, &fault);
	int code = HN_EXIT_DONE;
	if (rc != HN_OK) {
		code = fail(HN_EXIT_INPUT, fault.place, &fault, rc);
	} else if (c->authorization == NULL) {
		printf(tr("would select nothing: %s%s%s\n", "何も選別しない: %s%s%s\n"),
		       refusal_text(c->refused), c->detail.text[0] == '\0' ? "" : ": ", c->detail.text);
		code = HN_EXIT_NOT_AUTHORISED;
	} else {
		printf(tr("would select under authorisation %s, sets: %zu\n",
			  "承認 %s の下で選別する。指標集合: %zu\n"),
		       c->authorization->id_text, c->set_count);
	}
	live_case_free(c);
	live_world_clear(&world);
	key_free(s->identity);
	return code;
}

int main(int argc, char **argv)
{
	static struct sensor sensor;
	struct fault fault = {0};
	const char *path = NULL, *interface = NULL;
	bool only_check = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "sensor.yaml (docs/sensor.md)",
		 "sensor.yaml(docs/sensor.md)"},
		{"interface", 'i', OPTION_STRING, &interface, "NAME",
		 "in place of the file's interface or replay", "設定の interface や replay の代わり"},
		{"check", 0, OPTION_FLAG, &only_check, NULL, "say what would be in force, then end",
		 "何が使用されるかを示して終わる"},
		{0},
	};
	log_init("hinomi sensor", false);
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count > 0) {
		log_line(LOG_LEVEL_ERROR, tr("no argument is taken: '%s'", "引数は取らない: '%s'"), args[0]);
		return HN_EXIT_USAGE;
	}
	/* Numbers 0 to 2 are taken, so that no file of ours is given one of them. */
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0 || sodium_init() < 0)
		return unfinished(
			tr("no /dev/null, or no source of randomness", "/dev/null か乱数が得られない"));
	(void)close(fd);
	int rc = live_config_read(path, interface, &sensor.config, &fault);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR, "%s%s%s", fault.place, fault.place[0] == '\0' ? "" : ": ",
			 fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
		return HN_EXIT_USAGE;
	}
	code = only_check ? check(&sensor) : run(&sensor);
	live_config_clear(&sensor.config);
	return code;
}
