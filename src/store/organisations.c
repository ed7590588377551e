/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/organisations.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "store/directory_rows.h"
#include "store/organisation.h"

/* A change: what is there and what shall be, as trees. */
struct change {
	const struct asker *actor;
	int64_t number;          /* 0: new */
	const json_t *old, *new; /* old NULL: new */
	struct fault *fault;
};

/* Those of whom `names` speaks must stay as they are. */
static int kept(const struct change *c, const char *const names[], const char *en, const char *ja)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		char place[64];
		(void)snprintf(place, sizeof(place), "/%s", names[i]);
		if (!same_member(c->old, c->new, names[i]))
			return not_allowed(c->fault, place, en, ja);
	}
	return HN_OK;
}

static bool has_equal(const json_t *list, const json_t *one)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), one) != 0)
			return true;
	return false;
}

/* Claim, keep, give up. */
static int holdings_ok(const struct change *c)
{
	const json_t *old = json_object_get(c->old, "holdings");
	const json_t *new = json_object_get(c->new, "holdings");
	for (size_t i = 0; i < json_array_size(new); i++) {
		const json_t *one = json_array_get(new, i);
		const char *state = json_string_value(json_object_get(one, "state"));
		if (state != NULL && strcmp(state, "claimed") != 0 && !has_equal(old, one))
			return not_allowed(c->fault, "/holdings",
					   "holdings are proved or entered by the centre; claim it",
					   "保有資源の確認・登録はセンターが行う。申告として登録すること");
	}
	return HN_OK;
}

/* The only change: a consent where there was none. */
static bool consents(const json_t *old, const json_t *new)
{
	if (json_object_get(old, "consent") != NULL)
		return false;
	json_t *without = json_copy((json_t *)(uintptr_t) new);
	(void)json_object_del(without, "consent");
	bool same = without != NULL && json_equal(without, old) != 0;
	json_decref(without);
	return same;
}

static int memberships_ok(const struct change *c)
{
	const json_t *old = json_object_get(c->old, "memberships");
	const json_t *new = json_object_get(c->new, "memberships");
	bool ok = json_array_size(old) == json_array_size(new);
	for (size_t i = 0; i < json_array_size(new) && ok; i++)
		ok = json_equal(json_array_get(old, i), json_array_get(new, i)) != 0 ||
		     consents(json_array_get(old, i), json_array_get(new, i));
	if (ok)
		return HN_OK;
	return not_allowed(c->fault, "/memberships", "the centre offers memberships; one may consent to them",
			   "参加はセンターが提示するものであり、自組織では同意のみ行うことができる");
}

static int own_change_ok(const struct change *c)
{
	static const char *const names[] = {"kind", "ended", "sectors", "parents", "agreements", NULL};
	if (c->number == 0)
		return not_allowed(c->fault, "", "organisations are made by the centre's administrators",
				   "組織の登録はセンターの管理者が行う");
	int err = kept(c, names, "is changed by the centre's administrators only",
		       "の変更はセンターの管理者のみ行うことができる");
	if (err == HN_OK)
		err = holdings_ok(c);
	return err == HN_OK ? memberships_ok(c) : err;
}

static bool is_kind(const json_t *object, const char *kind)
{
	const char *have = json_string_value(json_object_get(object, "kind"));
	return have != NULL && strcmp(have, kind) == 0;
}

static int centre_change_ok(const struct change *c)
{
	static const char *const rights[] = {"kind", "parents", "memberships", "agreements", NULL};
	const char *centre = org_kind_name(ORG_CENTRE);
	if (is_kind(c->new, centre) != (c->old != NULL && is_kind(c->old, centre)))
		return not_allowed(c->fault, "/kind", "there is one centre, and it stays it",
				   "センターは一つのみであり、種別は変更できない");
	if (is_kind(c->new, centre) && json_is_true(json_object_get(c->new, "ended")))
		return not_allowed(c->fault, "/ended", "the centre does not end",
				   "センターを終了することはできない");
	if (c->number != 0 && c->number == c->actor->organisation)
		return kept(c, rights, "one does not change one's own organisation's rights",
			    "自組織の権限を変更することはできない");
	return HN_OK;
}

static int change_ok(const struct change *c)
{
	if (administers_centre(c->actor))
		return centre_change_ok(c);
	if (c->number != 0 && administers(c->actor, c->number))
		return own_change_ok(c);
	return not_allowed(c->fault, "", "only administrators change organisations",
			   "組織の変更は管理者のみ行うことができる");
}

