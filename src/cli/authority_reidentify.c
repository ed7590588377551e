/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/order.h"
#include "authority/seal.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"
#include "ledger/ledger.h"

#define RECORD_LINE_MAX 65536
#define ORIGIN_PREFIX   "hinomi/reidentification/"
#define KIND_OPENED     "reidentification"
#define KIND_REFUSED    "reidentification-refused"

static const struct command_help help = {
	"hinomi authority reidentify --trust TRUST.json --key KEY --order ORDER.json --records FILE --ledger "
	"DIR",
	"Opens the sealed domestic addresses of exactly the records that a signed order names, and prints "
	"them as\n"
	"JSON lines. Before it prints anything an entry in the ledger below DIR says which records were "
	"opened,\n"
	"by which order; a refusal is an entry too. Run it at the commission, where the key is kept.",
	"署名された命令書が示す記録に限り、封じられた国内アドレスを開き、1行1件のJSONで出力する。\n"
	"出力の前に、どの命令でどの記録を開いたかを DIR の台帳に記す。拒まれた場合も記す。\n"
	"鍵を保管する委員会で実行すること。",
	"hinomi authority reidentify --trust TRUST.json --key re.key --order ORDER.json --records "
	"selected.ndjson \\\n"
	"    --ledger commission",
};

/* One record of the order and what was found for it. */
struct result {
	bool has_peer;
	struct ip peer; /* the destination, where both ends are domestic */
	bool found;     /* its line is in the file */
	int rc;         /* of opening it */
	struct ip ip;
};

struct reidentification {
	const char *trust, *key, *passphrase_file, *order, *records, *ledger;
	struct trust trusted;
	struct key *k;
	struct order o;
	struct result *results; /* as o.records */
	struct ledger *log;
};

static int open_ledger(struct reidentification *r)
{
	struct fault fault = {{0}, {0}};
	char origin[sizeof(ORIGIN_PREFIX) + KEY_ID_SIZE];
	struct ledger_options options = {origin, key_secret(r->k), NULL};

	(void)snprintf(origin, sizeof(origin), ORIGIN_PREFIX "%s", key_public(r->k)->id);
	if (mkdir(r->ledger, 0700) != 0 && errno != EEXIST) {
		log_line(LOG_LEVEL_ERROR, "'%s': %s", r->ledger, hn_errno_text(errno));
		return HN_EXIT_UNFINISHED;
	}
	int fd = open(r->ledger, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		log_line(LOG_LEVEL_ERROR, "'%s': %s", r->ledger, hn_errno_text(errno));
		return HN_EXIT_UNFINISHED;
	}
	int rc = ledger_open(fd, &options, &r->log, &fault);
	(void)close(fd);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, "'%s': %s %s", r->ledger, fault.place,
		 fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
	return HN_EXIT_UNFINISHED;
}

