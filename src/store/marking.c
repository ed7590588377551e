/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/marking.h"

#include <stdlib.h>
#include <string.h>

#include "stix/marking.h"
#include "store/db.h"
#include "store/directory_rows.h"
#include "store/labels.h"
#include "store/marking_find.h"
#include "store/object_inside.h"
#include "store/store.h"

/* Audiences that have no common form (label_join()) stand beside each other: more than this are closed. */
#define LIMITS_MAX 8

/* What all markings of an object say together. */
struct gathered {
	struct writing *w;
	struct label limits[LIMITS_MAX]; /* the first is the base's; without TLP, PAP, originator control */
	size_t count;
	int tlp, pap; /* -1: not said */
	bool originator_control, unknown, not_here;
	struct marking_memo *memo; /* or NULL */
};

static void said(int *have, int level)
{
	if (level > *have)
		*have = level;
}

/* A group or organisation that is not here names nobody. */
static int add_numbers(struct db *db, enum directory_thing thing, const struct uuid *ids, size_t count,
		       int64_t *out, size_t *count_out)
{
	for (size_t i = 0; i < count; i++) {
		int64_t number = 0;
		int err = directory_row_number(db, thing, &ids[i], "", &number, NULL);
		if (err == HN_ENOENT)
			continue;
		if (err != HN_OK)
			return err;
		size_t at = *count_out;
		while (at > 0 && out[at - 1] > number)
			at--;
		if (at > 0 && out[at - 1] == number)
			continue;
		memmove(&out[at + 1], &out[at], (*count_out - at) * sizeof(out[0]));
		out[at] = number;
		++*count_out;
	}
	return HN_OK;
}

/* The limits that one marking sets, as a label that says nothing else. */
static int limits_of(struct writing *w, const struct stix_marking *m, const struct label *base,
		     struct label *out)
{
	struct db *db = writing_db(w);
	label_init(out, base->owner);
	out->tlp = TLP_CLEAR;
	out->pap = PAP_CLEAR;
	out->clearance = m->clearance;
	out->content = m->content != 0 ? m->content : base->content;
	out->purposes = m->purposes;
	out->consent = m->consent;
	int err = add_numbers(db, DIRECTORY_GROUP, m->groups, m->group_count, out->groups, &out->group_count);
	if (err == HN_OK)
		err = add_numbers(db, DIRECTORY_ORGANISATION, m->recipients, m->recipient_count,
				  out->recipients, &out->recipient_count);
	/* It names an audience, and nobody of it is here: then it is for nobody, not for everybody. */
	if (m->group_count + m->recipient_count > 0 && out->group_count + out->recipient_count == 0)
		out->recipients[out->recipient_count++] = base->owner;
	return err;
}

static void add_limits(struct gathered *g, const struct label *limits)
{
	for (size_t i = 0; i < g->count; i++)
		if (label_join(&g->limits[i], limits) == HN_OK)
			return;
	if (g->count < LIMITS_MAX)
		g->limits[g->count++] = *limits;
	else
		g->unknown = true;
}

static int add_marking(struct gathered *g, const struct label *base, const struct stix_marking *m)
{
	struct label limits;
	said(&g->tlp, (int)m->tlp);
	said(&g->pap, (int)m->pap);
	g->unknown |= m->unknown;
	g->originator_control |= m->originator_control;
	int err = limits_of(g->w, m, base, &limits);
	if (err == HN_OK)
		add_limits(g, &limits);
	return err;
}

static int gather(struct gathered *g, const struct label *base, const struct stix_id *id)
{
	struct stix_marking m;
	int err = stix_marking_fixed(id, &m) ? HN_OK : marking_find(g->w, base->owner, id, g->memo, &m);
	if (err == HN_ENOENT) {
		g->unknown = g->not_here = true;
		return HN_OK;
	}
	return err == HN_OK ? add_marking(g, base, &m) : err;
}

