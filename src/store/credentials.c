/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/credentials.h"

#include <string.h>

#include "base/lang.h"
#include "store/directory_rows.h"
#include "store/object_inside.h"
#include "store/person.h"

static const char *const scopes[] = {"read", "write", "approve", "hold", "manage", "audit", "edge"};
static const char *const uses[] = {"own", "onward", "sets"};

static int find(const char *const *words, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == len && memcmp(words[i], name, len) == 0)
			return (int)i;
	return -1;
}

const char *scope_name(unsigned scope)
{
	size_t bit = scope == 0 ? sizeof(scopes) : (size_t)__builtin_ctz(scope);
	return bit < sizeof(scopes) / sizeof(scopes[0]) && scope >> bit == 1 ? scopes[bit] : NULL;
}

int scope_value(const char *name, size_t len)
{
	int bit = find(scopes, sizeof(scopes) / sizeof(scopes[0]), name, len);
	return bit < 0 ? -1 : 1 << bit;
}

const char *use_name(enum credential_use use)
{
	return (unsigned)use < sizeof(uses) / sizeof(uses[0]) ? uses[use] : NULL;
}

int use_value(const char *name, size_t len)
{
	return find(uses, sizeof(uses) / sizeof(uses[0]), name, len);
}

/* ---- who may ---- */

static int read_person(struct db *db, int64_t number, struct person *out, struct fault *fault)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT uuid_a, uuid_b, body FROM person WHERE number = $1",
			   db_number(number));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1) {
		struct uuid id = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
		size_t len = 0;
		const char *text = db_text(rows, 2, &len);
		err = person_read(text, len, &id, out, fault);
	} else if (err == 0) {
		err = fault_set(fault, HN_ENOENT, "/person", tr("is not there", "は登録されていない"));
	}
	db_rows_end(rows);
	return err;
}

static int organisation_uuid(struct db *db, int64_t number, struct uuid *out, struct fault *fault)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT uuid_a, uuid_b FROM organisation WHERE number = $1",
			   db_number(number));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		*out = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	db_rows_end(rows);
	if (err == 1)
		return HN_OK;
	return err == 0 ? fault_set(fault, HN_ENOENT, "/organisation",
				    tr("is not there", "は登録されていない"))
			: err;
}

/* Who could sign in as somebody would see what that one sees. */
static int person_ok(struct db *db, const struct asker *actor, const struct person *p, struct fault *fault)
{
	struct uuid own;
	if (p->clearance > actor->clearance || p->handling_count > 0)
		return not_allowed(fault, "", "the person holds a clearance or handles more than you",
				   "対象者の適性評価又は取扱権限が操作者を上回っている");
	if (administers_centre(actor))
		return HN_OK;
	int err = organisation_uuid(db, actor->organisation, &own, fault);
	if (err != HN_OK)
		return err;
	if (p->place_count == 1 && uuid_compare(&p->places[0].organisation, &own) == 0)
		return HN_OK;
	return not_allowed(fault, "", "the person has a place elsewhere", "対象者は他の組織に所属している");
}

static int actor_ok(struct db *db, const struct asker *actor, const struct credential *c, struct fault *fault)
{
	struct person p = {0};
	struct uuid organisation;
	if (c->person == 0) {
		int err = organisation_uuid(db, c->organisation, &organisation, fault);
		if (err != HN_OK || administers(actor, c->organisation))
			return err;
		return not_allowed(fault, "", "only administrators change the organisation's machines",
				   "組織の機器の認証情報は管理者のみ変更できる");
	}
	if (actor->hub || actor->person == c->person)
		return HN_OK;
	if (!administers(actor, actor->organisation) || actor->organisation == 0)
		return not_allowed(fault, "", "only oneself or an administrator",
				   "本人又は管理者のみ行うことができる");
	int err = read_person(db, c->person, &p, fault);
	if (err == HN_OK)
		err = person_ok(db, actor, &p, fault);
	person_clear(&p);
	return err;
}

/* ---- taking away ---- */

static int remove_one(struct db *db, int64_t number)
{
	int64_t revision = 0;
	int err = directory_row_note(db, DIRECTORY_CREDENTIAL, number, &revision);
	if (err == HN_OK)
		err = db_run(db, "DELETE FROM passkey WHERE number = $1", db_number(number));
	return err == HN_OK ? db_run(db, "DELETE FROM credential WHERE number = $1", db_number(number)) : err;
}

