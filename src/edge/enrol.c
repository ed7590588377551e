/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* `hinomi edge enrol CODE`: makes the keys, asks for a certificate, keeps what came. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/version.h"
#include "bus/client.h"
#include "bus/pki.h"
#include "edge/commands.h"
#include "edge/files.h"

#define TRIES    5
#define PAUSE_MS 1000

static const struct command_help help = {
	.usage = "hinomi edge enrol CODE [OPTION]...",
	.text_en = "Joins with a code that the hub (or, with --witness, the commission) gave out. A code "
		   "works once, for\n"
		   "a quarter of an hour.",
	.text_ja = "ハブ(--witness なら委員会)の発行したコードで登録する。コードは15分間、一度だけ使える。",
	.example = "hinomi edge enrol hinomi1-... --sensor /var/lib/hinomi-sensor",
};

struct enrolling {
	struct edge_files *files;
	enum edge_side_name side;
	struct code *code;
	struct key *identity;
	char *key; /* of the certificate */
	struct buf request;
	struct client_result result;
	bool ended;
	int err;
	struct fault fault;
};

static int keep(struct enrolling *e, const struct enrol_answer *a)
{
	struct edge_side *s = &e->files->sides[e->side];
	struct fault *fault = &e->fault;
	int err = edge_files_put_pem(e->files, e->side, "key.pem", e->key, fault);
	if (err == HN_OK)
		err = edge_files_put_pem(e->files, e->side, "root.pem", a->root, fault);
	if (err == HN_OK)
		err = edge_files_put_pem(e->files, e->side, "certificate.pem", a->certificate, fault);
	if (err != HN_OK)
		return err;
	*s = (struct edge_side){.enrolled = true, .port = e->code->port, .head_key = a->head_key};
	memcpy(s->host, e->code->host, sizeof(s->host));
	memcpy(s->root, e->code->root, sizeof(s->root));
	(void)snprintf(s->name, sizeof(s->name), "%s", a->hub);
	e->files->id = a->edge;
	return edge_files_save(e->files, fault);
}

static void done(void *context, const struct client_result *r, struct enrol_answer *answer)
{
	struct enrolling *e = context;
	e->result = *r;
	e->err = r->err;
	e->fault = r->fault;
	e->ended = true;
	if (r->err != HN_OK)
		return;
	e->err = keep(e, answer);
	enrol_answer_clear(answer);
}

/* The same request is asked again where its answer may have been lost: the code is good for it. */
static int ask(struct enrolling *e)
{
	const struct client_options options = {.host = e->code->host, .port = e->code->port};
	struct client_options o = options;
	struct client_loop *loop;
	struct client *client;
	struct uuid id;
	memcpy(o.root, e->code->root, sizeof(o.root));
	key_sensor_id(key_public(e->identity), &id);
	int err = client_loop_new(&loop);
	if (err != HN_OK)
		return err;
	err = client_new(loop, &o, &client);
	for (int i = 0; err == HN_OK && i < TRIES; i++) {
		e->ended = false;
		err = client_enrol(client, &e->request, &id, e->key, done, e);
		while (err == HN_OK && !e->ended)
			err = client_loop_turn(loop, PAUSE_MS);
		if (err != HN_OK || !client_come_back(&e->result))
			break;
		err = client_loop_turn(loop, PAUSE_MS);
	}
	client_free(client);
	client_loop_free(loop);
	return err == HN_OK ? e->err : err;
}

static int make_request(struct enrolling *e)
{
	struct enrol_program program = {.name = "hinomi-edge"};
	struct buf csr;
	(void)snprintf(program.version, sizeof(program.version), "%s", HINOMI_VERSION);
	(void)snprintf(program.build, sizeof(program.build), "%.*s", ENROL_WORD_MAX, version_build_id());
	buf_init(&csr, PKI_CSR_MAX);
	int err = pki_key_make(&e->key);
	if (err == HN_OK)
		err = pki_csr_make(e->key, &csr);
	if (err == HN_OK)
		err = enrol_request_write(e->code, e->identity, e->files->kind, &program, csr.data,
					  &e->request);
	buf_clear(&csr);
	return err;
}

