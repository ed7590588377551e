/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What is read is written and read again as the same; nobody's signatures are never enough. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fault fault;
	struct jws j, again;
	struct buf text;

	if (jws_parse((const char *)data, len, &j, &fault) != HN_OK)
		return 0;
	must(j.payload_len > 0 && j.count <= JWS_SIGNATURES_MAX);
	enum refusal r = jws_check(&j, NULL, 0, 1, NULL);
	must(r == (j.count > 0 ? REFUSAL_KEY_UNKNOWN : REFUSAL_SIGNATURES_TOO_FEW));
	buf_init(&text, JWS_SIZE_MAX);
	jws_add(&j, &text);
	must(buf_err(&text) == HN_OK && jws_parse(text.data, text.len, &again, NULL) == HN_OK);
	must(again.count == j.count && again.payload_len == j.payload_len);
	must(memcmp(again.payload, j.payload, j.payload_len) == 0);
	for (size_t i = 0; i < j.count; i++)
		must(memcmp(again.signatures[i].signature, j.signatures[i].signature, KEY_SIGNATURE_SIZE) ==
			     0 &&
		     strcmp(again.signatures[i].kid, j.signatures[i].kid) == 0);
	jws_clear(&again);
	jws_clear(&j);
	buf_clear(&text);
	return 0;
}
