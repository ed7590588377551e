/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/people.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "store/collections.h"
#include "store/directory_rows.h"
#include "store/object_inside.h"
#include "store/organisation.h"
#include "store/organisations.h"
#include "store/person.h"

struct change {
	struct db *db;
	const struct asker *actor;
	int64_t number;                /* 0: new */
	const json_t *old, *new;       /* trees; old NULL: new */
	const struct person *was, *is; /* was: zeros where new */
	struct uuid own;               /* the actor's organisation */
	struct fault *fault;
};

/* What gives rights. */
static const char *const rights[] = {"places", "clearance", "handlings", "active", "login"};
#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

static const struct person_place *place_in(const struct person *p, const struct uuid *organisation)
{
	for (size_t i = 0; i < p->place_count; i++)
		if (uuid_compare(&p->places[i].organisation, organisation) == 0)
			return &p->places[i];
	return NULL;
}

static int oneself_ok(const struct change *c)
{
	for (size_t i = 0; i < RIGHTS; i++) {
		char place[32];
		(void)snprintf(place, sizeof(place), "/%s", rights[i]);
		if (!same_member(c->old, c->new, rights[i]))
			return not_allowed(c->fault, place, "one does not change one's own rights",
					   "自分の権限を変更することはできない");
	}
	return HN_OK;
}

static bool same_place(const struct person_place *a, const struct person_place *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->roles == b->roles && a->until_us == b->until_us;
}

/* Places in other organisations stay as they are. */
static int other_places_ok(const struct change *c)
{
	bool ok = true;
	for (size_t i = 0; i < c->is->place_count; i++) {
		const struct person_place *p = &c->is->places[i];
		ok = ok && (uuid_compare(&p->organisation, &c->own) == 0 ||
			    same_place(p, place_in(c->was, &p->organisation)));
	}
	for (size_t i = 0; i < c->was->place_count; i++) {
		const struct person_place *p = &c->was->places[i];
		ok = ok && (uuid_compare(&p->organisation, &c->own) == 0 ||
			    place_in(c->is, &p->organisation) != NULL);
	}
	if (ok)
		return HN_OK;
	return not_allowed(c->fault, "/places", "administrators give roles in their own organisation only",
			   "管理者が役割を与えられるのは自組織内のみである");
}

/* By an administrator of the person's organisation. */
static int colleague_ok(const struct change *c)
{
	static const char *const whole[] = {"login", "names", "mail", "telephone", "active"};
	if (c->number != 0 && place_in(c->was, &c->own) == NULL)
		return HN_ENOENT; /* whom one does not know */
	if (c->number == 0 && place_in(c->is, &c->own) == NULL)
		return not_allowed(c->fault, "/places",
				   "administrators make people of their own organisation",
				   "管理者が登録できるのは自組織の者のみである");
	if (!same_member(c->old, c->new, "clearance"))
		return not_allowed(c->fault, "/clearance", "clearances are entered by the centre",
				   "適性評価の登録はセンターが行う");
	if (!same_member(c->old, c->new, "handlings"))
		return not_allowed(c->fault, "/handlings", "handlers are entered by the centre",
				   "取扱者の登録はセンターが行う");
	if (c->number == 0 || c->was->place_count == 1)
		return other_places_ok(c);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (!same_member(c->old, c->new, whole[i]))
			return not_allowed(
				c->fault, "",
				"the person has a place elsewhere too; the centre changes the rest",
				"他組織にも所属しているため、役割以外の変更はセンターが行う");
	return other_places_ok(c);
}

static bool handles_more(const struct person *was, const struct person_handling *is)
{
	for (size_t i = 0; i < was->handling_count; i++)
		if (uuid_compare(&was->handlings[i].authorization, &is->authorization) == 0)
			return is->until_us > was->handlings[i].until_us;
	return true;
}

