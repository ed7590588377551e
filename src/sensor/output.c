/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "ledger/ledger.h"
#include "ledger/log_entry.h"
#include "ledger/private.h"
#include "ledger/tlog.h"
#include "sensor/chain.h"
#include "sensor/expiry.h"
#include "sensor/receipt_write.h"

#define RECORDS_FILE "selected.ndjson"
#define RECEIPT_FILE "receipt.json"
#define KIND_RECEIPT "receipt"
#define KIND_EXPIRED "expired"
#define KIND_MENDED  "mended"
#define KIND_BEGUN   "run-begun"

struct output {
	int dir;
	int records;
	int receipts;
	struct ledger *ledger;
	struct sha256 *digest; /* of the records since the last receipt */
	uint64_t records_begin;
	uint64_t records_at;
	uint64_t next_number;
	int64_t newest_ns;
	bool has_former;
	uint8_t former[SHA256_SIZE];
};

static int os_fault(struct fault *fault, const char *what)
{
	return fault_set(fault, hn_err_of_errno(errno), what, "%s", hn_errno_text(errno));
}

static int open_files(struct output *o, const char *path, struct fault *fault)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return os_fault(fault, path);
	o->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir < 0)
		return os_fault(fault, path);
	o->records = openat(o->dir, RECORDS_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->records < 0)
		return os_fault(fault, RECORDS_FILE);
	o->receipts =
		openat(o->dir, RECEIPT_FILE, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (o->receipts < 0)
		return os_fault(fault, RECEIPT_FILE);
	return fsync(o->dir) == 0 ? HN_OK : os_fault(fault, path);
}

static int open_ledger(struct output *o, const struct uuid *edge, const struct key *identity,
		       struct fault *fault)
{
	char origin[64] = "hinomi/";

	uuid_format(edge, origin + strlen(origin));
	struct ledger_options options = {.origin = origin, .secret_key = key_secret(identity)};
	return ledger_open(o->dir, &options, &o->ledger, fault);
}

/*
 * Where the private record of the last receipt was erased, the last whole line of receipt.json must be it:
 * made at the entry's time, and (as the caller checks) signed by us.
 */
static int erased_receipt(struct output *o, int64_t made_ns, struct buf *line)
{
	char text[UTC_SIZE], made[UTC_SIZE + 16];
	off_t end = lseek(o->receipts, 0, SEEK_END);
	if (end < 0)
		return HN_EIO;
	size_t len = end < (off_t)RECEIPT_LINE_MAX ? (size_t)end : RECEIPT_LINE_MAX;
	char *tail = malloc(len + 1);
	if (tail == NULL)
		return HN_ENOMEM;
	ssize_t got = pread(o->receipts, tail, len, end - (off_t)len);
	len = got < 0 ? 0 : (size_t)got;
	while (len > 0 && tail[len - 1] != '\n')
		len--;
	size_t from = len == 0 ? 0 : len - 1;
	while (from > 0 && tail[from - 1] != '\n')
		from--;
	utc_format(made_ns, text);
	int made_len = snprintf(made, sizeof(made), "\"made\":\"%s\"", text);
	int rc = memmem(tail + from, len - from, made, (size_t)made_len) == NULL ? HN_EFORMAT : HN_OK;
	if (rc == HN_OK) {
		buf_reset(line);
		buf_add(line, tail + from, len - from);
		rc = buf_err(line);
	}
	free(tail);
	return rc;
}

/* The ledger, read from its end. */
struct past {
	struct tlog *log;
	struct private *private;
	uint64_t at; /* of the entry that was read last */
};

static int past_open(struct output *o, struct past *p)
{
	*p = (struct past){.at = ledger_size(o->ledger)};
	int rc = tlog_open(o->dir, NULL, &p->log, NULL);
	return rc == HN_OK ? private_open(o->dir, false, &p->private) : rc;
}

static void past_close(struct past *p)
{
	private_free(p->private);
	tlog_free(p->log);
}

