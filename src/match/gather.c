/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/gather.h"

#include <string.h>

#include "base/buf.h"
#include "base/lang.h"
#include "match/canonical.h"

static int leave_out(void *context, const struct import_left_out *what, struct fault *fault)
{
	struct gather *g = context;
	(void)fault;
	g->by_reason[what->reason]++;
	return g->left_out == NULL ? HN_OK : g->left_out(g->context, what);
}

static int leave_key_out(struct gather *g, enum import_reason reason, const struct entry_key *key,
			 const struct entry_meta *meta, const char *detail)
{
	struct buf text;
	buf_init(&text, 4 * ENTRY_KEY_MAX);
	canonical_format(key, &text);
	int rc = buf_err(&text);
	if (rc == HN_OK) {
		struct import_left_out what = {.reason = reason,
					       .object = meta->object,
					       .value = text.data,
					       .value_len = text.len,
					       .detail = detail};
		rc = leave_out(g, &what, NULL);
	}
	buf_clear(&text);
	return rc;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The object is where an entry came from, which may move from line to line; the rest is what it says. */
static bool same_meaning(const struct entry_meta *a, const struct entry_meta *b)
{
	return a->allow == b->allow && a->confidence == b->confidence &&
	       a->valid_from_ns == b->valid_from_ns && a->valid_until_ns == b->valid_until_ns &&
	       same_text(a->act, b->act) && same_text(a->marking, b->marking) &&
	       same_text(a->phase, b->phase);
}

static bool base_has(const struct set *s, const struct entry_key *key, const struct entry_meta *meta)
{
	struct set_hit hit;
	struct entry_meta there;
	if (!set_find_entry(s, key, &hit))
		return false;
	set_meta(s, &hit, &there);
	return same_meaning(meta, &there);
}

static int choose_act(const struct gather *g, struct entry_meta *meta, struct fault *fault)
{
	if (meta->act == NULL && g->act_count == 1)
		meta->act = g->acts[0];
	if (meta->act == NULL && g->act_count > 1)
		return fault_set(
			fault, HN_ESTATE, meta->object,
			tr("this entry names no target act and --act names several; give one --act, or name "
			   "the "
			   "act in the input (CSV column 'act', STIX 'x_hinomi_act', MISP tag 'hinomi:act=')",
			   "対象不正行為の記載がなく、--act は複数ある。--act "
			   "を一つにするか、入力に対象不正行為を書く"
			   "(CSVの列 act、STIXの x_hinomi_act、MISPのタグ hinomi:act=)"));
	if (meta->act == NULL || g->act_count == 0)
		return HN_OK;
	for (size_t i = 0; i < g->act_count; i++)
		if (strcmp(g->acts[i], meta->act) == 0)
			return HN_OK;
	return fault_set(fault, HN_ESTATE, meta->object,
			 tr("this entry belongs to the target act '%.100s', which no --act names",
			    "対象不正行為 '%.100s' は --act に挙げられていない"),
			 meta->act);
}

static int take(void *context, const struct entry_key *key, const struct entry_meta *given,
		struct fault *fault)
{
	struct gather *g = context;
	struct entry_meta meta = *given;

	meta.allow |= g->allow;
	if (g->remove) {
		g->added++;
		return him_build_remove(g->build, key);
	}
	if (!meta.allow && warning_is_special(key))
		return leave_key_out(g, IMPORT_SPECIAL, key, &meta, "");
	const char *list = g->warnings == NULL || meta.allow ? NULL : warning_find(g->warnings, key);
	if (list != NULL)
		return leave_key_out(g, IMPORT_INNOCENT, key, &meta, list);
	int rc = choose_act(g, &meta, fault);
	if (rc != HN_OK)
		return rc;
	if (g->base != NULL && base_has(g->base, key, &meta)) {
		g->in_base++;
		return HN_OK;
	}
	g->added++;
	/* A row of metadata for each line of a list would be most of the set; a list is one source. */
	if (meta.source != NULL)
		meta.object = meta.source;
	return him_build_add(g->build, key, &meta);
}

struct import_sink gather_sink(struct gather *g)
{
	return (struct import_sink){.context = g, .entry = take, .left_out = leave_out};
}

uint64_t gather_left_out(const struct gather *g)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < IMPORT_REASON_COUNT; i++)
		sum += g->by_reason[i];
	return sum;
}

uint64_t gather_refused(const struct gather *g)
{
	return gather_left_out(g) - g->by_reason[IMPORT_REVOKED] - g->by_reason[IMPORT_NOT_FOR_USE];
}