/* Whether the person is to see more than before. */
static bool raises(const struct change *c)
{
	if (c->is->clearance > c->was->clearance ||
	    (c->is->clearance > 0 && c->is->clearance_until_us > c->was->clearance_until_us))
		return true;
	for (size_t i = 0; i < c->is->handling_count; i++)
		if (handles_more(c->was, &c->is->handlings[i]))
			return true;
	return false;
}

static int actor_ok(const struct change *c)
{
	if (c->number != 0 && c->number == c->actor->person)
		return oneself_ok(c);
	if (c->actor->hub)
		return HN_OK;
	if (administers_centre(c->actor))
		return c->number != 0 && raises(c)
			       ? credentials_raise_ok(c->db, c->actor, c->number, c->fault)
			       : HN_OK;
	if (c->actor->organisation != 0 && administers(c->actor, c->actor->organisation))
		return colleague_ok(c);
	return not_allowed(c->fault, "", "only administrators change people",
			   "利用者の変更は管理者のみ行うことができる");
}

/* ---- organisations that are named ---- */

static int organisation_kind(struct db *db, const struct uuid *id, enum org_kind *out, struct fault *fault)
{
	struct directory_row row;
	struct organisation o = {0};
	int err = directory_row_get(db, DIRECTORY_ORGANISATION, id, &row);
	if (err == HN_OK && row.number == 0)
		err = fault_set(
			fault, HN_ENOENT, "/places",
			tr("names an organisation that is not there", "に登録されていない組織がある"));
	if (err == HN_OK)
		err = organisation_read(row.text.data, row.text.len, id, &o, fault);
	*out = o.kind;
	organisation_clear(&o);
	buf_clear(&row.text);
	return err;
}

/* Commissioners belong to the commission and to nobody else. */
static int places_ok(const struct change *c)
{
	const unsigned commission = ROLE_COMMISSIONER | ROLE_COMMISSION_STAFF;
	for (size_t i = 0; i < c->is->place_count; i++) {
		enum org_kind kind = ORG_PUBLIC;
		const struct person_place *place = &c->is->places[i];
		int err = organisation_kind(c->db, &place->organisation, &kind, c->fault);
		if (err != HN_OK)
			return err;
		if ((place->roles & commission) != 0 && kind != ORG_COMMISSION)
			return not_allowed(c->fault, "/places",
					   "commissioners are of the oversight commission",
					   "委員及び委員会職員の役割は監理委員会においてのみ与えられる");
	}
	return HN_OK;
}

/* ---- the last administrator ---- */

static bool administers_for_good(const struct person *p, const struct uuid *centre)
{
	const struct person_place *place = place_in(p, centre);
	return p->active && place != NULL && place->until_us == 0 && (place->roles & ROLE_ADMINISTRATOR) != 0;
}

static int find_centre(struct db *db, struct uuid *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows,
			   "SELECT uuid_a, uuid_b FROM organisation WHERE body LIKE '%\"kind\":\"centre\"%'");
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		*out = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	db_rows_end(rows);
	if (err == 1)
		return HN_OK;
	return err == 0 ? HN_ENOENT : err;
}

static int another_administrator(struct db *db, int64_t but, const struct uuid *centre, bool *found)
{
	struct db_rows *rows = NULL;
	*found = false;
	int err = db_query(db, &rows,
			   "SELECT uuid_a, uuid_b, body FROM person WHERE number <> $1 AND body LIKE "
			   "'%\"administrator\"%'",
			   db_number(but));
	if (err != HN_OK)
		return err;
	while (!*found && (err = db_next(rows)) == 1) {
		struct person p = {0};
		size_t len = 0;
		const char *text = db_text(rows, 2, &len);
		struct uuid id = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
		err = person_read(text, len, &id, &p, NULL);
		*found = err == HN_OK && administers_for_good(&p, centre);
		person_clear(&p);
	}
	db_rows_end(rows);
	return err < 0 ? err : HN_OK;
}

