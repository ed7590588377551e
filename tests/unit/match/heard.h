/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_MATCH_HEARD_H
#define HINOMI_TESTS_UNIT_MATCH_HEARD_H

/* A sink that writes down what it hears, one line each: "ipv4 192.0.2.1 @object ..." or "- reason value
 * @object". */
#include "match/import_form.h"

#include "../check.h"

struct heard {
	struct buf text;
	struct import_summary summary;
	struct fault fault;
	bool objects, details; /* write them down too */
};

static int hear_entry(void *context, const struct entry_key *key, const struct entry_meta *meta,
		      struct fault *fault)
{
	struct heard *h = context;
	struct buf *out = &h->text;
	(void)fault;
	assert_true(canonical_check(key));
	buf_addf(out, "%s%s ", meta->allow ? "allow " : "", entry_kind_name(key->kind));
	canonical_format(key, out);
	if (h->objects)
		buf_addf(out, " @%s", meta->object);
	if (meta->act != NULL)
		buf_addf(out, " act=%s", meta->act);
	if (meta->marking != NULL)
		buf_addf(out, " %s", meta->marking);
	if (meta->phase != NULL)
		buf_addf(out, " phase=%s", meta->phase);
	if (meta->confidence != 255)
		buf_addf(out, " %u%%", meta->confidence);
	if (meta->valid_from_ns != 0)
		buf_addf(out, " from=%lld", (long long)(meta->valid_from_ns / 1000000000));
	if (meta->valid_until_ns != 0)
		buf_addf(out, " until=%lld", (long long)(meta->valid_until_ns / 1000000000));
	buf_addc(out, '\n');
	return HN_OK;
}

static int hear_left_out(void *context, const struct import_left_out *what, struct fault *fault)
{
	struct heard *h = context;
	(void)fault;
	buf_addf(&h->text, "- %s ", import_reason_name(what->reason));
	buf_add(&h->text, what->value, what->value_len);
	if (h->objects)
		buf_addf(&h->text, " @%s", what->object);
	if (h->details)
		buf_addf(&h->text, " (%s)", what->detail);
	buf_addc(&h->text, '\n');
	return HN_OK;
}

static inline void heard_init(struct heard *h)
{
	*h = (struct heard){0};
	buf_init(&h->text, 1 << 24);
}

/* Reads a form from a block of its exact size. What was heard is in h->text. */
static inline int hear(struct heard *h, const struct import_form *form, const char *in, size_t len)
{
	struct import_sink sink = {.context = h, .entry = hear_entry, .left_out = hear_left_out};
	uint8_t *copy = exact_copy(in, len);
	buf_reset(&h->text);
	buf_adds(&h->text, "");
	int rc = import_read_as(form, "in", cur_of(copy, len), &sink, &IMPORT_DEFAULTS, &h->summary,
				&h->fault);
	free(copy);
	return rc;
}

/* A whole input and what must be heard of it. */
static inline void hears(const struct import_form *form, const char *in, const char *expected)
{
	struct heard h;
	heard_init(&h);
	assert_int_equal(hear(&h, form, in, strlen(in)), HN_OK);
	assert_string_equal(h.text.len == 0 ? "" : h.text.data, expected);
	buf_clear(&h.text);
}

#endif
