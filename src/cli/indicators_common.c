/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/indicators_common.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "match/canonical.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

int indicators_fail(int rc, const struct fault *fault)
{
	const char *message = fault->message[0] != '\0' ? fault->message : hn_strerror(rc);
	if (fault->place[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "%s: %s", fault->place, message);
	else
		log_line(LOG_LEVEL_ERROR, "%s", message);
	switch (rc) {
	case HN_ENOMEM:
	case HN_ENOSPC:
		return HN_EXIT_UNFINISHED;
	default:
		return HN_EXIT_INPUT;
	}
}

void indicators_print_counts(uint64_t entries, const uint64_t by_kind[ENTRY_KIND_COUNT])
{
	const char *before = ": ";
	printf(tr("%" PRIu64 " entries", "%" PRIu64 "件"), entries);
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
		if (by_kind[i] == 0)
			continue;
		printf("%s%" PRIu64 " %s", before, by_kind[i], entry_kind_name((enum entry_kind)i));
		before = ", ";
	}
	printf("\n");
}

json_t *indicators_json_counts(const uint64_t by_kind[ENTRY_KIND_COUNT])
{
	json_t *counts = json_object();
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		if (by_kind[i] > 0)
			(void)json_object_set_new(counts, entry_kind_name((enum entry_kind)i),
						  json_integer((json_int_t)by_kind[i]));
	return counts;
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		(void)json_object_set_new(object, name, json_string(text));
}

static void set_time(json_t *object, const char *name, int64_t time_ns)
{
	char text[UTC_SIZE];
	if (time_ns == 0)
		return;
	utc_format(time_ns, text);
	(void)json_object_set_new(object, name, json_string(text));
}

static void key_text(const struct entry_key *key, struct buf *out)
{
	buf_init(out, LINE_MAX_BYTES);
	canonical_format(key, out);
}

json_t *indicators_json_entry(const struct entry_key *key, const struct entry_meta *meta)
{
	struct buf text;
	json_t *entry = json_object();
	key_text(key, &text);
	set_text(entry, "kind", entry_kind_name(key->kind));
	set_text(entry, "entry", text.data);
	set_text(entry, "object", meta->object);
	set_text(entry, "act", meta->act);
	set_text(entry, "marking", meta->marking);
	set_text(entry, "phase", meta->phase);
	set_time(entry, "valid_from", meta->valid_from_ns);
	set_time(entry, "valid_until", meta->valid_until_ns);
	if (meta->confidence <= 100)
		(void)json_object_set_new(entry, "confidence", json_integer(meta->confidence));
	(void)json_object_set_new(entry, "allow", json_boolean(meta->allow));
	buf_clear(&text);
	return entry;
}

static void add_text(struct buf *out, const char *label, const char *text)
{
	if (text != NULL)
		buf_addf(out, "  %s %s", label, text);
}

void indicators_text_entry(const struct entry_key *key, const struct entry_meta *meta, struct buf *out)
{
	char time[UTC_SIZE];
	buf_addf(out, "%s ", entry_kind_name(key->kind));
	canonical_format(key, out);
	if (meta->allow)
		buf_addf(out, "  %s", tr("allowed", "許可"));
	add_text(out, tr("object", "オブジェクト"), meta->object);
	add_text(out, tr("act", "対象不正行為"), meta->act);
	if (meta->marking != NULL)
		buf_addf(out, "  %s", meta->marking);
	add_text(out, tr("phase", "段階"), meta->phase);
	if (meta->confidence <= 100)
		buf_addf(out, "  %s %u", tr("confidence", "確度"), meta->confidence);
	if (meta->valid_from_ns != 0) {
		utc_format(meta->valid_from_ns, time);
		add_text(out, tr("from", "有効開始"), time);
	}
	if (meta->valid_until_ns != 0) {
		utc_format(meta->valid_until_ns, time);
		add_text(out, tr("until", "有効期限"), time);
	}
}

void indicators_print_json_line(json_t *value)
{
	struct buf line;
	buf_init(&line, LINE_MAX_BYTES);
	json_add(&line, value);
	if (buf_err(&line) == HN_OK)
		printf("%s\n", line.data);
	json_decref(value);
	buf_clear(&line);
}
