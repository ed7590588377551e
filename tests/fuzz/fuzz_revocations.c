/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/order.h"
#include "authority/revocations.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A trust file with one key, made once. */
static const struct trust *our_trust(const struct key **key_out)
{
	static struct trust t = {.number = 1, .threshold = 1, .key_count = 1};
	static struct key *k;
	if (k == NULL) {
		must(key_make("fuzz", &k) == HN_OK);
		t.keys[0] = *key_public(k);
		memset(t.digest, 0xaa, sizeof(t.digest));
	}
	*key_out = k;
	return &t;
}

static void check_list(const struct revocations *r)
{
	must(r->number >= 1 && r->next_update_ns > r->issued_ns);
	for (size_t i = 0; i < r->count; i++) {
		must(revocations_has(r, &r->ids[i]));
		must(i == 0 || memcmp(&r->ids[i - 1], &r->ids[i], sizeof(r->ids[i])) < 0);
	}
}

/* The input is a payload, which is signed here and read as a list and as an order; and it is read as it is.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct key *k;
	const struct trust *t = our_trust(&k);
	struct refusal_detail detail;
	struct revocations r;
	struct order o;
	struct buf text;
	struct jws j;

	must(revocations_parse((const char *)data, len, t, &r, &detail) != REFUSAL_NONE);
	if (jws_draft(data, len, &j) != HN_OK)
		return 0;
	buf_init(&text, JWS_SIZE_MAX);
	must(jws_sign(&j, k) == HN_OK);
	jws_add(&j, &text);
	must(buf_err(&text) == HN_OK);
	if (revocations_parse(text.data, text.len, t, &r, &detail) == REFUSAL_NONE) {
		check_list(&r);
		revocations_clear(&r);
	}
	if (order_parse(text.data, text.len, t, INT64_C(1800000000) * 1000000000, &o, &detail) ==
	    REFUSAL_NONE) {
		must(o.count > 0 && order_has(&o, &o.records[0]));
		order_clear(&o);
	}
	jws_clear(&j);
	buf_clear(&text);
	return 0;
}