static int last_administrator_ok(const struct change *c)
{
	struct uuid centre;
	bool found = false;
	if (c->number == 0)
		return HN_OK;
	int err = find_centre(c->db, &centre);
	if (err == HN_ENOENT)
		return HN_OK;
	if (err != HN_OK || !administers_for_good(c->was, &centre) || administers_for_good(c->is, &centre))
		return err;
	err = another_administrator(c->db, c->number, &centre, &found);
	if (err != HN_OK || found)
		return err;
	return fault_set(c->fault, HN_ESTATE, "/places",
			 tr("is the centre's last administrator without an end; make another one first",
			    "はセンターの最後の（期限のない）管理者である。先に別の管理者を登録すること"));
}

/* ---- writing ---- */

static int write_row(struct db *db, const struct person *p, struct directory_row *row)
{
	struct uuid_halves h = uuid_halves(&p->id);
	int64_t revision = 0;
	if (row->number != 0 && row->text.len == p->text_len &&
	    memcmp(row->text.data, p->text, p->text_len) == 0)
		return HN_OK;
	int err = directory_row_note(db, DIRECTORY_PERSON, row->number, &revision);
	if (err != HN_OK)
		return err;
	if (row->number == 0)
		err = db_run(
			db,
			"INSERT INTO person (number, uuid_a, uuid_b, login, revision, body) VALUES ($1, $2, "
			"$3, $4, $1, $5)",
			db_number(revision), db_number(h.a), db_number(h.b),
			db_string(p->login, strlen(p->login)), db_string(p->text, p->text_len));
	else
		err = db_run(db, "UPDATE person SET login = $2, revision = $3, body = $4 WHERE number = $1",
			     db_number(row->number), db_string(p->login, strlen(p->login)),
			     db_number(revision), db_string(p->text, p->text_len));
	if (err == HN_OK && row->number == 0)
		row->number = revision;
	if (err == HN_OK)
		row->revision = revision;
	return err;
}

/* A failed statement may end a transaction: the key is asked for first. */
static int login_free(struct db *db, const struct person *p, int64_t number, struct fault *fault)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT number FROM person WHERE login = $1 AND number <> $2",
			   db_string(p->login, strlen(p->login)), db_number(number));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	db_rows_end(rows);
	if (err == 1)
		return fault_set(fault, HN_EEXIST, "/login", tr("is taken", "は既に使われている"));
	return err;
}

static int own_organisation(struct db *db, const struct asker *actor, struct uuid *out)
{
	struct db_rows *rows = NULL;
	memset(out, 0, sizeof(*out));
	int err = db_query(db, &rows, "SELECT uuid_a, uuid_b FROM organisation WHERE number = $1",
			   db_number(actor->organisation));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		*out = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	db_rows_end(rows);
	return err < 0 ? err : HN_OK;
}

static int may_put(struct db *db, const struct asker *actor, const struct directory_row *row,
		   const struct person *is, struct fault *fault)
{
	struct change c = {.db = db, .actor = actor, .number = row->number, .is = is, .fault = fault};
	struct person was = {0};
	json_t *old = NULL;
	json_t *new = NULL;
	int err = own_organisation(db, actor, &c.own);
	if (err == HN_OK)
		err = json_object_read(is->text, is->text_len, &new, fault);
	if (err == HN_OK && row->number != 0)
		err = json_object_read(row->text.data, row->text.len, &old, fault);
	if (err == HN_OK && row->number != 0)
		err = person_read(row->text.data, row->text.len, &is->id, &was, fault);
	c.old = old;
	c.new = new;
	c.was = &was;
	if (err == HN_OK)
		err = actor_ok(&c);
	if (err == HN_OK)
		err = places_ok(&c);
	if (err == HN_OK)
		err = last_administrator_ok(&c);
	person_clear(&was);
	json_decref(old);
	json_decref(new);
	return err;
}