#define REMOVE_MAX 256 /* at a time */

/* The numbers that a query gives; it is ended before anything is removed. */
static int take_numbers(struct db_rows *rows, int64_t *out, size_t *count_out)
{
	size_t count = 0;
	int err = HN_OK;
	while (count < REMOVE_MAX && (err = db_next(rows)) == 1)
		out[count++] = db_int(rows, 0);
	db_rows_end(rows);
	*count_out = count;
	return err < 0 ? err : HN_OK;
}

static int remove_all(struct db *db, const int64_t *numbers, size_t count)
{
	int err = HN_OK;
	for (size_t i = 0; i < count && err == HN_OK; i++)
		err = remove_one(db, numbers[i]);
	return err;
}

/* ---- passwords and links that others gave ---- */

static int is_given(struct db *db, int64_t person, bool *out)
{
	struct db_rows *rows = NULL;
	int err =
		db_query(db, &rows, "SELECT person FROM credential_giver WHERE person = $1 AND standing = 1",
			 db_number(person));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	db_rows_end(rows);
	*out = err == 1;
	return err < 0 ? err : HN_OK;
}

static int note_giver(struct db *db, const struct asker *actor, const struct credential *c)
{
	if (c->person == 0 || actor->hub)
		return HN_OK;
	if (actor->person == c->person)
		return c->kind != CREDENTIAL_PASSWORD
			       ? HN_OK
			       : db_run(db, "UPDATE credential_giver SET standing = 0 WHERE person = $1",
					db_number(c->person));
	return db_run(db,
		      "INSERT INTO credential_giver (person, giver, standing) VALUES ($1, $2, 1) "
		      "ON CONFLICT (person, giver) DO UPDATE SET standing = 1",
		      db_number(c->person), db_number(actor->person));
}

int credentials_raise_ok(struct db *db, const struct asker *actor, int64_t person, struct fault *fault)
{
	struct db_rows *rows = NULL;
	bool given = false;
	int err = db_query(db, &rows, "SELECT person FROM credential_giver WHERE person = $1 AND giver = $2",
			   db_number(person), db_number(actor->person));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	db_rows_end(rows);
	if (err == 1)
		return not_allowed(
			fault, "",
			"you gave this person a password or link; another administrator raises their rights",
			"対象者のパスワードを設定し、又はリンクを発行した者は、その権限を引き上げることができ"
			"ない。別の"
			"管理者が行うこと");
	if (err == HN_OK)
		err = is_given(db, person, &given);
	if (err != HN_OK || !given)
		return err;
	return not_allowed(
		fault, "",
		"somebody else gave the person a password or link; the person sets their own password first",
		"対象者は他の者が与えたパスワード又はリンクによっている。先に本人がパスワードを設定すること");
}

/* The former one of this kind, and what sign-ins have made. */
static int replace_former(struct db *db, const struct asker *actor, const struct credential *c)
{
	int64_t numbers[REMOVE_MAX];
	size_t count = 0;
	bool given = false;
	int err = HN_OK;
	if (c->kind != CREDENTIAL_PASSWORD && c->kind != CREDENTIAL_TOTP)
		return HN_OK;
	if (c->kind == CREDENTIAL_PASSWORD && actor->person == c->person && !actor->hub)
		err = is_given(db, c->person, &given);
	if (err != HN_OK)
		return err;
	do {
		struct db_rows *rows = NULL;
		err = db_query(
			db, &rows,
			"SELECT number FROM credential WHERE person = $1 AND (kind = $2 OR session = 1 OR "
			"($3 = 1 AND kind <> $4))",
			db_number(c->person), db_number(c->kind), db_number(given),
			db_number(CREDENTIAL_TOTP));
		if (err == HN_OK)
			err = take_numbers(rows, numbers, &count);
		if (err == HN_OK)
			err = remove_all(db, numbers, count);
	} while (err == HN_OK && count == REMOVE_MAX);
	return err;
}

/* ---- adding ---- */

static int is_new(struct db *db, const struct credential *c, struct fault *fault)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT number FROM credential WHERE kind = $1 AND secret = $2",
			   db_number(c->kind), db_bytes(c->secret, c->secret_len));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	db_rows_end(rows);
	if (err == 1)
		return fault_set(fault, HN_EEXIST, "", tr("is there already", "は既に登録されている"));
	return err;
}

