/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/label_form.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/directory_rows.h"

static int consent_bit(const char *word, size_t len)
{
	int kind = org_kind_value(word, len);
	return kind < 0 ? -1 : 1 << kind;
}

static int compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Identifiers into numbers, rising. */
static int read_numbers(const struct form *f, struct db *db, const char *name, enum directory_thing thing,
			int64_t *numbers, size_t max, size_t *count_out)
{
	struct uuid *ids = NULL;
	char place[32] = "/";
	size_t count = 0;
	int err = form_uuids(f, name, max, &ids, &count);
	(void)snprintf(place, sizeof(place), "/%.30s", name);
	for (size_t i = 0; i < count && err == HN_OK; i++)
		err = directory_row_number(db, thing, &ids[i], place, &numbers[i], f->fault);
	if (err != HN_OK)
		return err;
	if (count > 1)
		qsort(numbers, count, sizeof(numbers[0]), compare_numbers);
	*count_out = count;
	return HN_OK;
}

static int read_levels(const struct form *f, struct label *label)
{
	int tlp = (int)label->tlp;
	int pap = (int)label->pap;
	int64_t clearance = 0;
	int err = form_word(f, "tlp", false, tlp_value, &tlp);
	if (err == HN_OK)
		err = form_word(f, "pap", false, pap_value, &pap);
	if (err == HN_OK)
		err = json_get_int(f->at, "clearance", false, 0, CLEARANCE_MAX, &clearance, f->fault);
	label->tlp = (enum tlp)tlp;
	label->pap = (enum pap)pap;
	label->clearance = (unsigned)clearance;
	return err;
}

static int read_limits(const struct form *f, struct label *label)
{
	unsigned consent = 0;
	int err = form_words(f, "purposes", false, purpose_value, &label->purposes);
	if (err == HN_OK)
		err = form_words(f, "consent", false, consent_bit, &consent);
	if (err == HN_OK)
		err = form_words(f, "content", false, content_value, &label->content);
	if (err == HN_OK)
		err = json_get_bool(f->at, "originator_control", false, &label->originator_control, f->fault);
	label->consent = consent;
	return err;
}

int label_form_read(const struct form *f, struct db *db, int64_t owner, struct label *out)
{
	static const char *const names[] = {"tlp",        "pap",      "clearance", "groups",
					    "recipients", "purposes", "consent",   "originator_control",
					    "content",    NULL};
	struct label label;
	label_init(&label, owner);
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = read_levels(f, &label);
	if (err == HN_OK)
		err = read_limits(f, &label);
	if (err == HN_OK)
		err = read_numbers(f, db, "groups", DIRECTORY_GROUP, label.groups, LABEL_GROUPS_MAX,
				   &label.group_count);
	if (err == HN_OK)
		err = read_numbers(f, db, "recipients", DIRECTORY_ORGANISATION, label.recipients,
				   LABEL_RECIPIENTS_MAX, &label.recipient_count);
	if (err == HN_OK)
		*out = label;
	return err;
}
