/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* `hinomi edge run`: one loop that brings what is in force and moves the spool. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/serving.h"
#include "base/utc.h"
#include "base/version.h"
#include "bus/pki.h"
#include "bus/pump.h"
#include "edge/ask.h"
#include "edge/commands.h"
#include "edge/down.h"
#include "edge/files.h"
#include "edge/gather.h"
#include "edge/sandbox.h"

#define TICK_MS     1000
#define HEALTH_NS   (30 * NS_SECOND)
#define CHANGED_NS  (1 * NS_SECOND) /* at the earliest, however much comes into force or fails */
#define HEALTH_KEPT 512             /* lines that wait while nobody takes them: some hours */
#define SPOOL_BYTES ((uint64_t)4 << 30)
#define HEALTH_MAX  ((size_t)512 << 10)
#define OUTRUN_NS   (60 * NS_SECOND)
#define LINGER_NS   (2 * NS_SECOND) /* at the end, so that the last receipts go out */

static const struct command_help help = {
	.usage = "hinomi edge run [OPTION]...",
	.text_en = "Follows the hub and sends what the sensor or resolver beside it did. SIGTERM sends what "
		   "waits and\n"
		   "ends; what could not be sent stays in the spool.",
	.text_ja = "ハブに従い、傍らのセンサー又はリゾルバーの記録を送る。SIGTERMで待ちを送って終わる。\n"
		   "送れなかったものはスプールに残る。",
	.example = "hinomi edge run --directory /var/lib/hinomi-sensor/edge",
};

struct side {
	struct running *running;
	enum edge_side_name name;
	struct client *client;
	struct pump *pump;
	char *key;
	char *next_key; /* of a renewal under way */
	int64_t renew_at_ns, outrun_ns;
	bool trouble;
};

struct running {
	struct edge_files files;
	struct edge_beside beside;
	struct client_loop *loop;
	struct spool *spool;
	struct down *down;
	struct gather gather;
	struct side sides[SIDE_COUNT];
	int signal_fd, watch_fd;
	bool ends, look, changed;
	int64_t health_ns, gather_ns;
	struct fault gather_fault;
	uint64_t erased;
};

/* ---- health ---- */

static void add_consumer(struct running *r, struct buf *b)
{
	struct buf text;
	json_t *object = NULL;
	buf_init(&text, HEALTH_MAX / 2);
	int err = HN_ENOENT;
	if (r->files.sensor[0] != '\0') {
		err = edge_read_beside(r->files.sensor, "state.json", &text);
	} else if (r->files.control[0] != '\0') {
		err = ask_control(r->files.control, "policy", &text);
	}
	if (err == HN_OK && json_object_read(text.data, text.len, &object, NULL) == HN_OK) {
		buf_addf(b, ",\"%s\":", r->files.sensor[0] != '\0' ? "sensor" : "resolver");
		json_add(b, object);
	}
	json_decref(object);
	buf_clear(&text);
}

static void add_spool(const struct running *r, struct buf *b)
{
	struct spool_state s;
	spool_state(r->spool, &s);
	buf_addf(b, ",\"spool\":{\"bytes\":%llu,\"bytes_max\":%llu,\"full\":%s,\"waiting\":{",
		 (unsigned long long)s.bytes, (unsigned long long)s.bytes_max, s.full ? "true" : "false");
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		buf_addf(b, "%s\"%s\":%llu", i > 0 ? "," : "", stream_name((enum stream)i),
			 (unsigned long long)s.streams[i].waiting);
	buf_adds(b, "}}");
}

static void add_health(struct running *r, struct buf *b, int64_t now_ns)
{
	char now[UTC_SIZE];
	utc_format(now_ns, now);
	buf_addf(b,
		 "{\"at\":\"%s\",\"program\":{\"name\":\"hinomi-edge\",\"version\":\"" HINOMI_VERSION "\"},",
		 now);
	down_state(r->down, now_ns, b);
	add_spool(r, b);
	add_consumer(r, b);
	if (r->gather_fault.message[0] != '\0') {
		buf_adds(b, ",\"source_trouble\":");
		buf_json_string(b, r->gather_fault.message, strlen(r->gather_fault.message));
	}
	buf_adds(b, "}\n");
}

