/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/output_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/receipt_check.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/lang.h"
#include "ledger/ledger.h"
#include "ledger/log_entry.h"
#include "ledger/private.h"
#include "ledger/tlog.h"
#include "sensor/lines.h"

#define RECORDS_FILE "selected.ndjson"
#define RECEIPT_FILE "receipt.json"
#define CHUNK        65536u

struct verifier {
	const struct key_public *key;
	struct output_verified *out;
	struct fault *fault;
	int records_fd;
	uint64_t records_size;
	struct tlog *log;
	struct private *private; /* NULL: there is none here */
	struct sha256 *digest;
	struct lines lines; /* of receipt.json */
	struct buf record;  /* what an entry commits to */
	char *chunk;

	/* Of the first walk over the ledger. */
	uint64_t entered;      /* receipts met so far */
	uint8_t *expired;      /* a bit for each: an entry says that its records were erased */
	uint64_t unread_until; /* receipts before the last entry `expired` whose record is not here */
	int64_t unread_ns;     /* its time */

	/* Of the second, beside receipt.json. */
	uint64_t receipts_at; /* offset of the line at hand, */
	uint64_t line_bytes;  /* and its bytes */
	struct receipt_facts last;
	uint8_t last_digest[SHA256_SIZE];
	uint64_t run_selected; /* flows and records of the run so far */
	uint64_t run_records;
	bool begun;  /* an entry `run-begun` stands behind the last receipt */
	bool mended; /* an entry `mended` does */
};

typedef int entry_fn(struct verifier *v, uint64_t index, const struct log_entry *entry);

/* Something does not fit: which file, which receipt, which bytes. */
static int bad(struct verifier *v, const char *file, uint64_t receipt, uint64_t offset, uint64_t bytes,
	       const char *what)
{
	char place[160];
	v->out->bad_receipt = receipt;
	v->out->has_range = true;
	v->out->bad_offset = offset;
	v->out->bad_bytes = bytes;
	if (receipt == 0)
		(void)snprintf(place, sizeof(place),
			       tr("%s, %" PRIu64 " bytes from byte %" PRIu64,
				  "%1$s、%3$" PRIu64 "バイト目から%2$" PRIu64 "バイト"),
			       file, bytes, offset);
	else
		(void)snprintf(place, sizeof(place),
			       tr("%s, receipt %" PRIu64 ", %" PRIu64 " bytes from byte %" PRIu64,
				  "%1$s、受領証%2$" PRIu64 "、%4$" PRIu64 "バイト目から%3$" PRIu64 "バイト"),
			       file, receipt, bytes, offset);
	return fault_set(v->fault, HN_EAUTH, place, "%s", what);
}

static int bad_line(struct verifier *v, const char *what)
{
	return bad(v, RECEIPT_FILE, v->out->receipts + 1, v->receipts_at, v->line_bytes, what);
}

static int bad_records(struct verifier *v, const char *what)
{
	const struct receipt_tail *t = &v->last.tail;
	return bad(v, RECORDS_FILE, t->number, t->records_begin, t->records_end - t->records_begin, what);
}

static int bad_entry(struct verifier *v, uint64_t index, const char *what)
{
	char place[64];
	(void)snprintf(place, sizeof(place), tr("ledger/, entry %" PRIu64, "ledger/、エントリ%" PRIu64),
		       index);
	return fault_set(v->fault, HN_EAUTH, place, "%s", what);
}

static int unreadable(struct verifier *v, int rc, const char *file)
{
	const char *why = rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc);
	return fault_set(v->fault, rc, file, "%s", why);
}

static int open_file(struct verifier *v, int dir_fd, const char *name, int *out, uint64_t *size_out)
{
	struct stat st;
	*out = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*out < 0 && errno == ENOENT)
		return fault_set(v->fault, HN_EAUTH, name, "%s", tr("is missing", "がない"));
	if (*out < 0 || fstat(*out, &st) != 0)
		return unreadable(v, HN_EIO, name);
	if (!S_ISREG(st.st_mode))
		return fault_set(v->fault, HN_EFORMAT, name, "%s",
				 tr("is no regular file", "は通常のファイルではない"));
	*size_out = (uint64_t)st.st_size;
	return HN_OK;
}

