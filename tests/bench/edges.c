/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Many edges in one process, each as a real one is to the hub: an identity and a certificate of its own by a
 * code of its own, a stream of heads, every blob that a new head names, fetched once and verified (and not
 * kept), a batch of health at each change and every quarter of a minute.
 *
 *   edges        lines "KIND CODE" on standard input, then an empty one
 *
 * It prints, one line each: `enrolled N`; `follows N` once all follow; `all KIND VERSION NS` when the last
 * edge of a kind has verified a version of a set, by the monotonic clock; and at the end of standard input
 * `end` and a line of JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/utc.h"
#include "bus/client.h"
#include "bus/head.h"

enum { EDGES_MAX = 1024, LINE_MAX_BYTES = 1024, SETS = 8, HEALTH_MS = 15000, KINDS = ENROL_KIND_COUNT };

/* A set as an edge has it: the version that it verified whole, a newer one that is on its way, and a new base
 * that is fetched beside. It has the files of its version and that base. */
struct held {
	char id[UUID_TEXT_SIZE];
	uint64_t version;
	struct head_file files[HEAD_FILES_MAX + 1];
	size_t file_count;
	struct head coming; /* as it was chosen */
	size_t at;
	bool busy;
	char *next; /* the newest that came meanwhile */
	struct head_file base;
	bool base_planned;
	struct edge *edge;
};

struct edge {
	struct client *client;
	struct key *identity;
	struct key_public head_key;
	char *key;
	enum enrol_kind kind;
	bool enrolled, follows, sending, changed;
	struct held sets[SETS];
	struct uuid epoch;
	uint64_t through;
	struct buf body;
};

static struct {
	struct client_loop *loop;
	struct edge *edges;
	size_t count, enrolled, follows;
	uint64_t heads, blobs, bytes, bases, base_bytes, batches, troubles, cuts;
	uint64_t all[KINDS]; /* the version that all of a kind have */
	bool ends;
} bench;

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "edges: %s: %s\n", what, hn_strerror(err));
	exit(1);
}

static void must(const char *what, int err)
{
	if (err != HN_OK)
		die(what, err);
}

static void trouble(const char *what, const struct client_result *r)
{
	bench.troubles++;
	fprintf(stderr, "edges: %s: %ld %s\n", what, r->status,
		r->fault.message[0] != '\0' ? r->fault.message : hn_strerror(r->err));
}

static int64_t monotonic_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_SECOND + t.tv_nsec;
}

/* ---- up: health ---- */

static void say_health(struct edge *e);

static void sent(void *context, const struct client_result *r, const struct client_standing *standing)
{
	struct edge *e = context;
	e->sending = false;
	bench.batches++;
	if (r->err == HN_OK)
		e->through = standing->through;
	else
		trouble("health", r);
	if (r->err == HN_OK && e->changed)
		say_health(e);
}

static void say_health(struct edge *e)
{
	struct batch b = {.stream = STREAM_HEALTH, .epoch = e->epoch, .first = e->through + 1};
	char line[512], now[UTC_SIZE], base[65];
	e->changed = e->sending;
	if (e->sending)
		return;
	utc_format(utc_now_ns(), now);
	hex_encode(e->sets[0].files[0].digest, 32, base);
	int len =
		snprintf(line, sizeof(line),
			 "{\"at\":\"%s\",\"program\":{\"name\":\"hinomi-edge\",\"version\":\"bench\"},"
			 "\"connected\":true,\"heads\":[{\"kind\":\"set\",\"id\":\"%s\",\"version\":%" PRIu64
			 ",\"base\":\"%s\"}]}\n",
			 now, e->sets[0].id, e->sets[0].version, base);
	buf_reset(&e->body);
	must("a batch", batch_pack(&b, line, (size_t)len, &e->body));
	e->sending = true;
	must("health", client_send(e->client, &b, e->body.data, e->body.len, sent, e));
}

static void health_due(void *context)
{
	struct edge *e = context;
	say_health(e);
	must("a time", client_after(e->client, HEALTH_MS, health_due, e));
}

/* ---- down: heads and blobs ---- */

static bool has(const struct held *h, const struct head_file *f)
{
	for (size_t i = 0; i < h->file_count; i++)
		if (memcmp(h->files[i].digest, f->digest, 32) == 0)
			return true;
	return false;
}

