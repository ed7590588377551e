/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/receipt_check.h"

#include "tests/fuzz/target.h"

/* A line of receipt.json of which nobody knows who signed it: what holds is one line, and is read the same by
 * a run that goes on behind it; by a key that did not sign it, it does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct key_public other = {.id = "none"};
	struct receipt_facts facts;
	struct receipt_tail tail;
	struct fault fault;

	if (receipt_check((const char *)data, len, NULL, &facts, &fault) != HN_OK)
		return 0;
	if (memchr(data, '\n', len) != NULL || facts.tail.number == 0 ||
	    facts.tail.records_end < facts.tail.records_begin)
		abort();
	if (receipt_read((const char *)data, len, NULL, &tail, &fault) != HN_OK ||
	    tail.number != facts.tail.number || tail.records_end != facts.tail.records_end)
		abort();
	if (receipt_check((const char *)data, len, &other, &facts, &fault) == HN_OK)
		abort();
	return 0;
}
