/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/source_read.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "store/directory_rows.h"
#include "store/form.h"
#include "store/label_form.h"
#include "store/object_inside.h"
#include "store/organisation_parts.h"

static const char *const kinds[SOURCE_KINDS] = {
	[SOURCE_STIX] = "stix", [SOURCE_TAXII] = "taxii", [SOURCE_MISP] = "misp", [SOURCE_CSV] = "csv",
	[SOURCE_LIST] = "list", [SOURCE_DROP] = "drop",   [SOURCE_API] = "api",
};

const char *source_kind_name(enum source_kind kind)
{
	return kinds[kind];
}

int source_kind_value(const char *word, size_t len)
{
	for (int i = 0; i < SOURCE_KINDS; i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], word, len) == 0)
			return i;
	return -1;
}

/* A URL of http or https with a host, and without what would end up in logs or lead elsewhere. */
static bool where_ok(const char *where)
{
	const char *host = strncmp(where, "https://", 8) == 0  ? where + 8
			   : strncmp(where, "http://", 7) == 0 ? where + 7
							       : NULL;
	if (host == NULL || host[0] == '\0' || host[0] == '/' || host[0] == ':' || host[0] == '?')
		return false;
	size_t authority = strcspn(host, "/?");
	return memchr(host, '@', authority) == NULL && strpbrk(host, " #\\\"<>") == NULL;
}

static int read_where(const struct form *f, struct source *s)
{
	const char *where = NULL;
	bool local = s->kind == SOURCE_API || s->kind == SOURCE_DROP;
	int err = form_text(f, "where", !local, SOURCE_WHERE_MAX, &where);
	if (err != HN_OK)
		return err;
	if (local && where != NULL)
		return form_wrong(f, "where", "does not belong to a source of kind `api` or `drop`",
				  "は種別`api`又は`drop`の情報源では指定できない");
	if (where != NULL && !where_ok(where))
		return form_wrong(f, "where", "must be an http or https URL without user name and fragment",
				  "は利用者名やフラグメントを含まないhttp又はhttpsのURLでなければならない");
	(void)snprintf(s->where, sizeof(s->where), "%s", where != NULL ? where : "");
	return HN_OK;
}

static int read_every(const struct form *f, struct source *s)
{
	const char *every = NULL;
	int64_t ns = 0;
	int err = form_text(f, "every", false, 32, &every);
	if (err != HN_OK || every == NULL)
		return err;
	if (s->kind == SOURCE_DROP)
		return form_wrong(f, "every", "does not belong to a folder: it is looked at all the time",
				  "は指定できない。フォルダーは常に確認される");
	if (s->kind == SOURCE_API || utc_duration_parse(every, strlen(every), &ns) != HN_OK ||
	    ns / 1000 < SOURCE_EVERY_MIN)
		return form_wrong(f, "every", "must be a duration of a minute or more such as PT1H",
				  "はPT1Hのような1分以上の期間でなければならない");
	s->every_us = ns / 1000;
	return HN_OK;
}

static int read_collection(const struct form *f, struct source *s)
{
	const char *collection = NULL;
	int err = form_text(f, "collection", false, SOURCE_NAME_MAX, &collection);
	if (err != HN_OK || collection == NULL)
		return err;
	if (s->kind != SOURCE_TAXII)
		return form_wrong(f, "collection", "belongs to a source of kind `taxii`",
				  "は種別`taxii`の情報源でのみ指定できる");
	(void)snprintf(s->collection, sizeof(s->collection), "%s", collection);
	return HN_OK;
}

/* What dropped files are is said once: by their names nobody could tell a list from a table. */
static int read_format(const struct form *f, struct source *s)
{
	int format = 0;
	s->format = s->kind;
	if (s->kind != SOURCE_DROP)
		return json_object_get(f->at, "format") == NULL
			       ? HN_OK
			       : form_wrong(f, "format", "belongs to a source of kind `drop`",
					    "は種別`drop`の情報源でのみ指定できる");
	int err = form_word(f, "format", true, source_kind_value, &format);
	if (err == HN_OK && (format == SOURCE_TAXII || format == SOURCE_DROP || format == SOURCE_API))
		err = form_wrong(f, "format", "must be stix, misp, csv or list",
				 "はstix、misp、csv又はlistでなければならない");
	s->format = (enum source_kind)format;
	return err;
}