static int insert(struct db *db, const struct credential *c)
{
	struct uuid_halves h = uuid_halves(&c->id);
	return db_run(
		db,
		"INSERT INTO credential (" CREDENTIAL_COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $1, $15, $16, $17)",
		db_number(c->number), db_number(h.a), db_number(h.b), db_number(c->kind),
		db_number(c->person), db_number(c->organisation), db_number(c->scopes), db_number(c->use),
		db_number(c->purposes), db_number(c->tlp_max), db_number(c->session),
		db_number(c->created_us), db_number(c->expires_us), db_number(c->step),
		db_string(c->title, strlen(c->title)), db_string(c->prefix, strlen(c->prefix)),
		db_bytes(c->secret, c->secret_len));
}

int credentials_add(struct writing *w, const struct asker *actor, struct credential *credential,
		    struct fault *fault)
{
	struct db *db = writing_db(w);
	int64_t number = 0;
	int err = actor_ok(db, actor, credential, fault);
	if (err == HN_OK)
		err = is_new(db, credential, fault);
	if (err == HN_OK)
		err = replace_former(db, actor, credential);
	if (err == HN_OK)
		err = note_giver(db, actor, credential);
	if (err == HN_OK)
		err = directory_row_note(db, DIRECTORY_CREDENTIAL, 0, &number);
	if (err != HN_OK)
		return err;
	struct credential made = *credential;
	made.number = made.revision = number;
	made.created_us = writing_now_us(w);
	err = insert(db, &made);
	if (err == HN_OK)
		*credential = made;
	return err;
}

int credentials_remove(struct writing *w, const struct asker *actor, const struct uuid *id,
		       struct fault *fault)
{
	struct db *db = writing_db(w);
	struct uuid_halves h = uuid_halves(id);
	struct credential c = {0};
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows,
			   "SELECT " CREDENTIAL_COLUMNS " FROM credential WHERE uuid_a = $1 AND uuid_b = $2",
			   db_number(h.a), db_number(h.b));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		err = credential_of_row(rows, &c);
	else if (err == 0)
		err = HN_ENOENT;
	db_rows_end(rows);
	if (err == HN_OK)
		err = actor_ok(db, actor, &c, fault);
	return err == HN_OK ? remove_one(db, c.number) : err;
}

int credentials_take(struct writing *w, enum credential_kind kind, const uint8_t secret[CREDENTIAL_DIGEST],
		     struct credential *out)
{
	struct db *db = writing_db(w);
	struct db_rows *rows = NULL;
	struct credential c = {0};
	int err = db_query(db, &rows,
			   "SELECT " CREDENTIAL_COLUMNS " FROM credential WHERE kind = $1 AND secret = $2",
			   db_number(kind), db_bytes(secret, CREDENTIAL_DIGEST));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		err = credential_of_row(rows, &c);
	else if (err == 0)
		err = HN_ENOENT;
	db_rows_end(rows);
	if (err == HN_OK && c.expires_us != 0 && c.expires_us <= writing_now_us(w))
		err = HN_ENOENT;
	if (err == HN_OK)
		err = remove_one(db, c.number);
	if (err == HN_OK)
		*out = c;
	return err;
}

int credentials_person(struct writing *w, const char *login, int64_t *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(writing_db(w), &rows, "SELECT number FROM person WHERE login = $1",
			   db_string(login, strlen(login)));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		*out = db_int(rows, 0);
	db_rows_end(rows);
	if (err == 1)
		return HN_OK;
	return err == 0 ? HN_ENOENT : err;
}

int credentials_use_step(struct writing *w, int64_t number, int64_t step)
{
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(number), db_number(step)};
	int err = db_run_values(writing_db(w),
				"UPDATE credential SET step = $2 WHERE number = $1 AND step < $2", values, 2,
				&changed);
	if (err == HN_OK && changed == 0)
		return HN_EAUTH;
	return err;
}

int credentials_expire(struct writing *w, int64_t before_us, uint64_t *count_out)
{
	struct db *db = writing_db(w);
	int64_t numbers[REMOVE_MAX];
	size_t count = 0;
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT number FROM credential WHERE expires > 0 AND expires < $1",
			   db_number(before_us));
	if (err == HN_OK)
		err = take_numbers(rows, numbers, &count);
	if (err == HN_OK)
		err = remove_all(db, numbers, count);
	if (err == HN_OK)
		*count_out = count;
	return err;
}