static int enrol(struct enrolling *e, const char *code)
{
	char path[PATH_MAX + 16];
	int err = code_parse(code, strlen(code), e->code, &e->fault);
	if (err != HN_OK)
		return err;
	(void)snprintf(path, sizeof(path), "%s/identity", e->files->dir);
	err = identity_load_or_make(path, "edge", &e->identity, NULL, &e->fault);
	if (err == HN_OK)
		err = make_request(e);
	return err == HN_OK ? ask(e) : err;
}

/* Absolute, also of what is not there yet: the edge may be run from elsewhere. */
static int take_path(const char *option, char out[PATH_MAX], struct fault *fault)
{
	char here[PATH_MAX] = "";
	if (option == NULL || realpath(option, out) != NULL)
		return HN_OK;
	if (option[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return fault_set(fault, hn_err_of_errno(errno), option, "%s", hn_errno_text(errno));
	int len = snprintf(out, PATH_MAX, "%s%s%s", here, option[0] == '/' ? "" : "/", option);
	return len < PATH_MAX ? HN_OK : fault_set(fault, HN_ELIMIT, option, "%s", hn_strerror(HN_ELIMIT));
}

static void tell(const struct edge_files *f, enum edge_side_name side)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&f->id, id);
	printf(tr("%s is enrolled at %s (%s:%u)\n", "%s は %s に登録された (%s:%u)\n"), id,
	       f->sides[side].name, f->sides[side].host, f->sides[side].port);
}

int edge_cmd_enrol(int argc, char **argv)
{
	const char *dir = EDGE_DIRECTORY, *sensor = NULL, *events = NULL, *control = NULL;
	bool witness = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"directory", 'd', OPTION_STRING, &dir, "DIR", "the edge's folder (hinomi-edge)",
		 "エッジのフォルダー(hinomi-edge)"},
		{"sensor", 0, OPTION_STRING, &sensor, "DIR", "beside a sensor: its output folder",
		 "センサーの傍らで: その出力フォルダー"},
		{"events", 0, OPTION_STRING, &events, "DIR", "beside a resolver: its folder of events",
		 "リゾルバーの傍らで: そのイベントのフォルダー"},
		{"control", 0, OPTION_STRING, &control, "SOCKET", "the resolver's control socket",
		 "リゾルバーの制御ソケット"},
		{"witness", 0, OPTION_FLAG, &witness, NULL, "the code is the commission's",
		 "委員会のコードである"},
		{0},
	};
	struct edge_files files;
	struct enrolling e = {.files = &files, .side = SIDE_HUB};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("give one code; see --help", "コードを一つ指定すること。--help を参照"));
		return HN_EXIT_USAGE;
	}
	e.side = witness ? SIDE_WITNESS : SIDE_HUB;
	int err = edge_files_open(dir, true, &files, &e.fault);
	if (err == HN_OK)
		err = take_path(sensor, files.sensor, &e.fault);
	if (err == HN_OK)
		err = take_path(events, files.events, &e.fault);
	if (err == HN_OK)
		err = take_path(control, files.control, &e.fault);
	if (err == HN_OK) {
		files.kind = files.events[0] != '\0' ? ENROL_RESOLVER : ENROL_SENSOR;
		buf_init(&e.request, ENROL_REQUEST_MAX);
		e.code = code_new();
		err = e.code == NULL ? HN_ENOMEM : enrol(&e, args[0]);
		if (e.request.data != NULL)
			sodium_memzero(e.request.data, e.request.cap);
		buf_clear(&e.request);
	}
	if (err == HN_OK)
		tell(&files, e.side);
	pki_secret_free(e.key);
	key_free(e.identity);
	code_free(e.code);
	edge_files_close(&files);
	return err == HN_OK ? HN_EXIT_DONE : edge_report(err, &e.fault);
}