static int read_quota(const struct form *f, struct source *s)
{
	static const char *const names[] = {"objects_day", "bytes_fetch", NULL};
	const json_t *quota = NULL;
	int64_t objects = 0;
	int64_t bytes = SOURCE_FETCH_BYTES;
	int err = json_get_object(f->at, "quota", false, &quota, f->fault);
	s->fetch_bytes = SOURCE_FETCH_BYTES;
	if (err != HN_OK || quota == NULL)
		return err;
	err = json_only(quota, names, f->fault);
	if (err == HN_OK)
		err = json_get_int(quota, "objects_day", false, 1, INT64_C(1) << 40, &objects, f->fault);
	if (err == HN_OK)
		err = json_get_int(quota, "bytes_fetch", false, 1, INT64_C(1) << 40, &bytes, f->fault);
	s->objects_day = (uint64_t)objects;
	s->fetch_bytes = (uint64_t)bytes;
	return form_within(f, "quota", err);
}

static int read_owner(const struct form *f, struct db *db, struct source *s)
{
	int err = form_uuid(f, "organisation", true, &s->organisation_id);
	if (err != HN_OK)
		return err;
	return directory_row_number(db, DIRECTORY_ORGANISATION, &s->organisation_id, "/organisation",
				    &s->organisation, f->fault);
}

static int read_marking(const struct form *f, struct db *db, struct source *s)
{
	const json_t *marking = NULL;
	label_init(&s->label, s->organisation);
	int err = json_get_object(f->at, "marking", false, &marking, f->fault);
	if (err != HN_OK || marking == NULL)
		return err;
	const struct form inner = {.at = marking, .arena = f->arena, .fault = f->fault};
	return form_within(f, "marking", label_form_read(&inner, db, s->organisation, &s->label));
}

static int read_rest(const struct form *f, struct source *s)
{
	const char *name = NULL;
	int64_t trust = 50;
	s->enabled = true;
	int err = form_text(f, "name", true, SOURCE_NAME_MAX, &name);
	if (err == HN_OK)
		err = json_get_int(f->at, "trust", false, 0, 100, &trust, f->fault);
	if (err == HN_OK)
		err = json_get_bool(f->at, "enabled", false, &s->enabled, f->fault);
	if (err == HN_OK)
		err = json_get_bool(f->at, "default", false, &s->by_default, f->fault);
	if (err == HN_OK && s->by_default && s->kind != SOURCE_API)
		err = form_wrong(f, "default", "belongs to a source of kind `api`",
				 "は種別`api`の情報源でのみ指定できる");
	s->trust = (unsigned)trust;
	(void)snprintf(s->name, sizeof(s->name), "%s", name != NULL ? name : "");
	return err;
}

static int read_tree(const struct form *f, struct db *db, struct source *s)
{
	static const char *const names[] = {"id",      "name",       "organisation", "kind",  "where",
					    "trust",   "marking",    "every",        "quota", "enabled",
					    "default", "collection", "format",       NULL};
	int kind = 0;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_word(f, "kind", true, source_kind_value, &kind);
	s->kind = (enum source_kind)kind;
	if (err == HN_OK)
		err = read_rest(f, s);
	if (err == HN_OK)
		err = read_where(f, s);
	if (err == HN_OK)
		err = read_collection(f, s);
	if (err == HN_OK)
		err = read_format(f, s);
	if (err == HN_OK)
		err = read_every(f, s);
	if (err == HN_OK)
		err = read_quota(f, s);
	if (err == HN_OK)
		err = read_owner(f, db, s);
	return err == HN_OK ? read_marking(f, db, s) : err;
}

int source_read(struct db *db, const char *text, size_t len, const struct uuid *id, struct source *out,
		struct buf *text_out, struct fault *fault)
{
	struct source s = {.id = *id};
	json_t *object = NULL;
	int err = identified_read(text, len, SOURCE_TEXT_MAX, id, &object, fault);
	if (err != HN_OK)
		return err;
	struct arena *arena = arena_new(SOURCE_TEXT_MAX * (size_t)2);
	const struct form f = {.at = object, .arena = arena, .fault = fault};
	err = arena == NULL ? fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM))
			    : read_tree(&f, db, &s);
	if (err == HN_OK) {
		json_add(text_out, object);
		err = buf_err(text_out);
	}
	if (err == HN_OK)
		*out = s;
	arena_free(arena);
	json_decref(object);
	return err;
}

/* What stands in the body was checked when it was put; what it names may have another number by now. */
int source_of_row(struct db *db, const struct db_rows *rows, struct source *out)
{
	size_t len, label_len;
	struct buf again;
	const char *text = db_text(rows, 4, &len);
	const uint8_t *label = db_blob(rows, 3, &label_len);
	struct uuid id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6));
	buf_init(&again, SOURCE_TEXT_MAX);
	int err = source_read(db, text, len, &id, out, &again, NULL);
	buf_clear(&again);
	if (err == HN_OK)
		err = label_read(cur_of(label, label_len), &out->label);
	out->number = db_int(rows, 0);
	out->revision = db_int(rows, 1);
	out->organisation = db_int(rows, 2);
	out->made_us = db_int(rows, 7);
	return err;
}