/* Makes the entry durable; takes the record over. */
static int enter(struct reidentification *r, const char *kind, json_t *record)
{
	struct buf text;

	buf_init(&text, LEDGER_RECORD_MAX);
	if (record != NULL)
		json_add(&text, record);
	int rc = record == NULL ? HN_ENOMEM : buf_err(&text);
	if (rc == HN_OK)
		rc = ledger_append(r->log, kind, utc_now_ns(), text.data, text.len, NULL);
	if (rc == HN_OK)
		rc = ledger_commit(r->log);
	json_decref(record);
	buf_clear(&text);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR,
		 tr("nothing is opened: no entry in '%s': %s",
		    "'%2$s' の理由で '%1$s' に記録できないため、開かない"),
		 r->ledger, hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

static int refuse(struct reidentification *r, enum refusal why, const struct refusal_detail *detail)
{
	(void)report_refusal(r->order, why, detail);
	json_t *record = json_pack("{s:s, s:s, s:s}", "refusal", refusal_name(why), "detail", detail->text,
				   "key", key_public(r->k)->id);
	int code = enter(r, KIND_REFUSED, record);
	return code == HN_EXIT_DONE ? HN_EXIT_NOT_AUTHORISED : code;
}

static int load_order(struct reidentification *r)
{
	struct refusal_detail detail = {{0}};
	struct buf text;

	int code = load_text(r->order, &text);
	if (code != HN_EXIT_DONE) {
		buf_clear(&text);
		return code;
	}
	enum refusal why = order_parse(text.data, text.len, &r->trusted, utc_now_ns(), &r->o, &detail);
	buf_clear(&text);
	return why == REFUSAL_NONE ? HN_EXIT_DONE : refuse(r, why, &detail);
}

/* The sealed address that an object of a record holds. @return as seal_open(); HN_ENOENT: it holds none */
static int open_end(const struct reidentification *r, const json_t *object, const struct uuid *id,
		    enum seal_end end, struct ip *out)
{
	const json_t *sealed = json_object_get(object, "sealed");
	if (!json_is_string(sealed))
		return HN_ENOENT;
	return seal_open(r->k, json_string_value(sealed), json_string_length(sealed), id, end, out);
}

/* Which end `sealed` is about. Were it told wrong, the seal would not open. */
static enum seal_end end_of(const json_t *ours)
{
	const json_t *end = json_object_get(ours, "end");
	return json_is_string(end) && strcmp(json_string_value(end), "dst") == 0 ? SEAL_DST : SEAL_SRC;
}

/* The record's uid and sealed address; members that are absent leave it alone. */
static void judge_record(struct reidentification *r, const json_t *record)
{
	const json_t *ours = json_object_get(json_object_get(record, "unmapped"), "hinomi");
	const json_t *uid = json_object_get(json_object_get(record, "metadata"), "uid");
	struct uuid id;

	if (!json_is_string(uid) ||
	    uuid_parse(json_string_value(uid), json_string_length(uid), &id) != HN_OK ||
	    !order_has(&r->o, &id))
		return;
	size_t i = 0;
	while (memcmp(&r->o.records[i], &id, sizeof(id)) != 0)
		i++;
	if (r->results[i].found && r->results[i].rc == HN_OK)
		return;
	r->results[i].found = true;
	r->results[i].rc = open_end(r, ours, &id, end_of(ours), &r->results[i].ip);
	/* Where both ends are domestic (a tunnel), the destination stands apart. */
	const json_t *peer = json_object_get(ours, "peer");
	if (r->results[i].rc == HN_OK && peer != NULL) {
		r->results[i].has_peer = true;
		r->results[i].rc = open_end(r, peer, &id, SEAL_DST, &r->results[i].peer);
	}
}

static int read_lines(struct reidentification *r, FILE *file)
{
	static char line[RECORD_LINE_MAX];
	struct fault fault = {{0}, {0}};

	for (size_t number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		json_t *record;
		if (line[0] == '\n')
			continue; /* erased at the end of its retention */
		int rc = json_object_read(line, strlen(line), &record, &fault);
		if (rc != HN_OK) {
			log_line(LOG_LEVEL_ERROR, tr("'%s', line %zu: %s", "'%s'、%zu行: %s"), r->records,
				 number, fault.message);
			return HN_EXIT_INPUT;
		}
		judge_record(r, record);
		json_decref(record);
	}
	return ferror(file) ? HN_EXIT_INPUT : HN_EXIT_DONE;
}

static int read_records(struct reidentification *r)
{
	r->results = calloc(r->o.count, sizeof(*r->results));
	if (r->results == NULL)
		return HN_EXIT_UNFINISHED;
	FILE *file = fopen(r->records, "re");
	if (file == NULL) {
		log_line(LOG_LEVEL_ERROR, "'%s': %s", r->records, hn_errno_text(errno));
		return HN_EXIT_INPUT;
	}
	int code = read_lines(r, file);
	(void)fclose(file);
	return code;
}

static json_t *opened_json(const struct reidentification *r)
{
	char digest[SHA256_HEX_SIZE], id[UUID_TEXT_SIZE];
	json_t *records = json_array();

	for (size_t i = 0; i < r->o.count; i++) {
		uuid_format(&r->o.records[i], id);
		if (r->results[i].found && r->results[i].rc == HN_OK)
			(void)json_array_append_new(records, json_string(id));
	}
	uuid_format(&r->o.id, id);
	hex_encode(r->o.digest, sizeof(r->o.digest), digest);
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "order", id, "digest", digest, "ground", r->o.ground,
			 "key", key_public(r->k)->id, "records", records);
}

