/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/draft.h"

#include <string.h>

#include "base/lang.h"
#include "match/canonical.h"
#include "match/import.h"
#include "match/warning_list.h"

#define OBJECT_MAX (16u << 20)
#define LEFT_MOST  200 /* things left out that are told one by one */
#define VALUE_MOST 200 /* bytes of each */

static int grow(struct draft *d)
{
	size_t room = d->room == 0 ? 16 : d->room * 2;
	struct approval_entry *more = arena_alloc(d->arena, room * sizeof(*more));
	if (more == NULL)
		return HN_ENOMEM;
	if (d->count > 0)
		memcpy(more, d->entries, d->count * sizeof(*more));
	d->entries = more;
	d->room = room;
	return HN_OK;
}

static const char *keep(struct draft *d, const char *text)
{
	return text == NULL ? NULL : arena_text(d->arena, text, strlen(text));
}

static void leave_out(struct draft *d, enum import_reason reason, const char *value, size_t len,
		      const char *detail)
{
	if (d->left_count++ >= LEFT_MOST)
		return;
	const char *name = import_reason_name(reason), *text = import_reason_text(reason);
	buf_addf(&d->left_out, "%s{\"reason\":\"%s\",\"text\":", d->left_count > 1 ? "," : "", name);
	buf_json_string(&d->left_out, text, strlen(text));
	buf_adds(&d->left_out, ",\"value\":");
	buf_json_string(&d->left_out, value, len < VALUE_MOST ? len : VALUE_MOST);
	if (detail != NULL && detail[0] != '\0') {
		buf_adds(&d->left_out, ",\"detail\":");
		buf_json_string(&d->left_out, detail, strlen(detail));
	}
	buf_addc(&d->left_out, '}');
}

static int take_left_out(void *context, const struct import_left_out *what, struct fault *fault)
{
	(void)fault;
	leave_out(context, what->reason, what->value, what->value_len, what->detail);
	return HN_OK;
}

/* Private and reserved addresses are somebody's own: a nation's set does not hold them. */
static int leave_special_out(struct draft *d, const struct entry_key *key)
{
	struct buf text;
	buf_init(&text, 2 * ENTRY_KEY_MAX);
	canonical_format(key, &text);
	int err = buf_err(&text);
	if (err == HN_OK)
		leave_out(d, IMPORT_SPECIAL, text.data, text.len, NULL);
	buf_clear(&text);
	return err;
}

static int take_entry(void *context, const struct entry_key *key, const struct entry_meta *meta,
		      struct fault *fault)
{
	struct draft *d = context;
	if (warning_is_special(key))
		return leave_special_out(d, key);
	if (d->count == APPROVAL_ENTRIES_MAX)
		return fault_set(fault, HN_ELIMIT, "/object",
				 tr("has more than %d values", "の値が%d個を超える"), APPROVAL_ENTRIES_MAX);
	int err = d->count == d->room ? grow(d) : HN_OK;
	if (err != HN_OK)
		return err;
	struct approval_entry *e = &d->entries[d->count++];
	e->meta = *meta;
	e->meta.object = keep(d, meta->object);
	e->meta.marking = keep(d, meta->marking);
	e->meta.phase = keep(d, meta->phase);
	e->meta.act = e->meta.source = NULL;
	e->key.kind = key->kind;
	e->key.len = key->len;
	e->key.data = (const uint8_t *)arena_text(d->arena, key->data, key->len);
	return e->key.data != NULL && e->meta.object != NULL ? HN_OK : HN_ENOMEM;
}

int draft_read(struct draft *d, const uint8_t *object, size_t len, struct fault *fault)
{
	const struct import_sink sink = {.context = d, .entry = take_entry, .left_out = take_left_out};
	struct import_summary summary;
	struct buf bundle;
	buf_init(&bundle, OBJECT_MAX);
	buf_init(&d->left_out, APPROVAL_LEFT_MAX);
	buf_adds(&d->left_out, "[");
	buf_adds(
		&bundle,
		"{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000000\",\"objects\":[");
	buf_add(&bundle, object, len);
	buf_adds(&bundle, "]}");
	int err = buf_err(&bundle);
	if (err == HN_OK)
		err = import_read("object", cur_of(bundle.data, bundle.len), &sink, &IMPORT_DEFAULTS,
				  &summary, fault);
	buf_adds(&d->left_out, "]");
	buf_clear(&bundle);
	return err == HN_OK ? buf_err(&d->left_out) : err;
}

void draft_clear(struct draft *d)
{
	buf_clear(&d->left_out);
}