/* Tells of each entry of the ledger, in order. */
static int walk(struct verifier *v, entry_fn *tell)
{
	uint64_t size = tlog_head(v->log)->size;
	struct buf bundle;
	int rc = HN_OK;

	buf_init(&bundle, TILE_BUNDLE_MAX);
	for (uint64_t first = 0; rc == HN_OK && first < size; first += TILE_WIDTH) {
		uint64_t left = size - first;
		struct tile tile = {TILE_ENTRIES, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH,
				    first / TILE_WIDTH};
		rc = tlog_tile(v->log, &tile, &bundle);
		struct cur at = cur_of(bundle.data, bundle.len);
		for (unsigned i = 0; rc == HN_OK && i < tile.width; i++) {
			struct log_entry entry;
			const uint8_t *data;
			size_t len;
			rc = bundle_next(&at, &data, &len);
			if (rc == HN_OK)
				rc = log_entry_parse(data, len, &entry);
			if (rc == HN_OK)
				rc = tell(v, first + i, &entry);
		}
	}
	buf_clear(&bundle);
	return rc;
}

/* What an entry commits to. @return HN_ENOENT when it is not here, or was erased */
static int read_record(struct verifier *v, uint64_t index)
{
	struct private_slot slot;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	if (v->private == NULL)
		return HN_ENOENT;
	int rc = private_slot(v->private, index, &slot);
	if (rc == HN_OK)
		rc = private_record(v->private, &slot, salt, &v->record);
	return rc == HN_ESTATE ? HN_ENOENT : rc;
}

/* Remembers of which receipts an entry `expired` tells: {"records":N,"bytes":N,"receipts":[N,...]}. */
static int note_expired(struct verifier *v, uint64_t index, const struct log_entry *entry)
{
	const json_t *receipts = NULL;
	json_t *root = NULL;

	int rc = read_record(v, index);
	if (rc == HN_ENOENT) {
		v->unread_until = v->entered;
		v->unread_ns = entry->time_ns;
		return HN_OK;
	}
	if (rc == HN_OK)
		rc = json_object_read(v->record.data, v->record.len, &root, NULL);
	if (rc == HN_OK)
		rc = json_get_array(root, "receipts", true, &receipts, NULL);
	for (size_t i = 0; rc == HN_OK && i < json_array_size(receipts); i++) {
		const json_t *item = json_array_get(receipts, i);
		uint64_t n = json_is_integer(item) ? (uint64_t)json_integer_value(item) : 0;
		if (n == 0 || n > v->entered)
			rc = HN_EFORMAT;
		else
			v->expired[n / 8] |= (uint8_t)(1u << n % 8);
	}
	json_decref(root);
	if (rc == HN_EFORMAT || rc == HN_ELIMIT)
		return bad_entry(v, index,
				 tr("does not say which receipts' records were erased",
				    "は、どの受領証の記録を消去したかを正しく示していない"));
	return rc;
}

static int first_walk(struct verifier *v, uint64_t index, const struct log_entry *entry)
{
	if (strcmp(entry->kind, "receipt") == 0)
		v->entered++;
	return strcmp(entry->kind, "expired") == 0 ? note_expired(v, index, entry) : HN_OK;
}

/* Whether the ledger says that the records of the last receipt were erased: an entry that names it, or, where
 * that is not here to be read, one made after the end of its retention. */
static bool is_expired(const struct verifier *v)
{
	uint64_t n = v->last.tail.number;
	return (v->expired[n / 8] >> n % 8 & 1) != 0 ||
	       (n <= v->unread_until && v->last.tail.erase_by_ns <= v->unread_ns);
}

/* What stands in a receipt's range. */
struct range {
	uint8_t digest[SHA256_SIZE];
	uint64_t feeds; /* line feeds */
	char first, last;
};