static void kick(struct running *r)
{
	for (int i = 0; i < SIDE_COUNT; i++)
		if (r->sides[i].pump != NULL)
			pump_kick(r->sides[i].pump);
}

static void say_health(struct running *r, int64_t now_ns)
{
	struct buf b;
	buf_init(&b, HEALTH_MAX);
	add_health(r, &b, now_ns);
	const struct spool_item item = {.stream = STREAM_HEALTH, .lines = b.data, .len = b.len};
	int err = buf_err(&b) == HN_OK ? spool_add(r->spool, &item, NULL) : buf_err(&b);
	buf_clear(&b);
	/* What it was long ago is of use to nobody, and must not hold up what is. */
	if (err == HN_OK)
		err = spool_keep_newest(r->spool, STREAM_HEALTH, HEALTH_KEPT);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING, tr("health cannot be kept: %s", "状態を保存できない: %s"),
			 hn_strerror(err));
	r->health_ns = now_ns;
	r->changed = false;
	kick(r);
}

/* ---- questions ---- */

static void question(void *context, const struct uuid *id, enum head_ask ask, const char *arguments)
{
	struct running *r = context;
	char words[ASK_WORDS_SIZE], text[UUID_TEXT_SIZE];
	struct buf answer, line;
	json_t *object = NULL;
	buf_init(&answer, HEALTH_MAX / 2);
	buf_init(&line, HEALTH_MAX);
	uuid_format(id, text);
	int err = r->files.control[0] == '\0' ? HN_ENOENT : ask_words(ask, arguments, words);
	if (err == HN_OK)
		err = ask_control(r->files.control, words, &answer);
	if (err == HN_OK)
		err = json_object_read(answer.data, answer.len, &object, NULL);
	buf_addf(&line, "{\"question\":\"%s\",\"answer\":", text);
	if (err == HN_OK)
		json_add(&line, object);
	else
		buf_addf(&line, "{\"ok\":false,\"error\":\"%s\"}", hn_strerror(err));
	buf_adds(&line, "}\n");
	const struct spool_item item = {.stream = STREAM_HEALTH, .lines = line.data, .len = line.len};
	if (buf_err(&line) == HN_OK && spool_add(r->spool, &item, NULL) == HN_OK)
		kick(r);
	json_decref(object);
	buf_clear(&answer);
	buf_clear(&line);
}

static void changed(void *context)
{
	struct running *r = context;
	r->changed = true;
}

/* ---- the sides ---- */

static void side_trouble(void *context, const struct client_result *res)
{
	struct side *s = context;
	bool trouble = res != NULL;
	if (trouble && !s->trouble)
		log_line(LOG_LEVEL_WARNING, tr("%s does not take what waits: %s", "%s に送れない: %s"),
			 edge_side_text(s->name),
			 res->fault.message[0] != '\0' ? res->fault.message : hn_strerror(res->err));
	s->trouble = trouble;
}

/* This spool came back from an older copy: what is not sent is numbered anew. */
static void outrun(void *context, enum stream stream)
{
	struct side *s = context;
	int64_t now_ns = utc_now_ns();
	/* One that says so again and again is not this spool's fault. */
	if (now_ns - s->outrun_ns < OUTRUN_NS && now_ns >= s->outrun_ns)
		return;
	s->outrun_ns = now_ns;
	log_line(LOG_LEVEL_ERROR,
		 tr("%s has more of %s than this spool ever had: it is an older copy; a new epoch begins",
		    "%s の %s はこのスプールより進んでいる。古い複製とみなし、新しい期を始める"),
		 edge_side_text(s->name), stream_name(stream));
	if (spool_renew(s->running->spool) == HN_OK)
		kick(s->running);
}