/* The entry before. @return HN_ENOENT when there is none */
static int past_entry(struct past *p, struct log_entry *out)
{
	struct buf bytes;
	if (p->at == 0)
		return HN_ENOENT;
	buf_init(&bytes, LOG_ENTRY_TEXT_MAX);
	int rc = tlog_entry(p->log, --p->at, &bytes);
	if (rc == HN_OK)
		rc = log_entry_parse(bytes.data, bytes.len, out);
	buf_clear(&bytes);
	return rc;
}

/* What the entry that was read last commits to. @return HN_ESTATE when that was erased */
static int past_record(const struct past *p, struct buf *out)
{
	struct private_slot slot;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	int rc = private_slot(p->private, p->at, &slot);
	return rc == HN_OK ? private_record(p->private, &slot, salt, out) : rc;
}

/*
 * The last receipt of the ledger, by going back from its end.
 *
 * @param mended_out  whether an entry behind it says already what its run had left
 * @return HN_ENOENT when there is none
 */
static int last_receipt(struct output *o, struct past *p, struct buf *line, bool *mended_out)
{
	struct log_entry entry = {0};
	int rc;
	*mended_out = false;
	do {
		rc = past_entry(p, &entry);
		if (rc != HN_OK)
			return rc;
		if (entry.time_ns > o->newest_ns)
			o->newest_ns = entry.time_ns;
		*mended_out = *mended_out || strcmp(entry.kind, KIND_MENDED) == 0;
	} while (strcmp(entry.kind, KIND_RECEIPT) != 0);
	rc = past_record(p, line);
	return rc == HN_ESTATE ? erased_receipt(o, entry.time_ns, line) : rc;
}

/* Adds what a receipt before the last one says. */
static int add_former(const struct past *p, uint64_t *selected, uint64_t *ended)
{
	struct receipt_tail tail;
	struct buf line;
	buf_init(&line, RECEIPT_LINE_MAX);
	int rc = past_record(p, &line);
	if (rc == HN_OK && line.len == 0)
		rc = HN_EFORMAT;
	if (rc == HN_OK)
		rc = receipt_read(line.data, line.len - 1, NULL, &tail, NULL);
	buf_clear(&line);
	if (rc != HN_OK)
		return rc;
	*selected += tail.flows_selected;
	*ended += tail.flows_ended;
	return HN_OK;
}

/*
 * What the run of the last receipt left to a next input that never came. Selected flows give a record when
 * they end, so those that its receipts count beyond their records went with its memory. Where one of its
 * receipts was erased (its retention has ended) that number is not known, and not told.
 *
 * @return HN_ENOMEM, HN_EIO
 */
static int what_was_left(struct past *p, const struct receipt_tail *last, struct output_mended *out)
{
	struct log_entry entry = {0};
	uint64_t selected = last->flows_selected, ended = last->flows_ended;

	out->pending_packets = last->pending_packets;
	out->pending_bytes = last->pending_bytes;
	int rc = past_entry(p, &entry);
	while (rc == HN_OK && strcmp(entry.kind, KIND_BEGUN) != 0) {
		if (strcmp(entry.kind, KIND_RECEIPT) == 0)
			rc = add_former(p, &selected, &ended);
		if (rc == HN_OK)
			rc = past_entry(p, &entry);
	}
	if (rc == HN_OK && selected > ended)
		out->flows_lost = selected - ended;
	return rc == HN_ENOMEM || rc == HN_EIO ? rc : HN_OK;
}

/* The bytes of receipt.json behind its last line feed are cut off: the ledger has the whole line. */
static int cut_torn_line(struct output *o)
{
	off_t end = lseek(o->receipts, 0, SEEK_END);
	off_t whole = end;
	char c = '\n';
	while (whole > 0 && pread(o->receipts, &c, 1, whole - 1) == 1 && c != '\n')
		whole--;
	if (whole == end)
		return HN_OK;
	return ftruncate(o->receipts, whole) == 0 && fsync(o->receipts) == 0 ? HN_OK : HN_EIO;
}

