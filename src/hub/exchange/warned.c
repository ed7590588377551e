/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/warned.h"

#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/sets/sets.h"
#include "store/asker.h"

void warned_go_on(struct warned *w)
{
	memset(w->counts, 0, sizeof(w->counts));
	if (sets_warnings() != NULL)
		warnings_in_force(sets_warnings(), w->consumer, w->way, w->counts);
	w->worst = w->counts[WARNING_BLOCK] > 0    ? WARNING_BLOCK
		   : w->counts[WARNING_INFORM] > 0 ? WARNING_INFORM
						   : WARNING_OFF;
}

static int tell(const struct warned *w, struct request *r)
{
	char text[64];
	if (w->worst == WARNING_OFF)
		return HN_OK;
	(void)snprintf(text, sizeof(text), "block=%zu, inform=%zu", w->counts[WARNING_BLOCK],
		       w->counts[WARNING_INFORM]);
	answer_header(r, "Hinomi-Warning-Lists", text);
	return HN_OK;
}

int warned_begin(struct warned *w, struct request *r, struct reader *reader, const char *way)
{
	int64_t now = 0;
	*w = (struct warned){.way = way, .consumer = r->who.asker->organisation};
	if (sets_warnings() == NULL)
		return HN_OK;
	int err = warnings_revision_now(reader_db(reader), &now);
	if (err != HN_OK)
		return err;
	w->revision = warnings_revision(sets_warnings());
	if (w->revision < now) {
		(void)answer_problem(
			r, 503, "warning-lists",
			tr("warning lists were changed and are being read; try again in a moment",
			   "変更された警告リストを読み込んでいる。少し待ってからやり直すこと"));
		answer_header(r, "Retry-After", "1");
		return HN_OK;
	}
	warned_go_on(w);
	return tell(w, r);
}

static struct entry_key key_of(const struct stix_value *value)
{
	return (struct entry_key){.kind = (enum entry_kind)value->entry_kind,
				  .len = (uint16_t)value->key_len,
				  .data = value->key};
}

enum warning_action warned_value(const struct warned *w, const struct stix_value *value,
				 struct warning_hit *hit)
{
	if (w->worst == WARNING_OFF || value->kind != STIX_VALUE_ENTRY)
		return WARNING_OFF;
	const struct entry_key key = key_of(value);
	return warnings_find(sets_warnings(), &key, w->consumer, w->way, hit, 1) > 0 ? hit->action
										     : WARNING_OFF;
}

enum warning_action warned_object(const struct warned *w, const struct stix_object *o)
{
	enum warning_action worst = WARNING_OFF;
	struct warning_hit hit;
	for (size_t i = 0; i < o->value_count && worst != WARNING_BLOCK && !o->revoked; i++) {
		enum warning_action action = warned_value(w, &o->values[i], &hit);
		if (action > worst)
			worst = action;
	}
	return worst;
}

/* A rendition holds less than the version whose number it has: nothing is kept of that by it. */
static bool meets(const struct stix_object *o, const struct object_row *row)
{
	enum { KEYS_MAX = 16 };
	struct entry_key keys[KEYS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < o->value_count; i++) {
		if (o->values[i].kind != STIX_VALUE_ENTRY)
			continue;
		if (count == KEYS_MAX)
			return true; /* to be asked one by one */
		keys[count++] = key_of(&o->values[i]);
	}
	return warnings_meet(sets_warnings(), row->masked ? 0 : row->seq, keys, count);
}

int warned_row(const struct warned *w, const struct object_row *row, struct stix_object *scratch,
	       enum warning_action *out)
{
	static const char indicator[] = "indicator";
	*out = WARNING_OFF;
	if (w->worst == WARNING_OFF || row->id.type_len != sizeof(indicator) - 1 ||
	    memcmp(row->id.type, indicator, sizeof(indicator) - 1) != 0 ||
	    warnings_spares(sets_warnings(), row->seq))
		return HN_OK;
	int err = stix_object_read(scratch, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL);
	if (err == HN_OK && meets(scratch, row))
		*out = warned_object(w, scratch);
	return err == HN_ENOMEM ? err : HN_OK;
}