static void renewed(void *context, const struct client_result *res, const char *certificate)
{
	struct side *s = context;
	struct edge_files *f = &s->running->files;
	struct pki_certificate said;
	struct fault fault = {0};
	int err = res->err;
	if (err == HN_OK)
		err = pki_certificate_read(certificate, strlen(certificate), &said);
	/* The key first: a certificate whose key is lost would be of no use. */
	if (err == HN_OK)
		err = edge_files_put_pem(f, s->name, "next.pem", s->next_key, &fault);
	if (err == HN_OK)
		err = edge_files_put_pem(f, s->name, "certificate.pem", certificate, &fault);
	if (err == HN_OK)
		err = edge_files_put_pem(f, s->name, "key.pem", s->next_key, &fault);
	if (err == HN_OK)
		err = client_certificate(s->client, certificate, s->next_key);
	if (err == HN_OK) {
		pki_secret_free(s->key);
		s->key = s->next_key;
		s->next_key = NULL;
		s->renew_at_ns = pki_renew_at(&said);
		log_line(LOG_LEVEL_INFO, tr("%s: the certificate was renewed", "%s: 証明書を更新した"),
			 edge_side_text(s->name));
		return;
	}
	log_line(LOG_LEVEL_WARNING,
		 tr("%s: the certificate cannot be renewed yet: %s", "%s: 証明書をまだ更新できない: %s"),
		 edge_side_text(s->name), hn_strerror(err));
	pki_secret_free(s->next_key);
	s->next_key = NULL;
	s->renew_at_ns = utc_now_ns() + 3600 * NS_SECOND;
}

static void renew(struct side *s)
{
	struct buf csr;
	buf_init(&csr, PKI_CSR_MAX);
	int err = pki_key_make(&s->next_key);
	if (err == HN_OK)
		err = pki_csr_make(s->next_key, &csr);
	if (err == HN_OK)
		err = client_renew(s->client, csr.data, s->next_key, renewed, s);
	buf_clear(&csr);
	if (err == HN_OK)
		return;
	pki_secret_free(s->next_key);
	s->next_key = NULL;
	s->renew_at_ns = utc_now_ns() + 3600 * NS_SECOND;
}

/* A kill between the two files of a renewal leaves the new key in next.pem. */
static int read_pair(struct side *s, char **certificate, struct fault *fault)
{
	const struct edge_files *f = &s->running->files;
	int err = edge_files_pem(f, s->name, "certificate.pem", certificate, fault);
	if (err == HN_OK)
		err = edge_files_pem(f, s->name, "key.pem", &s->key, fault);
	if (err != HN_OK || pki_matches(*certificate, s->key) == HN_OK)
		return err;
	sodium_free(s->key);
	s->key = NULL;
	err = edge_files_pem(f, s->name, "next.pem", &s->key, fault);
	return err == HN_OK ? pki_matches(*certificate, s->key) : err;
}

static int open_side(struct running *r, enum edge_side_name name, struct fault *fault)
{
	static const enum spool_destination to[SIDE_COUNT] = {SPOOL_HUB, SPOOL_WITNESS};
	static const struct pump_events events = {.trouble = side_trouble, .outrun = outrun};
	struct side *s = &r->sides[name];
	const struct edge_side *e = &r->files.sides[name];
	struct pki_certificate said;
	char *certificate = NULL;
	*s = (struct side){.running = r, .name = name};
	if (!e->enrolled)
		return HN_OK;
	int err = read_pair(s, &certificate, fault);
	if (err == HN_OK)
		err = pki_certificate_read(certificate, strlen(certificate), &said);
	struct client_options o = {
		.host = e->host, .port = e->port, .certificate = certificate, .key = s->key};
	memcpy(o.root, e->root, sizeof(o.root));
	if (err == HN_OK)
		err = client_new(r->loop, &o, &s->client);
	if (err == HN_OK)
		err = pump_new(s->client, r->spool, to[name], &events, s, &s->pump);
	s->renew_at_ns = err == HN_OK ? pki_renew_at(&said) : 0;
	sodium_free(certificate);
	return err == HN_OK || fault->message[0] != '\0'
		       ? err
		       : fault_set(fault, err, edge_side_text(name), "%s", hn_strerror(err));
}

