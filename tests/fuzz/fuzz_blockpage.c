/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "resolver/blockpage.h"
#include "tests/fuzz/target.h"

/*
 * What is read of a request is a name or nothing; more bytes change nothing that was decided; and the page
 * holds nothing that the request brought in but that name.
 */

static const struct resolver_blockpage config = {
	.organisation_en = "Centre", .organisation_ja = "統括室", .contact_en = "a", .contact_ja = "b"};

static void check_name(const char *name)
{
	size_t len = strlen(name);
	assert(len < BLOCKPAGE_NAME_SIZE);
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len);
	assert(len == 0 || (name[0] != '.' && name[len - 1] != '.'));
	assert(strstr(name, "..") == NULL);
}

static void check_page(const struct blockpage_request *r)
{
	static const struct blockpage_finding finding = {.reason = POLICY_BLOCKED};
	struct buf out;
	buf_init(&out, 1u << 15);
	blockpage_write(r, &config, r->name[0] == '\0' ? NULL : &finding, 0, &out);
	assert(buf_err(&out) == HN_OK);
	assert(utf8_valid(out.data, out.len));
	const char *end = strstr(out.data, "\r\n\r\n");
	assert(end != NULL);
	assert(!r->head || end[4] == '\0');
	buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct blockpage_request r, again;
	if (len > BLOCKPAGE_REQUEST_MAX)
		return 0;
	int rc = blockpage_request_read((const char *)data, len, &r);
	if (rc != HN_OK) {
		assert(rc == HN_ETRUNC || rc == HN_EFORMAT || rc == HN_EUNSUPPORTED);
		return 0;
	}
	check_name(r.name);
	check_page(&r);
	/* Each prefix of it is the same request, or not whole yet. */
	for (size_t n = len > 64 ? len - 64 : 0; n < len; n++) {
		rc = blockpage_request_read((const char *)data, n, &again);
		assert(rc == HN_ETRUNC || (rc == HN_OK && memcmp(&r, &again, sizeof(r)) == 0));
	}
	return 0;
}