/* Nothing is mended in a file whose lines are not those that were written. */
static int mend_receipts(struct output *o, const struct buf *line, struct output_mended *mended,
			 struct fault *fault)
{
	struct chain chain;
	int rc = chain_read(o->receipts, &chain, fault);
	if (rc != HN_OK)
		return rc;
	int judged = chain_judge(&chain, line->len > 0 ? line->data : NULL, line->len > 0 ? line->len - 1 : 0,
				 fault);
	if (judged != HN_OK && judged != HN_ENOENT)
		return judged;
	rc = cut_torn_line(o);
	if (rc == HN_OK && judged == HN_ENOENT) {
		rc = fd_write_all(o->receipts, line->data, line->len);
		if (rc == HN_OK && fsync(o->receipts) != 0)
			rc = HN_EIO;
		mended->receipt_added = true;
	}
	return rc == HN_OK ? HN_OK : os_fault(fault, RECEIPT_FILE);
}

/* Records that no receipt covers belong to a run that did not finish; they are erased. */
static int mend_records(struct output *o, uint64_t covered, struct output_mended *mended, struct fault *fault)
{
	off_t end = lseek(o->records, 0, SEEK_END);
	if (end < 0)
		return os_fault(fault, RECORDS_FILE);
	if ((uint64_t)end < covered)
		return fault_set(fault, HN_EFORMAT, RECORDS_FILE,
				 tr("is shorter than its last receipt says; records are missing",
				    "は最後の受領証の記載より短い。記録が失われている"));
	if ((uint64_t)end > covered) {
		if (ftruncate(o->records, (off_t)covered) != 0 || fsync(o->records) != 0)
			return os_fault(fault, RECORDS_FILE);
		mended->records_dropped = (uint64_t)end - covered;
	}
	if (lseek(o->records, (off_t)covered, SEEK_SET) < 0)
		return os_fault(fault, RECORDS_FILE);
	o->records_begin = covered;
	o->records_at = covered;
	return HN_OK;
}

static int continue_from(struct output *o, const struct key *identity, struct output_mended *mended,
			 struct fault *fault)
{
	struct past past = {0};
	struct buf line;
	struct receipt_tail tail = {0};
	bool told = false;

	buf_init(&line, RECEIPT_LINE_MAX);
	int rc = past_open(o, &past);
	if (rc == HN_OK)
		rc = last_receipt(o, &past, &line, &told);
	if (rc == HN_OK && line.len > 0) {
		rc = receipt_read(line.data, line.len - 1, key_public(identity)->ed25519, &tail, fault);
		o->has_former = true;
		sha256(line.data, line.len - 1, o->former);
		if (rc == HN_OK && !told)
			rc = what_was_left(&past, &tail, mended);
	} else if (rc == HN_ENOENT) {
		rc = HN_OK;
	} else {
		(void)fault_set(fault, rc, "private/", "%s", hn_strerror(rc));
	}
	past_close(&past);
	o->next_number = tail.number + 1;
	if (rc == HN_OK)
		rc = mend_receipts(o, &line, mended, fault);
	if (rc == HN_OK)
		rc = mend_records(o, tail.records_end, mended, fault);
	buf_clear(&line);
	return rc;
}

int output_open(const char *path, const struct uuid *edge, const struct key *identity, struct output **out,
		struct output_mended *mended, struct fault *fault)
{
	struct output *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return HN_ENOMEM;
	*mended = (struct output_mended){0};
	o->dir = o->records = o->receipts = -1;
	o->digest = sha256_new();
	int rc = o->digest == NULL ? HN_ENOMEM : open_files(o, path, fault);
	if (rc == HN_OK)
		rc = open_ledger(o, edge, identity, fault);
	if (rc == HN_OK)
		rc = continue_from(o, identity, mended, fault);
	if (rc != HN_OK) {
		output_close(o);
		return rc;
	}
	*out = o;
	return HN_OK;
}