/* Everything that it names is there. */
static int names_ok(struct db *db, const struct organisation *o, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; i < o->parent_count && err == HN_OK; i++)
		err = directory_row_number(db, DIRECTORY_ORGANISATION, &o->parents[i], "/parents", NULL,
					   fault);
	for (size_t i = 0; i < o->membership_count && err == HN_OK; i++)
		err = directory_row_number(db, DIRECTORY_GROUP, &o->memberships[i].group, "/memberships",
					   NULL, fault);
	for (size_t i = 0; i < o->agreement_count && err == HN_OK; i++)
		err = directory_row_number(db, DIRECTORY_ORGANISATION, &o->agreements[i].partner,
					   "/agreements", NULL, fault);
	return err;
}

static int trees(const struct directory_row *row, const char *text, size_t len, json_t **old, json_t **new,
		 struct fault *fault)
{
	int err = json_object_read(text, len, new, fault);
	if (err == HN_OK && row->number != 0)
		err = json_object_read(row->text.data, row->text.len, old, fault);
	return err;
}

static int may_put(const struct asker *actor, const struct directory_row *row, const char *text, size_t len,
		   int (*ok)(const struct change *c), struct fault *fault)
{
	json_t *old = NULL;
	json_t *new = NULL;
	int err = trees(row, text, len, &old, &new, fault);
	if (err == HN_OK) {
		struct change c = {actor, row->number, old, new, fault};
		err = ok(&c);
	}
	json_decref(old);
	json_decref(new);
	return err;
}

int organisations_put(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
		      const char *text, size_t len, int64_t *number_out, int64_t *revision_out,
		      struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row;
	struct organisation o = {0};
	int err = directory_row_get(db, DIRECTORY_ORGANISATION, id, &row);
	if (err == HN_OK)
		err = organisation_read(text, len, id, &o, fault);
	if (err == HN_OK)
		err = may_put(actor, &row, o.text, o.text_len, change_ok, fault);
	if (err == HN_OK)
		err = directory_row_is(&row, revision, fault);
	if (err == HN_OK)
		err = names_ok(db, &o, fault);
	if (err == HN_OK)
		err = directory_row_put(db, DIRECTORY_ORGANISATION, id, &row, o.text, o.text_len);
	if (err == HN_OK) {
		if (number_out != NULL)
			*number_out = row.number;
		*revision_out = row.revision;
	}
	organisation_clear(&o);
	buf_clear(&row.text);
	return err;
}

/* ---- groups ---- */

static int group_change_ok(const struct change *c)
{
	static const char *const names[] = {"keeper", "ended", NULL};
	if (administers_centre(c->actor))
		return HN_OK;
	return kept(c, names, "is changed by the centre's administrators only",
		    "の変更はセンターの管理者のみ行うことができる");
}

/* A keeper that is to be there, and whom the actor administers. */
static int keeper_ok(struct db *db, const struct asker *actor, const struct directory_row *row,
		     const struct group *new, struct fault *fault)
{
	struct group old = {0};
	int64_t keeper = 0;
	int err = directory_row_number(db, DIRECTORY_ORGANISATION, &new->owner, "/keeper", NULL, fault);
	if (err != HN_OK || administers_centre(actor))
		return err;
	if (row->number != 0) {
		err = group_read(row->text.data, row->text.len, &new->id, &old, fault);
		if (err == HN_OK)
			err = directory_row_number(db, DIRECTORY_ORGANISATION, &old.owner, "/keeper", &keeper,
						   fault);
		group_clear(&old);
	}
	if (err == HN_OK && (keeper == 0 || !administers(actor, keeper)))
		err = not_allowed(fault, "", "groups are made by the centre and changed by their keepers",
				  "グループの登録はセンターが、変更は管理組織が行う");
	return err;
}

int groups_put(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
	       const char *text, size_t len, int64_t *number_out, int64_t *revision_out, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row;
	struct group g = {0};
	int err = directory_row_get(db, DIRECTORY_GROUP, id, &row);
	if (err == HN_OK)
		err = group_read(text, len, id, &g, fault);
	if (err == HN_OK)
		err = keeper_ok(db, actor, &row, &g, fault);
	if (err == HN_OK)
		err = may_put(actor, &row, g.text, g.text_len, group_change_ok, fault);
	if (err == HN_OK)
		err = directory_row_is(&row, revision, fault);
	if (err == HN_OK)
		err = directory_row_put(db, DIRECTORY_GROUP, id, &row, g.text, g.text_len);
	if (err == HN_OK) {
		if (number_out != NULL)
			*number_out = row.number;
		*revision_out = row.revision;
	}
	group_clear(&g);
	buf_clear(&row.text);
	return err;
}
