/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/trust.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int parse(const void *payload, size_t len, struct trust *out)
{
	struct fault fault;
	struct buf text;
	struct jws j;

	int rc = jws_draft(payload, len, &j);
	if (rc != HN_OK)
		return rc;
	buf_init(&text, JWS_SIZE_MAX);
	jws_add(&j, &text);
	rc = buf_err(&text);
	if (rc == HN_OK)
		rc = trust_parse(text.data, text.len, out, &fault);
	jws_clear(&j);
	buf_clear(&text);
	return rc;
}

/* The input is a trust file's payload. What is read keeps the limits, and is the same when written and read
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct trust t, again;
	struct buf first, second;

	if (parse(data, len, &t) != HN_OK)
		return 0;
	must(t.number >= 1 && t.key_count >= 1 && t.threshold >= 1 && t.threshold <= t.key_count);
	must(t.has_predecessor == (t.number > 1));
	for (unsigned b = 0; b < BASIS_COUNT; b++) {
		must((t.limits.basis[b].classes & FLOW_CLASS_BIT(DOMESTIC_DOMESTIC)) == 0);
		if (t.mark != TRUST_MARK_TEST)
			must((t.limits.basis[b].classes & ~limits_builtin.basis[b].classes) == 0 &&
			     t.limits.basis[b].validity_ns <= limits_builtin.basis[b].validity_ns);
	}
	buf_init(&first, JWS_SIZE_MAX);
	buf_init(&second, JWS_SIZE_MAX);
	must(trust_payload(&t, &first) == HN_OK && parse(first.data, first.len, &again) == HN_OK);
	must(trust_payload(&again, &second) == HN_OK && strcmp(first.data, second.data) == 0);
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