void output_close(struct output *o)
{
	if (o == NULL)
		return;
	ledger_close(o->ledger);
	sha256_free(o->digest);
	if (o->records >= 0)
		(void)close(o->records);
	if (o->receipts >= 0)
		(void)close(o->receipts);
	if (o->dir >= 0)
		(void)close(o->dir);
	free(o);
}

int output_fd(const struct output *o)
{
	return o->dir;
}

int output_records(struct output *o, const void *lines, size_t len)
{
	int rc = fd_write_all(o->records, lines, len);
	if (rc != HN_OK)
		return rc;
	sha256_add(o->digest, lines, len);
	o->records_at += len;
	return HN_OK;
}

int output_records_end(struct output *o, uint64_t *offset_out, uint64_t *bytes_out,
		       uint8_t digest_out[SHA256_SIZE])
{
	if (fsync(o->records) != 0)
		return hn_err_of_errno(errno);
	*offset_out = o->records_begin;
	*bytes_out = o->records_at - o->records_begin;
	sha256_end(o->digest, digest_out);
	o->records_begin = o->records_at;
	return HN_OK;
}

bool output_former(const struct output *o, uint64_t *number_out, uint8_t digest_out[SHA256_SIZE])
{
	*number_out = o->next_number;
	memcpy(digest_out, o->former, SHA256_SIZE);
	return o->has_former;
}

int output_entry(struct output *o, const char *kind, const void *record, size_t len, int64_t time_ns)
{
	int rc = ledger_append(o->ledger, kind, time_ns, record, len, NULL);
	return rc == HN_OK ? ledger_commit(o->ledger) : rc;
}

int output_receipt(struct output *o, const char *line, size_t len, int64_t time_ns)
{
	int rc = output_entry(o, KIND_RECEIPT, line, len, time_ns);
	if (rc == HN_OK)
		rc = fd_write_all(o->receipts, line, len);
	if (rc == HN_OK && fsync(o->receipts) != 0)
		rc = hn_err_of_errno(errno);
	if (rc != HN_OK)
		return rc;
	sha256(line, len - 1, o->former);
	o->has_former = true;
	o->next_number++;
	return HN_OK;
}

/* Overwritten, entered, and only then marked as done: see expiry.h. */
static int expire_batch(struct output *o, const struct expiry *e)
{
	struct buf entry;
	buf_init(&entry, 64 + EXPIRY_BATCH * 21);
	expiry_entry(e, &entry);
	int rc = buf_err(&entry);
	if (rc == HN_OK)
		rc = output_entry(o, KIND_EXPIRED, entry.data, entry.len, utc_now_ns());
	buf_clear(&entry);
	return rc == HN_OK ? expiry_finish(o->records, e) : rc;
}

int output_expire(struct output *o, const struct key *identity, int64_t now_ns, struct output_expired *out,
		  struct fault *fault)
{
	off_t position = 0;
	int rc;
	struct expiry *e = malloc(sizeof(*e));
	if (e == NULL)
		return HN_ENOMEM;
	*out = (struct output_expired){0};
	if (now_ns < o->newest_ns)
		now_ns = o->newest_ns;
	do {
		rc = expiry_overwrite(o->receipts, o->records, key_public(identity)->ed25519, now_ns,
				      &position, e, fault);
		if (rc == HN_OK && e->count > 0)
			rc = expire_batch(o, e);
		if (rc == HN_OK) {
			out->receipts += e->count;
			out->records += e->records;
		}
	} while (rc == HN_OK && e->count == EXPIRY_BATCH);
	free(e);
	return rc;
}

uint64_t output_entries(const struct output *o)
{
	return ledger_size(o->ledger);
}

int64_t output_newest_ns(const struct output *o)
{
	return o->newest_ns;
}