/* ---- gathering ---- */

static void gather(struct running *r, int64_t now_ns)
{
	struct fault fault = {0};
	bool more = false;
	int err = HN_OK;
	if (r->files.sensor[0] != '\0')
		err = gather_sensor(&r->files, &r->gather, r->spool, &more, &fault);
	else if (r->files.events[0] != '\0')
		err = gather_events(&r->files, r->spool, &more, &fault);
	r->gather_ns = now_ns;
	r->look = more && err == HN_OK;
	bool told = r->gather_fault.message[0] != '\0';
	if (err != HN_OK && !told) {
		if (fault.message[0] == '\0')
			(void)fault_set(&fault, err, "", "%s", hn_strerror(err));
		log_line(LOG_LEVEL_ERROR, "%s%s%s", fault.place, fault.place[0] != '\0' ? ": " : "",
			 fault.message);
		r->gather_fault = fault;
		r->changed = true;
	} else if (err == HN_OK && told) {
		r->gather_fault.message[0] = '\0';
		r->changed = true;
	}
	kick(r);
}

static void watched(void *context, int fd)
{
	_Alignas(struct inotify_event) char bytes[4096];
	struct running *r = context;
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	r->look = true;
}

static void signalled(void *context, int fd)
{
	struct running *r = context;
	struct signalfd_siginfo info;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		r->ends = r->ends || info.ssi_signo != SIGHUP;
}

static int watch(struct running *r)
{
	r->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->watch_fd < 0)
		return hn_err_of_errno(errno);
	/* Without a watch the second's look finds what comes. */
	if (r->beside.dir[0] != '\0')
		(void)inotify_add_watch(r->watch_fd, r->beside.dir, IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY);
	int err = client_loop_watch(r->loop, r->watch_fd, watched, r);
	return err == HN_OK ? client_loop_watch(r->loop, r->signal_fd, signalled, r) : err;
}

/* ---- the run ---- */

static int open_spool(struct running *r, uint64_t bytes, struct fault *fault)
{
	char path[PATH_MAX + 16];
	unsigned witness = r->files.sides[SIDE_WITNESS].enrolled ? SPOOL_TO_WITNESS : 0;
	bool begun;
	(void)snprintf(path, sizeof(path), "%s/spool", r->files.dir);
	const struct spool_options options = {
		.dir = path,
		.bytes_max = bytes,
		.wanted = {[STREAM_RECORDS] = SPOOL_TO_HUB,
			   [STREAM_EVENTS] = SPOOL_TO_HUB,
			   [STREAM_RECEIPTS] = SPOOL_TO_HUB | witness,
			   [STREAM_CHECKPOINTS] = SPOOL_TO_HUB | witness,
			   [STREAM_HEALTH] = SPOOL_TO_HUB | witness},
	};
	return spool_open(&options, &r->spool, &begun, fault);
}

static int make(struct running *r, const char *dir, uint64_t bytes, struct fault *fault)
{
	static const struct down_events events = {.changed = changed, .question = question};
	r->signal_fd = r->watch_fd = -1;
	int err = serving_signals(&r->signal_fd, fault);
	if (err == HN_OK)
		err = edge_files_open(dir, false, &r->files, fault);
	if (err == HN_OK)
		err = edge_sandbox(&r->files, &r->beside, fault);
	if (err == HN_OK)
		err = open_spool(r, bytes, fault);
	if (err == HN_OK)
		err = client_loop_new(&r->loop);
	for (int i = 0; err == HN_OK && i < SIDE_COUNT; i++)
		err = open_side(r, (enum edge_side_name)i, fault);
	if (err == HN_OK && r->sides[SIDE_HUB].client == NULL)
		err = fault_set(fault, HN_ESTATE, dir, "%s",
				tr("is not enrolled at a hub", "ハブに登録されていない"));
	if (err == HN_OK)
		err = down_new(&r->files, r->sides[SIDE_HUB].client, &events, r, &r->down, fault);
	if (err == HN_OK)
		err = watch(r);
	if (err == HN_OK)
		err = edge_sandbox_calls(fault);
	return err == HN_OK ? down_follow(r->down) : err;
}