/* What all edges of a kind have is told as it rises. Each kind has one set here. */
static void tell_all(enum enrol_kind kind)
{
	uint64_t least = UINT64_MAX;
	for (size_t i = 0; i < bench.count; i++)
		if (bench.edges[i].kind == kind && bench.edges[i].sets[0].version < least)
			least = bench.edges[i].sets[0].version;
	if (least == UINT64_MAX || least <= bench.all[kind])
		return;
	bench.all[kind] = least;
	printf("all %s %" PRIu64 " %" PRId64 "\n", enrol_kind_name(kind), least, monotonic_ns());
	fflush(stdout);
}

static void take(struct held *h, const char *text);

static void bring(struct held *h);

static void end_coming(struct held *h)
{
	char *next = h->next;
	head_clear(&h->coming);
	h->coming = (struct head){0};
	h->busy = false;
	h->next = NULL;
	if (next != NULL)
		take(h, next);
	free(next);
}

static void brought(void *context, const struct client_result *r)
{
	struct held *h = context;
	if (r->err != HN_OK) {
		trouble("a blob", r);
		end_coming(h);
		return;
	}
	bench.blobs++;
	bench.bytes += h->coming.files[h->at].size;
	h->at++;
	bring(h);
}

static void base_brought(void *context, const struct client_result *r)
{
	struct held *h = context;
	h->base_planned = false;
	if (r->err != HN_OK) {
		trouble("a base", r);
		return;
	}
	bench.bases++;
	bench.base_bytes += h->base.size;
	if (!has(h, &h->base))
		h->files[h->file_count++] = h->base;
}

static void base_due(void *context)
{
	struct held *h = context;
	must("a base", client_blob(h->edge->client, h->base.digest, h->base.size, NULL, base_brought, h));
}

static void plan_base(struct held *h, const struct head *head)
{
	if (h->base_planned)
		return;
	h->base = head->files[0];
	h->base_planned = true;
	uint32_t ms = randombytes_uniform(head->spread_s * 1000 + 1);
	must("a time", client_after(h->edge->client, (int)ms, base_due, h));
}

static void bring(struct held *h)
{
	struct edge *e = h->edge;
	while (h->at < h->coming.file_count && has(h, &h->coming.files[h->at]))
		h->at++;
	if (h->at < h->coming.file_count) {
		const struct head_file *f = &h->coming.files[h->at];
		must("a blob", client_blob(e->client, f->digest, f->size, NULL, brought, h));
		return;
	}
	/* A base that came beside stays until a head is chosen by it. */
	bool beside = has(h, &h->base) && memcmp(h->base.digest, h->coming.files[0].digest, 32) != 0;
	h->version = h->coming.version;
	h->file_count = h->coming.file_count;
	memcpy(h->files, h->coming.files, h->file_count * sizeof(h->files[0]));
	if (beside)
		h->files[h->file_count++] = h->base;
	say_health(e);
	tell_all(e->kind);
	end_coming(h);
}

static void take(struct held *h, const char *text)
{
	struct fault fault = {0};
	must("a head", head_read(text, strlen(text), &h->edge->head_key, &h->coming, &fault));
	bool former =
		h->coming.former_count > 0 && !has(h, &h->coming.files[0]) && has(h, &h->coming.former[0]);
	if (former)
		plan_base(h, &h->coming);
	head_choose(&h->coming, former);
	h->at = 0;
	h->busy = true;
	bring(h);
}

static struct held *find(struct edge *e, const char *id)
{
	for (size_t i = 0; i < SETS; i++) {
		struct held *h = &e->sets[i];
		if (h->id[0] == '\0')
			(void)snprintf(h->id, sizeof(h->id), "%s", id);
		h->edge = e;
		if (strcmp(h->id, id) == 0)
			return h;
	}
	return NULL;
}

static void came(void *context, const char *text, size_t len)
{
	struct edge *e = context;
	struct head head;
	struct fault fault = {0};
	int err = head_read(text, len, &e->head_key, &head, &fault);
	if (err == HN_EUNSUPPORTED)
		return;
	must("a head", err);
	bench.heads++;
	struct held *h = head.kind == HEAD_SET ? find(e, head.id) : NULL;
	bool newer = h != NULL && head.version > h->version;
	head_clear(&head);
	if (!newer)
		return;
	if (!h->busy) {
		take(h, text);
		return;
	}
	free(h->next);
	h->next = strndup(text, len);
}

