/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/authorization.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_pattern(const struct pattern *p)
{
	unsigned run = 0, longest = 0;
	must(p->offset_min <= p->offset_max && p->offset_max + p->len <= PATTERN_WINDOW);
	for (size_t i = 0; i < p->len; i++) {
		run = p->mask[i] == 0 ? 0 : run + 1;
		longest = run > longest ? run : longest;
		must(p->mask[i] != 0 || p->bytes[i] == 0);
	}
	must(longest >= PATTERN_FIXED_MIN);
}

/* The input is a payload. Whatever is read lies inside the law, and is the same when written and read again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct authorization *a, *again;
	struct buf first, second;
	struct fault fault;

	if (authorization_read(data, len, &limits_builtin, &a, &fault) != HN_OK)
		return 0;
	must(a->classes != 0 && (a->classes & ~limits_builtin.basis[a->basis].classes) == 0);
	must(a->until_ns > a->from_ns &&
	     a->until_ns - a->from_ns <= limits_builtin.basis[a->basis].validity_ns);
	must(a->act_count > 0 && a->sensor_count > 0 && a->set_count + a->pattern_count > 0);
	must(a->identified == (a->ground != NULL));
	for (size_t i = 0; i < a->pattern_count; i++)
		check_pattern(&a->patterns[i]);
	for (size_t i = 0; i < a->set_count; i++)
		must(a->sets[i].prefix4 >= limits_builtin.prefix4 &&
		     a->sets[i].prefix6 >= limits_builtin.prefix6 &&
		     a->sets[i].entries_max <= limits_builtin.entries);
	buf_init(&first, (size_t)64 << 20);
	buf_init(&second, (size_t)64 << 20);
	must(authorization_payload(a, &first) == HN_OK);
	/* Times finer than a microsecond are written rounded; then the two may differ, once. */
	if (authorization_read(first.data, first.len, &limits_builtin, &again, NULL) == HN_OK) {
		must(authorization_payload(again, &second) == HN_OK && strcmp(first.data, second.data) == 0);
		authorization_free(again);
	}
	buf_clear(&first);
	buf_clear(&second);
	authorization_free(a);
	return 0;
}