static int read_range(struct verifier *v, uint64_t from, uint64_t end, struct range *out)
{
	*out = (struct range){.first = '\n', .last = '\n'};
	for (uint64_t at = from; at < end;) {
		size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t n = pread(v->records_fd, v->chunk, want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return unreadable(v, n < 0 ? HN_EIO : HN_ETRUNC, RECORDS_FILE);
		sha256_add(v->digest, v->chunk, (size_t)n);
		for (ssize_t i = 0; i < n; i++)
			out->feeds += v->chunk[i] == '\n';
		if (at == from)
			out->first = v->chunk[0];
		out->last = v->chunk[n - 1];
		at += (uint64_t)n;
	}
	sha256_end(v->digest, out->digest);
	return HN_OK;
}

static int judge_erased(struct verifier *v, const struct range *r, uint64_t bytes)
{
	if (r->feeds < bytes)
		return bad_records(v,
				   r->first == '{' && r->feeds == bytes - 1
					   ? tr("an erasure at the end of retention was not brought to its "
						"end; run hinomi select --expire",
						"保存期間終了時の消去が完了していない。hinomi select "
						"--expire を実行すること")
					   : tr("are not what the receipt's digest says",
						"が受領証のダイジェストと一致しない"));
	if (!is_expired(v))
		return bad_records(v, tr("are overwritten, but no entry of the ledger says that they expired",
					 "が上書きされているが、期限による消去は台帳にない"));
	v->out->erased_receipts++;
	v->out->erased_records += v->last.tail.records;
	return HN_OK;
}

/* The records of the last receipt. */
static int check_records(struct verifier *v)
{
	const struct receipt_tail *t = &v->last.tail;
	uint64_t bytes = t->records_end - t->records_begin;
	struct range r;

	if (t->records_end > v->records_size)
		return bad_records(v, tr("are not all there: the file is shorter",
					 "が揃っていない。ファイルがそれより短い"));
	int rc = read_range(v, t->records_begin, t->records_end, &r);
	if (rc != HN_OK)
		return rc;
	if (memcmp(r.digest, v->last.records_digest, SHA256_SIZE) != 0)
		return judge_erased(v, &r, bytes);
	if (r.feeds != t->records || r.last != '\n')
		return bad_records(
			v, tr("are not as many lines as the receipt says", "の行数が受領証と一致しない"));
	if (bytes > 0 && (v->expired[t->number / 8] >> t->number % 8 & 1) != 0)
		return bad_records(v, tr("are there, but the ledger says that they were erased",
					 "が残っているが、台帳では消去済みとなっている"));
	v->out->records += t->records;
	return HN_OK;
}

static uint64_t packets_of(const struct tally t[SUMS_CLASSES])
{
	uint64_t packets = 0;
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		packets += t[c].packets;
	return packets;
}

/* Whether the run of the last receipt ended between its inputs. */
static bool left_something(const struct verifier *v)
{
	return packets_of(v->last.sums.pending_after) != 0 || v->run_selected != v->run_records;
}

/* Records of a run against the flows that it selected: one each, of a live sensor a second one at its end. */
static int count_records(struct verifier *v, const struct receipt_facts *f, bool same_run)
{
	if (!same_run)
		v->run_selected = v->run_records = 0;
	/* Live: what a match gave stands beside it, so what ended is the records that flows may still owe. */
	uint64_t records = f->live ? f->flows_ended : f->tail.records;
	if (f->live && f->tail.records != f->tail.flows_selected + f->flows_ended)
		return bad_line(v, tr("has not a record for each flow selected and each that ended",
				      "の記録が、選別したフローと終了したフローの数に合わない"));
	if (__builtin_add_overflow(v->run_selected, f->tail.flows_selected, &v->run_selected) ||
	    __builtin_add_overflow(v->run_records, records, &v->run_records) ||
	    v->run_records > v->run_selected)
		return bad_line(v, tr("has more records than flows were selected",
				      "の記録が、選別したフローより多い"));
	return HN_OK;
}

/* How a receipt follows the one before, and what the ledger says between them. */
static int check_follows(struct verifier *v, const struct receipt_facts *f)
{
	struct fault inner = {{0}, {0}};
	bool first = v->out->receipts == 0;
	bool same_run = !first && memcmp(&f->epoch, &v->last.epoch, sizeof(f->epoch)) == 0;

	if (receipt_follows(first ? NULL : &v->last, v->last_digest, f, &inner) != HN_OK)
		return bad_line(v, inner.message);
	if (same_run == v->begun)
		return bad_line(v, tr("belongs to another run than the ledger's entries say",
				      "の属する実行が台帳の記載と異なる"));
	if (!first && !same_run && left_something(v) && !v->mended)
		return bad_line(v, tr("begins a run though the ledger does not say what the former run left",
				      "は、前の実行が残したものが台帳に記されないまま始まっている"));
	return count_records(v, f, same_run);
}

/* The receipt of an entry against that entry. */
static int check_entry(struct verifier *v, uint64_t index, const struct log_entry *entry,
		       const struct receipt_facts *f, const char *line, size_t len)
{
	char origin[64] = "hinomi/";
	char made[UTC_SIZE], entered[UTC_SIZE];

	uuid_format(&f->edge, origin + strlen(origin));
	if (strcmp(origin, tlog_head(v->log)->origin) != 0)
		return bad_line(v,
				tr("is of another sensor than the ledger", "は台帳とは別のセンサーのもの"));
	utc_format(f->made_ns, made);
	utc_format(entry->time_ns, entered);
	if (strcmp(made, entered) != 0)
		return bad_line(v, tr("was not made at the time of its ledger entry",
				      "の作成時刻が台帳のエントリと異なる"));
	int rc = read_record(v, index);
	if (rc == HN_ENOENT)
		return HN_OK;
	if (rc != HN_OK)
		return rc;
	/* The line feed is part of the record. */
	if (v->record.len != len + 1 || memcmp(v->record.data, line, len) != 0 || v->record.data[len] != '\n')
		return bad_line(v, tr("is not what its ledger entry commits to",
				      "が台帳のエントリのコミットメントと一致しない"));
	v->out->committed++;
	return HN_OK;
}

static int next_line(struct verifier *v, const char **line, size_t *len)
{
	int rc = lines_next(&v->lines, line, len);
	v->receipts_at = (uint64_t)v->lines.at;
	v->line_bytes = rc == HN_OK ? v->lines.used : lines_left(&v->lines);
	if (rc == HN_ELIMIT)
		return fault_set(v->fault, rc, RECEIPT_FILE,
				 tr("receipt %" PRIu64 " is longer than any receipt",
				    "受領証%" PRIu64 "が受領証の上限より長い"),
				 v->out->receipts + 1);
	return rc == HN_EIO ? unreadable(v, rc, RECEIPT_FILE) : rc;
}

/* A line by itself; what is wrong with it names the member too. */
static int check_line(struct verifier *v, const char *line, size_t len, struct receipt_facts *out)
{
	struct fault inner = {{0}, {0}};
	char what[sizeof(inner.place) + sizeof(inner.message)];
	int rc = receipt_check(line, len, v->key, out, &inner);
	if (rc == HN_OK || rc == HN_ENOMEM)
		return rc;
	(void)snprintf(what, sizeof(what), "%s%s%s", inner.place, inner.place[0] == '\0' ? "" : " ",
		       inner.message[0] == '\0' ? hn_strerror(rc) : inner.message);
	return bad_line(v, what);
}

static int take_receipt(struct verifier *v, uint64_t index, const struct log_entry *entry)
{
	struct receipt_facts facts;
	const char *line;
	size_t len;

	int rc = next_line(v, &line, &len);
	if (rc == HN_ENOENT)
		return bad_line(v, v->line_bytes > 0 ? tr("ends within the line", "が行の途中で終わっている")
						     : tr("is missing: the ledger has its entry",
							  "がない。台帳にはそのエントリがある"));
	if (rc == HN_OK)
		rc = check_line(v, line, len, &facts);
	if (rc == HN_OK)
		rc = check_entry(v, index, entry, &facts, line, len);
	if (rc == HN_OK)
		rc = check_follows(v, &facts);
	if (rc != HN_OK)
		return rc;
	v->last = facts;
	sha256(line, len, v->last_digest);
	v->begun = v->mended = false;
	v->out->receipts++;
	return check_records(v);
}

static int second_walk(struct verifier *v, uint64_t index, const struct log_entry *entry)
{
	v->begun = v->begun || strcmp(entry->kind, "run-begun") == 0;
	v->mended = v->mended || strcmp(entry->kind, "mended") == 0;
	return strcmp(entry->kind, "receipt") == 0 ? take_receipt(v, index, entry) : HN_OK;
}

/* Behind the last receipt there is nothing, and nothing is left but what is told. */
static int check_end(struct verifier *v)
{
	const char *line;
	size_t len;
	uint64_t end = v->last.tail.records_end;

	int rc = next_line(v, &line, &len);
	if (rc == HN_OK)
		return bad_line(v, tr("has no entry in the ledger", "のエントリが台帳にない"));
	if (rc != HN_ENOENT)
		return rc;
	if (v->line_bytes > 0)
		return bad(v, RECEIPT_FILE, 0, v->receipts_at, v->line_bytes,
			   tr("are no whole line; if a run was stopped here, the next one mends it",
			      "が行になっていない。実行が中断されたのであれば、次の実行が修復する"));
	if (v->records_size > end)
		return bad(
			v, RECORDS_FILE, 0, end, v->records_size - end,
			tr("stand behind the last receipt; if a run was stopped here, the next one erases "
			   "them",
			   "が最後の受領証より後ろにある。実行が中断されたのであれば、次の実行が消去する"));
	if (!v->mended && v->out->receipts > 0) {
		v->out->pending_packets = packets_of(v->last.sums.pending_after);
		v->out->flows_lost = v->run_selected - v->run_records;
	}
	return HN_OK;
}

/* The log was verified; what is walked must be the same. */
static int open_log(struct verifier *v, int dir_fd)
{
	const struct checkpoint *head;
	int rc = tlog_open(dir_fd, NULL, &v->log, v->fault);
	if (rc != HN_OK)
		return rc;
	head = tlog_head(v->log);
	if (head->size != v->out->ledger.head.size ||
	    memcmp(&head->root, &v->out->ledger.head.root, sizeof(head->root)) != 0)
		return fault_set(v->fault, HN_ESTATE, "ledger/checkpoint", "%s",
				 tr("went on while it was verified; verify again when no run writes here",
				    "が検証中に更新された。書き込み中の実行がないときに再度検証すること"));
	if (!v->out->ledger.private_there)
		return HN_OK;
	rc = private_open(dir_fd, false, &v->private);
	return rc == HN_OK ? rc : unreadable(v, rc, "private/");
}

static int verify_all(struct verifier *v, int dir_fd, int receipts_fd)
{
	int rc = open_log(v, dir_fd);
	if (rc != HN_OK)
		return rc;
	lines_init(&v->lines, receipts_fd, 0, RECEIPT_LINE_MAX);
	buf_init(&v->record, LEDGER_RECORD_MAX + 1);
	v->expired = calloc(1, tlog_head(v->log)->size / 8 + 1);
	v->chunk = malloc(CHUNK);
	v->digest = sha256_new();
	if (v->expired == NULL || v->chunk == NULL || v->digest == NULL)
		return HN_ENOMEM;
	rc = walk(v, first_walk);
	if (rc == HN_OK)
		rc = walk(v, second_walk);
	return rc == HN_OK ? check_end(v) : rc;
}

int output_verify(int dir_fd, const struct key_public *key, struct output_verified *out, struct fault *fault)
{
	struct verifier v = {.key = key, .out = out, .fault = fault, .records_fd = -1};
	struct note_key note;
	int receipts_fd = -1;
	uint64_t ignored;

	memset(out, 0, sizeof(*out));
	*fault = (struct fault){{0}, {0}};
	if (key != NULL)
		note_key_nameless(&note, NOTE_ED25519, key->ed25519);
	int rc = ledger_verify(dir_fd, key == NULL ? NULL : &note, &out->ledger, fault);
	if (rc == HN_OK)
		rc = open_file(&v, dir_fd, RECEIPT_FILE, &receipts_fd, &ignored);
	if (rc == HN_OK)
		rc = open_file(&v, dir_fd, RECORDS_FILE, &v.records_fd, &v.records_size);
	if (rc == HN_OK)
		rc = verify_all(&v, dir_fd, receipts_fd);
	if (rc != HN_OK && fault->message[0] == '\0')
		(void)unreadable(&v, rc, "");
	lines_clear(&v.lines);
	buf_clear(&v.record);
	free(v.expired);
	free(v.chunk);
	sha256_free(v.digest);
	private_free(v.private);
	tlog_free(v.log);
	if (receipts_fd >= 0)
		(void)close(receipts_fd);
	if (v.records_fd >= 0)
		(void)close(v.records_fd);
	return rc;
}