static void connected(void *context, const struct client_result *r)
{
	struct edge *e = context;
	if (r != NULL) {
		bench.cuts++;
		trouble("heads", r);
	} else if (!e->follows) {
		e->follows = true;
		if (++bench.follows == bench.count) {
			printf("follows %zu\n", bench.follows);
			fflush(stdout);
		}
	}
}

/* ---- joining ---- */

static void joined(void *context, const struct client_result *r, struct enrol_answer *answer)
{
	struct edge *e = context;
	if (r->err != HN_OK) {
		trouble("enrolment", r);
		exit(1);
	}
	e->head_key = answer->head_key;
	must("a certificate", client_certificate(e->client, answer->certificate, e->key));
	enrol_answer_clear(answer);
	e->enrolled = true;
	bench.enrolled++;
}

static void join(struct edge *e, const char *kind, const char *text)
{
	const struct enrol_program program = {.name = "hinomi-edge", .version = "bench", .build = "bench"};
	struct code *code = code_new();
	struct buf csr, request;
	struct uuid id;
	struct fault fault = {0};
	e->kind = strcmp(kind, enrol_kind_name(ENROL_SENSOR)) == 0 ? ENROL_SENSOR : ENROL_RESOLVER;
	buf_init(&csr, PKI_CSR_MAX);
	buf_init(&request, ENROL_REQUEST_MAX);
	buf_init(&e->body, BATCH_BODY_MAX);
	must("memory", code == NULL ? HN_ENOMEM : HN_OK);
	must("a code", code_parse(text, strlen(text), code, &fault));
	must("a key", key_make("bench edge", &e->identity));
	must("a key", pki_key_make(&e->key));
	must("a request", pki_csr_make(e->key, &csr));
	must("a request", enrol_request_write(code, e->identity, e->kind, &program, csr.data, &request));
	struct client_options o = {.host = code->host, .port = code->port};
	memcpy(o.root, code->root, sizeof(o.root));
	must("a client", client_new(bench.loop, &o, &e->client));
	key_sensor_id(key_public(e->identity), &id);
	e->epoch = uuid_v4();
	must("enrolment", client_enrol(e->client, &request, &id, e->key, joined, e));
	while (!e->enrolled)
		must("a turn", client_loop_turn(bench.loop, 1000));
	buf_clear(&csr);
	buf_clear(&request);
	code_free(code);
}

static void join_all(void)
{
	char line[LINE_MAX_BYTES], kind[16], code[LINE_MAX_BYTES];
	while (fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
		if (bench.count == EDGES_MAX || sscanf(line, "%15s %1000s", kind, code) != 2)
			die("standard input", HN_EFORMAT);
		join(&bench.edges[bench.count++], kind, code);
	}
	printf("enrolled %zu\n", bench.enrolled);
	fflush(stdout);
}

static void input(void *context, int fd)
{
	char bytes[64];
	(void)context;
	if (read(fd, bytes, sizeof(bytes)) <= 0)
		bench.ends = true;
}

int main(void)
{
	bench.edges = calloc(EDGES_MAX, sizeof(*bench.edges));
	if (sodium_init() < 0 || bench.edges == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		die("start", HN_ENOMEM);
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	must("a loop", client_loop_new(&bench.loop));
	join_all();
	for (size_t i = 0; i < bench.count; i++) {
		struct edge *e = &bench.edges[i];
		must("heads", client_follow(e->client, came, connected, e));
		/* Not all at once. */
		must("a time", client_after(e->client, (int)(i * HEALTH_MS / bench.count), health_due, e));
	}
	must("standard input", client_loop_watch(bench.loop, STDIN_FILENO, input, NULL));
	while (!bench.ends)
		must("a turn", client_loop_turn(bench.loop, 1000));
	printf("end\n{\"edges\":%zu,\"heads\":%" PRIu64 ",\"blobs\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"bases\":%" PRIu64 ",\"base_bytes\":%" PRIu64 ",\"batches\":%" PRIu64
	       ",\"troubles\":%" PRIu64 ",\"cuts\":%" PRIu64 "}\n",
	       bench.count, bench.heads, bench.blobs, bench.bytes, bench.bases, bench.base_bytes,
	       bench.batches, bench.troubles, bench.cuts);
	for (size_t i = 0; i < bench.count; i++) {
		client_free(bench.edges[i].client);
		key_free(bench.edges[i].identity);
		pki_secret_free(bench.edges[i].key);
		buf_clear(&bench.edges[i].body);
	}
	client_loop_free(bench.loop);
	free(bench.edges);
	return 0;
}