static int print_results(const struct reidentification *r)
{
	int code = HN_EXIT_DONE;
	for (size_t i = 0; i < r->o.count; i++) {
		const struct result *result = &r->results[i];
		char id[UUID_TEXT_SIZE], ip[IP_TEXT_SIZE];
		uuid_format(&r->o.records[i], id);
		if (result->found && result->rc == HN_OK) {
			ip_format(&result->ip, ip);
			printf("{\"uid\":\"%s\",\"ip\":\"%s\"", id, ip);
			if (result->has_peer) {
				ip_format(&result->peer, ip);
				printf(",\"peer_ip\":\"%s\"", ip);
			}
			printf("}\n");
			continue;
		}
		code = HN_EXIT_NO;
		log_line(LOG_LEVEL_ERROR, "%s: %s", id,
			 !result->found ? tr("not among the records", "記録の中にない")
			 : result->rc == HN_ENOENT
				 ? tr("holds no sealed address", "封じられたアドレスがない")
				 : tr("its sealed address was not made for this key and this record",
				      "封じられたアドレスが、この鍵とこの記録のものではない"));
	}
	return code;
}

static int reidentify(struct reidentification *r)
{
	struct refusal_detail detail = {{0}};
	int code;

	if ((code = load_trust(r->trust, &r->trusted)) != HN_EXIT_DONE ||
	    (code = load_key(r->key, r->passphrase_file, &r->k)) != HN_EXIT_DONE)
		return code;
	/* The ledger is signed with this key too, so another cannot even write there that it was refused. */
	if (sodium_memcmp(key_public(r->k)->x25519, r->trusted.reidentification, 32) != 0) {
		(void)refusal_set(&detail, REFUSAL_KEY_UNKNOWN, "%s",
				  tr("not the re-identification key of the trust file",
				     "信頼ファイルの定める再識別の鍵ではない"));
		(void)report_refusal(r->key, REFUSAL_KEY_UNKNOWN, &detail);
		return HN_EXIT_NOT_AUTHORISED;
	}
	if ((code = open_ledger(r)) != HN_EXIT_DONE)
		return code;
	if ((code = load_order(r)) != HN_EXIT_DONE || (code = read_records(r)) != HN_EXIT_DONE ||
	    (code = enter(r, KIND_OPENED, opened_json(r))) != HN_EXIT_DONE)
		return code;
	return print_results(r);
}

static const char *missing(const struct reidentification *r)
{
	return r->order == NULL     ? "--order"
	       : r->records == NULL ? "--records"
	       : r->ledger == NULL  ? "--ledger"
				    : NULL;
}

int authority_reidentify(int argc, char **argv)
{
	static struct reidentification r;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"trust", 0, OPTION_STRING, &r.trust, "TRUST.json", "the trust file", "信頼ファイル"},
		{"key", 0, OPTION_STRING, &r.key, "KEY", "the re-identification key", "再識別の鍵"},
		{"passphrase-file", 0, OPTION_STRING, &r.passphrase_file, "FILE", "the key's passphrase",
		 "鍵のパスフレーズ"},
		{"order", 0, OPTION_STRING, &r.order, "ORDER.json", "the signed order", "署名された命令書"},
		{"records", 0, OPTION_STRING, &r.records, "FILE", "selected.ndjson", "selected.ndjson"},
		{"ledger", 0, OPTION_STRING, &r.ledger, "DIR", "the commission's ledger", "委員会の台帳"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (missing(&r) != NULL || count > 0)
		return report_missing(missing(&r) != NULL ? missing(&r) : "--records");
	code = sandbox_close_but(r.ledger);
	if (code != -1)
		return code;
	code = reidentify(&r);
	ledger_close(r.log);
	if (r.results != NULL)
		sodium_memzero(r.results, r.o.count * sizeof(*r.results));
	free(r.results);
	order_clear(&r.o);
	key_free(r.k);
	return code;
}
