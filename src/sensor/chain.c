/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/chain.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/encode.h"
#include "base/lang.h"
#include "sensor/lines.h"
#include "sensor/receipt_write.h"

#define FILE_NAME "receipt.json"

/*
 * What a line says of the one before. Receipts are spelt in one way, and within a JSON string the quotes of
 * this would be escaped, so the line need not be parsed.
 */
static bool read_former(const char *line, size_t len, uint8_t out[SHA256_SIZE])
{
	static const char name[] = "\"former\":\"";
	const char *at = memmem(line, len, name, sizeof(name) - 1);
	if (at == NULL)
		return false;
	at += sizeof(name) - 1;
	size_t left = len - (size_t)(at - line);
	return left >= SHA256_HEX_SIZE - 1 && hex_decode(at, SHA256_HEX_SIZE - 1, out, SHA256_SIZE) == HN_OK;
}

static bool follows(const struct chain *c, const char *line, size_t len)
{
	uint8_t former[SHA256_SIZE];
	bool has_former = read_former(line, len, former);
	return has_former == (c->lines > 0) && (!has_former || memcmp(former, c->last, SHA256_SIZE) == 0);
}

int chain_read(int receipts_fd, struct chain *out, struct fault *fault)
{
	struct chain c = {0};
	struct lines lines;
	const char *line;
	size_t len;
	int rc;

	lines_init(&lines, receipts_fd, 0, RECEIPT_LINE_MAX);
	while ((rc = lines_next(&lines, &line, &len)) == HN_OK) {
		if (!follows(&c, line, len)) {
			rc = fault_set(
				fault, HN_EFORMAT, FILE_NAME,
				tr("line %llu does not follow the one before: a line was changed, "
				   "taken away or added; hinomi select --verify tells more",
				   "%llu行目が前の行に続いていない。行が変更、削除または追加されている。"
				   "詳しくは hinomi select --verify で検証すること"),
				(unsigned long long)c.lines + 1);
			break;
		}
		sha256(line, len, c.last);
		c.lines++;
	}
	lines_clear(&lines);
	if (rc == HN_ENOENT) {
		*out = c;
		return HN_OK;
	}
	if (rc != HN_EFORMAT)
		(void)fault_set(fault, rc, FILE_NAME, "%s",
				rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return rc;
}

int chain_judge(const struct chain *c, const char *line, size_t len, struct fault *fault)
{
	uint8_t digest[SHA256_SIZE];

	if (line == NULL && c->lines == 0)
		return HN_OK;
	if (line != NULL) {
		sha256(line, len, digest);
		if (c->lines > 0 && memcmp(digest, c->last, SHA256_SIZE) == 0)
			return HN_OK;
		if (follows(c, line, len))
			return HN_ENOENT;
	}
	return fault_set(
		fault, HN_EFORMAT, FILE_NAME, "%s",
		tr("its last line is not the ledger's last receipt: a line was changed, taken away or "
		   "added; hinomi select --verify tells more",
		   "の最後の行が台帳の最後の受領証ではない。行が変更、削除または追加されている。"
		   "詳しくは hinomi select --verify で検証すること"));
}
