/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * What a test's edge cannot do in the standard library of Python:
 *     witness_edge request CODE KEY PEM     an enrolment request; writes a new key for its certificate to PEM
 *     witness_edge seal KEY                 the line of the receipt on standard input
 *     witness_edge checkpoint KEY DIR N     appends N entries to the edge's ledger; a line of the stream
 *     witness_edge pack STREAM EPOCH FIRST  headers, an empty line and the body of lines on standard input
 *     witness_edge stub STREAM EPOCH FIRST COUNT
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/receipt.h"
#include "base/file.h"
#include "bus/batch.h"
#include "bus/checkpoint_line.h"
#include "bus/code.h"
#include "bus/enrol.h"
#include "ledger/ledger.h"
#include "ledger/tlog.h"

#define MAX ((size_t)64 << 20)

static void must(int err, const char *what)
{
	if (err == HN_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, hn_strerror(err));
	exit(1);
}

static struct key *key_of(const char *path)
{
	struct key *k;
	must(key_read(path, NULL, &k, NULL), path);
	return k;
}

static void put(const struct buf *b)
{
	must(buf_err(b), "output");
	must(fd_write_all(STDOUT_FILENO, b->data, b->len), "output");
}

static void request(char **args, struct buf *in, struct buf *out)
{
	static const struct enrol_program program = {"test", "1", "0"};
	struct code *c = code_new();
	struct key *k = key_of(args[1]);
	char *pem;
	must(code_parse(args[0], strlen(args[0]), c, NULL), "code");
	must(pki_key_make(&pem), "key");
	must(pki_csr_make(pem, in), "csr");
	must(file_write_whole(args[2], pem, strlen(pem), 0600, true), args[2]);
	must(enrol_request_write(c, k, ENROL_SENSOR, &program, in->data, out), "request");
	pki_secret_free(pem);
	key_free(k);
	code_free(c);
}

static void seal(char **args, struct buf *in, struct buf *out)
{
	struct key *k = key_of(args[0]);
	must(file_read("-", in), "input");
	must(receipt_seal(in->data, in->len, k, out), "receipt");
	key_free(k);
}

static void add_entries(int dir_fd, const char *origin, const struct key *k, long count)
{
	const struct ledger_options options = {.origin = origin, .secret_key = key_secret(k)};
	struct ledger *l;
	must(ledger_open(dir_fd, &options, &l, NULL), "ledger");
	for (long i = 0; i < count; i++)
		must(ledger_append(l, "test", 0, "x", 1, NULL), "append");
	must(ledger_commit(l), "commit");
	ledger_close(l);
}

static void checkpoint(char **args, struct buf *in, struct buf *out)
{
	static struct checkpoint_line line;
	struct key *k = key_of(args[0]);
	struct uuid id;
	struct tlog *t;
	char origin[64] = "hinomi/";
	size_t len;
	(void)in;
	key_sensor_id(key_public(k), &id);
	uuid_format(&id, origin + strlen(origin));
	(void)mkdir(args[1], 0700);
	int dir_fd = open(args[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tlog_open(dir_fd, NULL, &t, NULL) == HN_OK) {
		line.from = tlog_head(t)->size;
		tlog_free(t);
	}
	add_entries(dir_fd, origin, k, strtol(args[2], NULL, 10));
	must(tlog_open(dir_fd, NULL, &t, NULL), "log");
	must(tlog_consistency(t, line.from, tlog_head(t)->size, line.path, &line.path_len), "proof");
	const char *note = tlog_note(t, &len);
	memcpy(line.note, note, len);
	must(checkpoint_line_write(&line, out), "line");
	buf_addc(out, '\n');
	tlog_free(t);
	key_free(k);
}

static void read_head(char **args, struct batch *b)
{
	must(stream_find(args[0], strlen(args[0]), &b->stream), args[0]);
	must(uuid_parse(args[1], strlen(args[1]), &b->epoch), args[1]);
	b->first = strtoull(args[2], NULL, 10);
}

static void put_batch(const struct batch *b, const struct buf *body, struct buf *out)
{
	batch_headers_write(b, out);
	buf_adds(out, "\r\n");
	buf_add(out, body->data, body->len);
}

static void pack(char **args, struct buf *in, struct buf *out)
{
	struct batch b = {.first = 0};
	struct buf body;
	read_head(args, &b);
	buf_init(&body, BATCH_BODY_MAX);
	must(file_read("-", in), "input");
	must(batch_pack(&b, in->data, in->len, &body), "batch");
	put_batch(&b, &body, out);
	buf_clear(&body);
}

static void stub(char **args, struct buf *in, struct buf *out)
{
	struct batch b = {.first = 0};
	struct buf body;
	(void)in;
	read_head(args, &b);
	b.count = strtoull(args[3], NULL, 10);
	buf_init(&body, BATCH_BODY_MAX);
	must(batch_pack_stub(&b, BATCH_GONE_DAMAGED, &body), "stub");
	put_batch(&b, &body, out);
	buf_clear(&body);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int count;
		void (*run)(char **args, struct buf *in, struct buf *out);
	} commands[] = {{"request", 3, request},
			{"seal", 1, seal},
			{"checkpoint", 3, checkpoint},
			{"pack", 3, pack},
			{"stub", 4, stub}};
	struct buf in, out;
	if (sodium_init() < 0)
		return 1;
	buf_init(&in, MAX);
	buf_init(&out, MAX);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (argc - 2 != commands[i].count || strcmp(argv[1], commands[i].name) != 0)
			continue;
		commands[i].run(argv + 2, &in, &out);
		put(&out);
		buf_clear(&in);
		buf_clear(&out);
		return 0;
	}
	return 2;
}
