/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What an approval would hit, before it is given. */
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/holds.h"
#include "hub/api/sets.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/sets/sets.h"
#include "match/canonical.h"
#include "store/approvals.h"
#include "store/directory.h"
#include "store/holds.h"
#include "store/owners.h"
#include "store/sketches.h"
#include "store/warnings.h"

#define ENTRIES_MAX 500 /* looked at one by one */
#define HITS_MAX    8
#define ASKED_US    (INT64_C(14) * 24 * 3600 * 1000000) /* what resolvers said is worth so long */

/* One entry and all that is known of it but its holds, which are asked on the writer's thread. */
struct look {
	struct entry_key key;
	struct warning_hit hits[HITS_MAX];
	size_t hit_count;
	struct owners_hit owners;
	struct asked asked;
	bool asked_known;
};

struct radius {
	struct request *request;
	struct reader *reader;
	struct owners *owners;
	struct look *looks;
	size_t count;
	int64_t number, entries;
	bool blocked;
};

static int find(void *context, const struct approval *a)
{
	struct radius *x = context;
	x->number = a->number;
	x->entries = a->entries;
	return HN_OK;
}

static int look(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct radius *x = context;
	struct look *l = &x->looks[x->count++];
	(void)meta;
	l->key = *key;
	l->key.data = (const uint8_t *)arena_text(x->request->arena, key->data, key->len);
	if (l->key.data == NULL)
		return HN_ENOMEM;
	l->hit_count = warnings_find(sets_warnings(), key, x->request->who.asker->organisation, "sets",
				     l->hits, HITS_MAX);
	if (l->hit_count > HITS_MAX)
		l->hit_count = HITS_MAX;
	x->blocked |= l->hit_count > 0 && l->hits[0].action == WARNING_BLOCK;
	owners_of_entry(x->owners, key, &l->owners);
	int err = sketches_get(x->reader, key, x->request->received_ns / 1000 - ASKED_US, &l->asked);
	l->asked_known = err == HN_OK;
	return err == HN_ENOENT ? HN_OK : err;
}

/* ---- writing ---- */

static void write_lists(const struct look *l, struct buf *b)
{
	buf_adds(b, ",\"warning_lists\":[");
	for (size_t i = 0; i < l->hit_count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&l->hits[i].list, id);
		buf_addf(b, "%s{\"list\":\"%s\"", i > 0 ? "," : "", id);
		common_text(b, "name", l->hits[i].name);
		buf_addf(b, ",\"action\":\"%s\"}", warning_action_name(l->hits[i].action));
	}
	buf_addc(b, ']');
}

/* How many hold it; by name those that the asker may know. */
static void write_owners(struct request *r, const struct look *l, struct buf *b)
{
	struct buf card;
	int64_t revision;
	const char *lead = "";
	buf_init(&card, 1u << 20);
	buf_addf(b, ",\"holdings\":{\"count\":%zu,\"organisations\":[", l->owners.count);
	for (size_t i = 0; i < l->owners.count; i++) {
		struct uuid id;
		char text[UUID_TEXT_SIZE];
		buf_reset(&card);
		if (directory_uuid(hub_of(r)->directory, DIRECTORY_ORGANISATION, l->owners.organisations[i],
				   &id) != HN_OK ||
		    directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000,
				  DIRECTORY_ORGANISATION, &id, &card, &revision) != HN_OK)
			continue;
		uuid_format(&id, text);
		buf_addf(b, "%s\"%s\"", lead, text);
		lead = ",";
	}
	buf_adds(b, l->owners.more ? "],\"more\":true}" : "]}");
	buf_clear(&card);
}

static void write_asked(const struct look *l, struct buf *b)
{
	buf_adds(b, ",\"asked\":{");
	if (!l->asked_known) {
		buf_adds(b, "\"known\":false}");
		return;
	}
	buf_addf(b, "\"known\":true,\"level\":\"%s\",\"labels_up\":%u,\"resolvers\":%lld",
		 asked_level_name(l->asked.level), l->asked.labels_up, (long long)l->asked.resolvers);
	common_time(b, "oldest", l->asked.oldest_us);
	buf_addc(b, '}');
}

