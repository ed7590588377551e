/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/label_form.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/directory_rows.h"
#include "store/labels.h"
#include "store/object_inside.h"
#include "store/store.h"

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

/* ---- writing ---- */

static int add_uuid(struct db_rows *rows, bool first, struct buf *out)
{
	int more = db_next(rows);
	if (more == 1) {
		struct uuid id = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
		char text[UUID_TEXT_SIZE];
		uuid_format(&id, text);
		buf_addf(out, "%s\"%s\"", first ? "" : ",", text);
	}
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

static int write_names(struct db *db, const char *name, bool groups, const int64_t *numbers, size_t count,
		       struct buf *out)
{
	int err = HN_OK;
	if (count == 0)
		return HN_OK;
	buf_addf(out, ",\"%s\":[", name);
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		struct db_rows *rows;
		err = groups ? db_query(db, &rows,
					"SELECT uuid_a, uuid_b FROM sharing_group WHERE number = $1",
					db_number(numbers[i]))
			     : db_query(db, &rows,
					"SELECT uuid_a, uuid_b FROM organisation WHERE number = $1",
					db_number(numbers[i]));
		if (err == HN_OK)
			err = add_uuid(rows, i == 0, out);
	}
	buf_addc(out, ']');
	return err;
}

static const char *purpose_of(unsigned place)
{
	return purpose_name(1u << place);
}

static const char *kind_of(unsigned place)
{
	return org_kind_name((enum org_kind)place);
}

static const char *content_of(unsigned place)
{
	return content_name(1u << place);
}

static void write_bits(const char *name, unsigned bits, const char *(*word)(unsigned place), struct buf *out)
{
	const char *lead = "";
	if (bits == 0)
		return;
	buf_addf(out, ",\"%s\":[", name);
	for (unsigned place = 0; place < 32; place++) {
		if ((bits >> place & 1) == 0)
			continue;
		buf_addf(out, "%s\"%s\"", lead, word(place));
		lead = ",";
	}
	buf_addc(out, ']');
}

int label_form_write(struct reader *reader, int64_t number, struct buf *out)
{
	struct label l;
	int64_t both[2];
	int err = labels_get(reader_labels(reader), number, &l, both);
	if (err == HN_EUNSUPPORTED)
		err = labels_get(reader_labels(reader), both[1], &l, both);
	if (err != HN_OK)
		return err;
	buf_addf(out, "{\"tlp\":\"%s\",\"pap\":\"%s\"", tlp_name(l.tlp), pap_name(l.pap));
	if (l.clearance > 0)
		buf_addf(out, ",\"clearance\":%u", l.clearance);
	if (l.originator_control)
		buf_adds(out, ",\"originator_control\":true");
	write_bits("content", l.content, content_of, out);
	write_bits("purposes", l.purposes, purpose_of, out);
	write_bits("consent", l.consent, kind_of, out);
	err = write_names(reader_db(reader), "groups", true, l.groups, l.group_count, out);
	if (err == HN_OK)
		err = write_names(reader_db(reader), "recipients", false, l.recipients, l.recipient_count,
				  out);
	buf_addc(out, '}');
	return err == HN_OK ? buf_err(out) : err;
}