static bool all_sent(struct running *r)
{
	struct spool_state s;
	spool_state(r->spool, &s);
	for (unsigned i = 0; i < STREAM_COUNT; i++)
		if (s.streams[i].waiting > 0)
			return false;
	return true;
}

static void tick(struct running *r)
{
	int64_t now_ns = utc_now_ns();
	uint64_t gone = 0;
	if (r->look || now_ns - r->gather_ns >= NS_SECOND)
		gather(r, now_ns);
	if (spool_erase_next(r->spool) <= now_ns && spool_erase_due(r->spool, now_ns, &gone) == HN_OK &&
	    gone > 0)
		log_line(LOG_LEVEL_WARNING,
			 tr("%llu records were erased unsent: their time was over",
			    "%llu 件の記録を、期限のため送らずに消去した"),
			 (unsigned long long)gone);
	if (now_ns - r->health_ns >= (r->changed ? CHANGED_NS : HEALTH_NS) || now_ns < r->health_ns)
		say_health(r, now_ns);
	for (int i = 0; i < SIDE_COUNT; i++)
		if (r->sides[i].client != NULL && r->sides[i].next_key == NULL &&
		    now_ns >= r->sides[i].renew_at_ns)
			renew(&r->sides[i]);
	down_tick(r->down, now_ns);
}

static int turn(struct running *r, struct fault *fault)
{
	int err = HN_OK;
	while (err == HN_OK && !r->ends) {
		tick(r);
		err = client_loop_turn(r->loop, r->look ? 0 : TICK_MS);
		if (err == HN_OK && edge_beside_replaced(&r->beside))
			return fault_set(fault, HN_EIO, r->beside.dir, "%s",
					 tr("is another folder now, which only a new start may read",
					    "が別のフォルダーに替わった。読むには起動し直すこと"));
	}
	/* The consumer may have ended just before: its last receipt goes along. */
	int64_t until_ns = utc_now_ns() + LINGER_NS;
	gather(r, utc_now_ns());
	while (err == HN_OK && utc_now_ns() < until_ns && !all_sent(r))
		err = client_loop_turn(r->loop, TICK_MS / 10);
	return err;
}

static void clear(struct running *r)
{
	down_free(r->down);
	for (int i = 0; i < SIDE_COUNT; i++) {
		pump_free(r->sides[i].pump);
		client_free(r->sides[i].client);
		pki_secret_free(r->sides[i].next_key);
		pki_secret_free(r->sides[i].key);
	}
	client_loop_free(r->loop);
	if (r->spool != NULL)
		spool_close(r->spool);
	edge_files_close(&r->files);
	if (r->watch_fd >= 0)
		(void)close(r->watch_fd);
	if (r->signal_fd >= 0)
		(void)close(r->signal_fd);
}

int edge_cmd_run(int argc, char **argv)
{
	static struct running r;
	const char *dir = EDGE_DIRECTORY;
	uint64_t megabytes = SPOOL_BYTES >> 20;
	char **args;
	size_t count;
	struct fault fault = {0};
	const struct option_row rows[] = {
		{"directory", 'd', OPTION_STRING, &dir, "DIR", "the edge's folder (hinomi-edge)",
		 "エッジのフォルダー(hinomi-edge)"},
		{"spool", 0, OPTION_COUNT, &megabytes, "MIB", "most that the spool takes on the disk (4096)",
		 "スプールがディスクに占める上限(4096)", 16, UINT64_C(1) << 30},
		{0},
	};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	int err = make(&r, dir, megabytes << 20, &fault);
	if (err == HN_OK)
		err = turn(&r, &fault);
	clear(&r);
	return err == HN_OK ? HN_EXIT_DONE : edge_report(err, &fault);
}