/* What all share is put on each, so that each is as closed as the whole. */
static int number_of(struct gathered *g, const struct label *base, int64_t *number_out)
{
	int64_t number = 0;
	int err = HN_OK;
	for (size_t i = 0; i < g->count && err == HN_OK; i++) {
		struct label *l = &g->limits[i];
		int64_t one = 0;
		l->tlp = g->tlp >= 0 ? (enum tlp)g->tlp : base->tlp;
		l->pap = g->pap >= 0 ? (enum pap)g->pap : base->pap;
		l->originator_control = g->originator_control;
		l->unknown_marking = g->unknown || base->unknown_marking;
		err = labels_number(g->w, l, &one);
		if (err == HN_OK && number != 0)
			err = labels_both(g->w, number, one, &one);
		number = one;
	}
	if (err == HN_OK)
		*number_out = number;
	return err;
}

/* @param own  what the object itself says of who may see it; NULL: nothing */
static int label_by(struct writing *w, const struct label *base, const struct stix_marking *own,
		    const struct stix_id *ids, size_t count, struct marking_memo *memo, int64_t *number_out,
		    bool *unknown_out)
{
	struct gathered *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return HN_ENOMEM;
	g->w = w;
	g->memo = memo;
	g->tlp = g->pap = -1;
	g->originator_control = base->originator_control;
	g->limits[0] = *base;
	g->count = 1;
	/* Audiences are joined as they are named; who is closed by RED or originator control comes last. */
	g->limits[0].tlp = TLP_CLEAR;
	g->limits[0].originator_control = false;
	int err = own != NULL ? add_marking(g, base, own) : HN_OK;
	for (size_t i = 0; i < count && err == HN_OK; i++)
		err = gather(g, base, &ids[i]);
	if (err == HN_OK)
		err = number_of(g, base, number_out);
	if (err == HN_OK)
		*unknown_out = g->not_here;
	free(g);
	return err;
}

/* ---- the memo ---- */

enum {
	MEMO_LABELS = sizeof(((struct marking_memo *)NULL)->labels) /
		      sizeof(((struct marking_memo *)NULL)->labels[0])
};

static bool same_ids(const struct uuid *a, const struct stix_id *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_compare(&a[i], &b[i].uuid) != 0)
			return false;
	return true;
}

static bool remembered(const struct marking_memo *m, const struct stix_id *ids, size_t count,
		       int64_t *number_out, bool *unknown_out)
{
	for (size_t i = 0; m != NULL && i < MEMO_LABELS && m->labels[i].label != 0; i++)
		if (m->labels[i].count == count && same_ids(m->labels[i].ids, ids, count)) {
			*number_out = m->labels[i].label;
			*unknown_out = m->labels[i].not_here;
			return true;
		}
	return false;
}

static void remember(struct marking_memo *m, const struct stix_id *ids, size_t count, int64_t number,
		     bool not_here)
{
	if (m == NULL || count > MARKING_MEMO_IDS)
		return;
	size_t at = m->label_count++ % MEMO_LABELS;
	for (size_t i = 0; i < count; i++)
		m->labels[at].ids[i] = ids[i].uuid;
	m->labels[at].count = count;
	m->labels[at].label = number;
	m->labels[at].not_here = not_here;
}

int marking_label(struct writing *w, const struct label *base, const struct stix_id *ids, size_t count,
		  struct marking_memo *memo, int64_t *number_out, bool *unknown_out)
{
	int64_t number = 0;
	bool not_here = false;
	if (remembered(memo, ids, count, number_out, unknown_out))
		return HN_OK;
	int err = label_by(w, base, NULL, ids, count, memo, &number, &not_here);
	if (err != HN_OK)
		return err;
	remember(memo, ids, count, number, not_here);
	*number_out = number;
	*unknown_out = not_here;
	return HN_OK;
}

/* Whether it is a definition that tells of somebody, or may. */
static bool names_somebody(const struct stix_object *o, struct stix_marking *out)
{
	if (!stix_marking_is(&o->id) || stix_marking_fixed(&o->id, out))
		return false;
	stix_marking_read(o, out);
	return out->unknown || out->group_count + out->recipient_count > 0;
}

int marking_label_of(struct writing *w, const struct label *base, const struct stix_object *o,
		     struct marking_memo *memo, int64_t *number_out, bool *unknown_out)
{
	struct stix_marking own;
	if (!names_somebody(o, &own))
		return marking_label(w, base, o->markings, o->marking_count, memo, number_out, unknown_out);
	return label_by(w, base, &own, o->markings, o->marking_count, memo, number_out, unknown_out);
}
