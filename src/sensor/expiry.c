/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/expiry.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/utc.h"
#include "sensor/lines.h"
#include "sensor/receipt_write.h"

#define CHUNK 65536u

static int put_bytes(int fd, uint64_t from, uint64_t end)
{
	static char feeds[CHUNK];
	memset(feeds, '\n', sizeof(feeds));
	while (from < end) {
		size_t want = end - from < CHUNK ? (size_t)(end - from) : CHUNK;
		ssize_t n = pwrite(fd, feeds, want, (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hn_err_of_errno(n == 0 ? EIO : errno);
		from += (uint64_t)n;
	}
	return HN_OK;
}

/* Whether the records of a receipt are still there, all or in part. */
static int there(int records_fd, const struct receipt_tail *tail, bool *out, struct fault *fault)
{
	char first;
	ssize_t n;
	*out = false;
	if (tail->records_begin == tail->records_end)
		return HN_OK;
	do
		n = pread(records_fd, &first, 1, (off_t)tail->records_begin);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return HN_EIO;
	*out = n == 1 && first == '{';
	if (n == 1 && (first == '{' || first == '\n'))
		return HN_OK;
	return fault_set(fault, HN_EFORMAT, "selected.ndjson",
			 tr("has no record at byte %llu, where receipt %llu says one begins",
			    "の%lluバイト目に、受領証%lluの示す記録がない"),
			 (unsigned long long)tail->records_begin, (unsigned long long)tail->number);
}

/* One receipt: when its time has come and its records are there, they are overwritten but for a byte. */
static int judge(int records_fd, const uint8_t ed25519[32], int64_t now_ns, const char *line, size_t len,
		 struct expiry *e, struct fault *fault)
{
	struct receipt_tail tail;
	bool still;

	int rc = receipt_read(line, len, NULL, &tail, fault);
	if (rc != HN_OK || tail.erase_by_ns > now_ns)
		return rc;
	rc = there(records_fd, &tail, &still, fault);
	if (rc != HN_OK || !still)
		return rc;
	rc = receipt_read(line, len, ed25519, &tail, fault);
	if (rc == HN_OK)
		rc = put_bytes(records_fd, tail.records_begin + 1, tail.records_end);
	if (rc != HN_OK)
		return rc;
	e->receipts[e->count].number = tail.number;
	e->receipts[e->count].offset = tail.records_begin;
	e->count++;
	e->records += tail.records;
	e->bytes += tail.records_end - tail.records_begin;
	return HN_OK;
}

int expiry_overwrite(int receipts_fd, int records_fd, const uint8_t ed25519[32], int64_t now_ns,
		     off_t *position, struct expiry *out, struct fault *fault)
{
	struct lines lines;
	const char *line = NULL;
	size_t len = 0;
	int rc = HN_OK;

	out->records = out->bytes = out->count = 0;
	lines_init(&lines, receipts_fd, *position, RECEIPT_LINE_MAX);
	while (rc == HN_OK && out->count < EXPIRY_BATCH) {
		rc = lines_next(&lines, &line, &len);
		if (rc == HN_OK)
			rc = judge(records_fd, ed25519, now_ns, line, len, out, fault);
	}
	*position = lines.at + (off_t)lines.used;
	lines_clear(&lines);
	if (rc != HN_OK && rc != HN_ENOENT)
		return rc;
	return out->count == 0 || fsync(records_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

void expiry_entry(const struct expiry *e, struct buf *out)
{
	buf_addf(out, "{\"records\":%llu,\"bytes\":%llu,\"receipts\":[", (unsigned long long)e->records,
		 (unsigned long long)e->bytes);
	for (size_t i = 0; i < e->count; i++)
		buf_addf(out, "%s%llu", i == 0 ? "" : ",", (unsigned long long)e->receipts[i].number);
	buf_adds(out, "]}");
}

int expiry_finish(int records_fd, const struct expiry *e)
{
	for (size_t i = 0; i < e->count; i++) {
		uint64_t at = e->receipts[i].offset;
		int rc = put_bytes(records_fd, at, at + 1);
		if (rc != HN_OK)
			return rc;
	}
	return e->count == 0 || fsync(records_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}