static int write_look(struct request *r, const struct look *l, bool held, struct buf *b)
{
	struct buf text;
	buf_init(&text, 2 * ENTRY_KEY_MAX);
	canonical_format(&l->key, &text);
	int err = buf_err(&text);
	buf_addf(b, "{\"kind\":\"%s\",\"value\":", entry_kind_name(l->key.kind));
	buf_json_string(b, err == HN_OK ? text.data : "", text.len);
	write_lists(l, b);
	write_owners(r, l, b);
	buf_addf(b, ",\"held\":%s", held ? "true" : "false");
	write_asked(l, b);
	buf_addc(b, '}');
	buf_clear(&text);
	return err == HN_OK ? buf_err(b) : err;
}

/* On the writer's thread: whoever looks asks the holders, who see it. */
static int answer(struct writing *w, struct request *r, void *context)
{
	const struct radius *x = context;
	const struct hold_asker asker = {
		.organisation = r->who.asker->organisation, .account = r->who.account, .approval = true};
	struct buf *b = answer_body(r);
	char record[160], id[UUID_TEXT_SIZE];
	bool any = false;
	int err = HN_OK;
	buf_adds(b, "{\"entries\":[");
	for (size_t i = 0; err == HN_OK && i < x->count; i++) {
		bool held = false;
		err = holds_ask(w, &x->looks[i].key, &asker, &held);
		any |= held;
		buf_adds(b, i > 0 ? "," : "");
		if (err == HN_OK)
			err = write_look(r, &x->looks[i], held, b);
	}
	buf_addf(b, "],\"cut\":%s,\"blocked\":%s,\"held\":%s}",
		 (int64_t)x->count < x->entries ? "true" : "false", x->blocked ? "true" : "false",
		 any ? "true" : "false");
	uuid_format(&r->params[1].uuid, id);
	int len = snprintf(record, sizeof(record), "{\"approval\":\"%s\",\"held\":%s}", id,
			   any ? "true" : "false");
	if (err == HN_OK)
		err = request_note(w, r, "hub.approval.looked", record, (size_t)len);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int lists_are_old(struct request *r, struct db *db, int64_t revision)
{
	int64_t now;
	int err = warnings_revision_now(db, &now);
	if (err != HN_OK || now == revision)
		return err;
	(void)answer_problem(r, 503, "warning-lists",
			     tr("warning lists were changed and are being read; try again in a moment",
				"変更された警告リストを読み込んでいる。少し待ってからやり直すこと"));
	answer_header(r, "Retry-After", "1");
	return HN_OK;
}

static int look_at_all(struct request *r, struct radius *x)
{
	int64_t lists = warnings_revision(sets_warnings());
	int err = request_read(r, &x->reader);
	if (err != HN_OK)
		return err;
	err = lists_are_old(r, reader_db(x->reader), lists);
	if (err != HN_OK || answer_is_sent(r)) {
		reader_end(x->reader);
		return err;
	}
	err = approvals_get(x->reader, &r->params[1].uuid, find, x);
	if (err == HN_OK)
		err = owners_get(hub_of(r)->directory, r->received_ns / 1000, &x->owners);
	if (err == HN_OK)
		err = approvals_entries(reader_db(x->reader), x->number, ENTRIES_MAX, look, x);
	owners_unref(x->owners);
	reader_end(x->reader);
	return err;
}

int blast_radius_get(struct request *r)
{
	struct radius *x = arena_alloc(r->arena, sizeof(*x));
	if (x == NULL)
		return HN_ENOMEM;
	x->request = r;
	x->looks = arena_alloc(r->arena, ENTRIES_MAX * sizeof(x->looks[0]));
	int err = x->looks == NULL ? HN_ENOMEM : look_at_all(r, x);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	if (holds_share(r) != HN_OK)
		return HN_OK;
	return request_change(r, answer, x);
}
