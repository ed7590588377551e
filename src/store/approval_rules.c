/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The rules of approvals: who may, and what may. */
#include <string.h>

#include "base/lang.h"
#include "store/approval_inside.h"
#include "store/db_row.h"
#include "store/labels.h"
#include "store/object_inside.h"
#include "store/person.h"

#define BOTH_DEPTH_MAX 16

int approval_refused(struct approval_refusal *why, int err, const char *word, const char *en, const char *ja)
{
	why->word = word;
	return fault_set(&why->fault, err, "", "%s", lang_get() == LANG_JA ? ja : en);
}

int approval_version(struct db *db, int64_t seq, struct approval_place *p)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT object, label, newest, flags FROM version WHERE seq = $1",
			   db_number(seq));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	p->seq = seq;
	p->object = db_int(rows, 0);
	p->label = db_int(rows, 1);
	p->newest = db_int(rows, 2) != 0;
	p->revoked = (db_int(rows, 3) & VERSION_REVOKED) != 0;
	db_rows_end(rows);
	return HN_OK;
}

/* ---- labels ---- */

/* Asks every label that a number stands for: of a "both" each of the two. */
static int ask_label(struct writing *w, int64_t number, unsigned depth,
		     bool (*ask)(const void *context, const struct label *label), const void *context,
		     bool *yes)
{
	struct label label;
	int64_t both[2];
	int err = labels_get(writing_labels(w), number, &label, both);
	if (err == HN_OK)
		*yes = *yes && ask(context, &label);
	if (err != HN_EUNSUPPORTED)
		return err;
	if (depth == BOTH_DEPTH_MAX)
		return HN_ELIMIT;
	err = ask_label(w, both[0], depth + 1, ask, context, yes);
	return err == HN_OK ? ask_label(w, both[1], depth + 1, ask, context, yes) : err;
}

/* The version's label, and those of its parts. */
static int ask_version(struct writing *w, const struct approval_place *p,
		       bool (*ask)(const void *context, const struct label *label), const void *context,
		       bool *out)
{
	struct db_rows *rows;
	*out = true;
	int err = ask_label(w, p->label, 0, ask, context, out);
	if (err != HN_OK)
		return err;
	err = db_query(writing_db(w), &rows, "SELECT DISTINCT label FROM part WHERE seq = $1",
		       db_number(p->seq));
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = ask_label(w, db_int(rows, 0), 0, ask, context, out);
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

static bool sees(const void *context, const struct label *label)
{
	return decide(context, label, NULL);
}

int approval_seen(struct writing *w, const struct asker *actor, const struct approval_place *p, bool *out)
{
	return ask_version(w, p, sees, actor, out);
}

static bool may_use(const void *context, const struct label *label)
{
	return decide_use(label, *(const enum set_action *)context);
}

/* Everybody who may have the set may see the object: joined with it, the audience stays as it is. PAP is
 * about use; whose it is does not widen who sees it, for the set's own people decide only on what they see.
 */
static bool audience_fits(const void *context, const struct label *object)
{
	const struct label *set = context;
	struct label a = *set, b = *object;
	if (b.selected || b.unknown_marking)
		return false;
	a.owner = b.owner;
	a.pap = b.pap = PAP_CLEAR;
	struct label joined = a;
	if (label_join(&joined, &b) != HN_OK)
		return false;
	struct buf was, is;
	buf_init(&was, LABEL_TEXT_MAX);
	buf_init(&is, LABEL_TEXT_MAX);
	label_write(&a, &was);
	label_write(&joined, &is);
	bool same = buf_err(&was) == HN_OK && buf_err(&is) == HN_OK && was.len == is.len &&
		    memcmp(was.data, is.data, was.len) == 0;
	buf_clear(&was);
	buf_clear(&is);
	return same;
}

int approval_fits(struct writing *w, const struct approval_place *p, struct approval_refusal *why)
{
	bool yes;
	if (p->revoked || !p->newest)
		return approval_refused(why, HN_ESTATE, "superseded",
					"this version was revoked or has a newer one",
					"この版は取り消されたか、より新しい版がある");
	int err = ask_version(w, p, may_use, &p->action, &yes);
	if (err == HN_OK && !yes)
		return approval_refused(why, HN_ESTATE, "use",
					"its marking (PAP) or origin does not permit the set's action",
					"標識(PAP)または由来により、この集合の動作には使えない");
	struct label set;
	int64_t both[2];
	if (err == HN_OK)
		err = labels_get(writing_labels(w), p->set_label, &set, both);
	if (err == HN_OK)
		err = ask_version(w, p, audience_fits, &set, &yes);
	if (err == HN_OK && !yes)
		return approval_refused(why, HN_ESTATE, "audience",
					"not everybody who has the set may see this object",
					"集合の提供先に、このオブジェクトを閲覧できない者がいる");
	return err;
}

/* ---- people ---- */

static int id_of(struct db *db, const char *sql, int64_t number, struct uuid *out)
{
	const struct db_value value = db_number(number);
	struct db_rows *rows;
	int err = db_query_values(db, sql, &value, 1, &rows);
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	*out = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	db_rows_end(rows);
	return HN_OK;
}

int approval_person(struct db *db, int64_t person, struct uuid *out)
{
	return id_of(db, "SELECT uuid_a, uuid_b FROM person WHERE number = $1", person, out);
}

static int organisation_id(struct db *db, int64_t number, struct uuid *out)
{
	return id_of(db, "SELECT uuid_a, uuid_b FROM organisation WHERE number = $1", number, out);
}

static bool has_place(const struct person *p, const struct uuid *organisation, unsigned roles, int64_t now_us)
{
	for (size_t i = 0; p->active && i < p->place_count; i++)
		if (uuid_compare(&p->places[i].organisation, organisation) == 0 &&
		    (p->places[i].roles & roles) != 0 &&
		    (p->places[i].until_us == 0 || p->places[i].until_us > now_us))
			return true;
	return false;
}

int approval_active(struct writing *w, const struct uuid *person, int64_t organisation, unsigned roles,
		    bool *out)
{
	struct uuid_halves u = uuid_halves(person);
	struct uuid place;
	struct db_rows *rows;
	*out = false;
	int err = organisation_id(writing_db(w), organisation, &place);
	if (err == HN_OK)
		err = db_query(writing_db(w), &rows,
			       "SELECT body FROM person WHERE uuid_a = $1 AND uuid_b = $2", db_number(u.a),
			       db_number(u.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		size_t len;
		const char *text = db_text(rows, 0, &len);
		struct person p;
		err = person_read(text, len, person, &p, NULL);
		if (err == HN_OK) {
			*out = has_place(&p, &place, roles, writing_now_us(w));
			person_clear(&p);
		}
	}
	db_rows_end(rows);
	return more < 0 ? more : err;
}