int people_put(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
	       const char *text, size_t len, int64_t *number_out, int64_t *revision_out, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row;
	struct person p = {0};
	int err = directory_row_get(db, DIRECTORY_PERSON, id, &row);
	if (err == HN_OK)
		err = person_read(text, len, id, &p, fault);
	if (err == HN_OK)
		err = may_put(db, actor, &row, &p, fault);
	if (err == HN_OK)
		err = directory_row_is(&row, revision, fault);
	if (err == HN_OK)
		err = login_free(db, &p, row.number, fault);
	if (err == HN_OK)
		err = write_row(db, &p, &row);
	if (err == HN_OK) {
		if (number_out != NULL)
			*number_out = row.number;
		*revision_out = row.revision;
	}
	person_clear(&p);
	buf_clear(&row.text);
	return err;
}

/* ---- the first of all ---- */

static int nobody_there(struct db *db, struct fault *fault)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT revision FROM directory_change LIMIT 1");
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	db_rows_end(rows);
	if (err == 1)
		return fault_set(fault, HN_EEXIST, "",
				 tr("the hub has its first administrator already",
				    "最初の管理者は既に登録されている"));
	return err;
}

/* The person's JSON with a place in the centre, with the roles of who sets a hub up. */
static int with_place(const char *person, const struct uuid *centre, struct buf *out, struct fault *fault)
{
	char id[UUID_TEXT_SIZE];
	json_t *object = NULL;
	int err = json_object_read(person, strlen(person), &object, fault);
	if (err != HN_OK)
		return err;
	uuid_format(centre, id);
	json_t *place = json_pack("[{s:s, s:[s,s,s,s]}]", "organisation", id, "roles", "administrator",
				  "analyst", "approver", "auditor");
	if (place == NULL || json_object_set_new(object, "places", place) != 0)
		err = HN_ENOMEM;
	if (err == HN_OK)
		json_add(out, object);
	json_decref(object);
	return err == HN_OK ? buf_err(out) : err;
}

static int first_centre(struct db *db, const struct uuid *id, const char *text, struct fault *fault)
{
	struct directory_row row = {0};
	struct organisation o = {0};
	int err = organisation_read(text, strlen(text), id, &o, fault);
	if (err == HN_OK && o.kind != ORG_CENTRE)
		err = fault_set(fault, HN_EFORMAT, "/kind",
				tr("must be \"centre\"", "は\"centre\"でなければならない"));
	if (err == HN_OK)
		err = directory_row_put(db, DIRECTORY_ORGANISATION, id, &row, o.text, o.text_len);
	organisation_clear(&o);
	return err;
}

int people_init_first_administrator(struct writing *w, const struct uuid *centre_id, const char *centre,
				    const struct uuid *person_id, const char *person, const char *password,
				    struct credential *token, struct credential *totp, struct fault *fault)
{
	struct asker hub;
	struct buf text;
	struct credential secret = {.id = uuid_v4(), .kind = CREDENTIAL_PASSWORD, .tlp_max = TLP_RED};
	int64_t revision = 0;
	asker_hub(&hub);
	buf_init(&text, PERSON_TEXT_MAX);
	int64_t centre_number = 0;
	int err = nobody_there(writing_db(w), fault);
	if (err == HN_OK)
		err = first_centre(writing_db(w), centre_id, centre, fault);
	if (err == HN_OK)
		err = directory_row_number(writing_db(w), DIRECTORY_ORGANISATION, centre_id, "",
					   &centre_number, fault);
	if (err == HN_OK)
		err = collections_add_first(w, centre_number);
	if (err == HN_OK)
		err = with_place(person, centre_id, &text, fault);
	if (err == HN_OK)
		err = people_put(w, &hub, person_id, 0, text.data, text.len, &secret.person, &revision,
				 fault);
	secret.secret_len = strnlen(password, CREDENTIAL_SECRET_MAX);
	memcpy(secret.secret, password, secret.secret_len);
	if (err == HN_OK)
		err = credentials_add(w, &hub, &secret, fault);
	if (err == HN_OK && token != NULL) {
		token->person = secret.person;
		err = credentials_add(w, &hub, token, fault);
	}
	if (err == HN_OK && totp != NULL) {
		totp->person = secret.person;
		err = credentials_add(w, &hub, totp, fault);
	}
	buf_clear(&text);
	return err;
}
