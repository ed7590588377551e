/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_FUZZ_IMPORT_CHECK_H
#define HINOMI_TESTS_FUZZ_IMPORT_CHECK_H

/* Reads an input as one form and checks what every reader promises. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "match/import_form.h"

#include "tests/fuzz/target.h"

struct told {
	uint64_t entries, left_out;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_be_text(const char *text)
{
	must(utf8_valid(text, strlen(text)));
	for (const char *c = text; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static int check_entry(void *context, const struct entry_key *key, const struct entry_meta *meta,
		       struct fault *fault)
{
	struct told *told = context;
	(void)fault;
	must(canonical_check(key));
	must(meta->object != NULL);
	must_be_text(meta->object);
	if (meta->act != NULL)
		must_be_text(meta->act);
	if (meta->marking != NULL)
		must_be_text(meta->marking);
	if (meta->phase != NULL)
		must_be_text(meta->phase);
	must(meta->confidence <= 100 || meta->confidence == 255);
	told->entries++;
	return HN_OK;
}

static int check_left_out(void *context, const struct import_left_out *what, struct fault *fault)
{
	struct told *told = context;
	(void)fault;
	must(what->reason < IMPORT_REASON_COUNT && what->detail != NULL && what->object != NULL);
	must(memchr(what->value, 0, what->value_len) !=
	     what->value + what->value_len); /* all of it can be read */
	told->left_out++;
	return HN_OK;
}

static int fuzz_form(const struct import_form *form, const uint8_t *data, size_t len)
{
	static const struct import_limits limits = {.line_max = 1024, .unusable_max = 100000};
	struct told told = {0};
	struct import_sink sink = {.context = &told, .entry = check_entry, .left_out = check_left_out};
	struct import_summary summary;
	struct fault fault;
	int rc = import_read_as(form, "fuzz", cur_of(data, len), &sink, &limits, &summary, &fault);
	must(summary.values == told.entries && summary.left_out == told.left_out);
	must(rc == HN_OK || (fault.message[0] != '\0' && fault.place[0] != '\0'));
	return 0;
}

#endif
