/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/warnings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/lang.h"
#include "store/db_row.h"
#include "store/directory_rows.h"
#include "store/form.h"
#include "store/object_inside.h"
#include "store/organisation_parts.h"
#include "store/warnings_rows.h"

#define TEXT_MAX 32768

static const char *const actions[] = {"off", "inform", "block"};
static const char *const ways[] = {"csv", "misp", "rpz", "sets", "stix", "taxii"};

const char *warning_action_name(enum warning_action action)
{
	return actions[action];
}

static int word_in(const char *const words[], size_t count, const char *word, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return (int)i;
	return -1;
}

static int action_value(const char *word, size_t len)
{
	return word_in(actions, sizeof(actions) / sizeof(actions[0]), word, len);
}

static int way_value(const char *word, size_t len)
{
	return word_in(ways, sizeof(ways) / sizeof(ways[0]), word, len);
}

/* ---- JSON ---- */

/* A rule as it stands; its consumer becomes a number later. */
struct rule_form {
	struct uuid consumer;
	bool has_consumer;
	int way; /* -1: all */
	int action;
};

static int read_rule(const struct form *f, void *item)
{
	static const char *const names[] = {"consumer", "export", "action", NULL};
	struct rule_form *rule = item;
	rule->way = -1;
	rule->has_consumer = json_object_get(f->at, "consumer") != NULL;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_uuid(f, "consumer", false, &rule->consumer);
	if (err == HN_OK)
		err = form_word(f, "export", false, way_value, &rule->way);
	return err == HN_OK ? form_word(f, "action", true, action_value, &rule->action) : err;
}

static int take_rules(const struct form *f, struct db *db, struct warning_policy *policy)
{
	void *items = NULL;
	int err = form_objects(f, "rules", WARNING_RULES_MAX, sizeof(struct rule_form), &items,
			       &policy->rule_count, read_rule);
	const struct rule_form *rules = items;
	for (size_t i = 0; i < policy->rule_count && err == HN_OK; i++) {
		struct warning_rule *rule = &policy->rules[i];
		rule->action = (enum warning_action)rules[i].action;
		(void)snprintf(rule->way, sizeof(rule->way), "%s",
			       rules[i].way < 0 ? "" : ways[rules[i].way]);
		if (rules[i].has_consumer)
			err = directory_row_number(db, DIRECTORY_ORGANISATION, &rules[i].consumer, "/rules",
						   &rule->consumer, f->fault);
	}
	return err;
}

static int read_tree(const struct form *f, struct db *db, struct warning_policy *policy)
{
	static const char *const names[] = {"id", "name", "action", "rules", NULL};
	const char *name = NULL;
	int action = WARNING_INFORM;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_text(f, "name", true, sizeof(policy->name) - 1, &name);
	if (err == HN_OK)
		err = form_word(f, "action", false, action_value, &action);
	if (err != HN_OK)
		return err;
	(void)snprintf(policy->name, sizeof(policy->name), "%s", name);
	policy->action = (enum warning_action)action;
	return take_rules(f, db, policy);
}

int warning_policy_read(struct db *db, const char *text, size_t len, const struct uuid *id,
			struct warning_policy *out, struct buf *text_out, struct fault *fault)
{
	json_t *object = NULL;
	memset(out, 0, sizeof(*out));
	int err = identified_read(text, len, TEXT_MAX, id, &object, fault);
	if (err != HN_OK)
		return err;
	struct arena *arena = arena_new(TEXT_MAX * (size_t)2);
	const struct form f = {.at = object, .arena = arena, .fault = fault};
	err = arena == NULL ? fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM))
			    : read_tree(&f, db, out);
	if (err == HN_OK && text_out != NULL) {
		json_add(text_out, object);
		err = buf_err(text_out);
	}
	arena_free(arena);
	json_decref(object);
	return err;
}

/* ---- changes ---- */

int warnings_may_change(const struct asker *actor, struct fault *fault)
{
	if (actor->hub || (actor->organisation != 0 && actor->kind == ORG_CENTRE &&
			   (actor->roles & (ROLE_ADMINISTRATOR | ROLE_ANALYST)) != 0))
		return HN_OK;
	return not_allowed(fault, "", "warning lists are changed by the centre's administrators and analysts",
			   "警告リストの変更はセンターの管理者又は分析担当者が行う");
}

static int find_row(struct db *db, const struct uuid *id, struct directory_row *row)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows,
			   "SELECT number, revision, body FROM warning_list WHERE uuid_a = $1 AND uuid_b = "
			   "$2",
			   db_number(h.a), db_number(h.b));
	return directory_row_take(err, &rows, TEXT_MAX * (size_t)2, row, NULL);
}

/* The number of the change: of what was changed too, and by it others see that something was. */
static int next_revision(struct db *db, int64_t *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "UPDATE warning_change SET revision = revision + 1 WHERE number = 1 RETURNING "
			   "revision");
	return db_one_number(err, &rows, out);
}

static int write_body(struct db *db, const struct uuid *id, const struct directory_row *row,
		      const struct buf *body, int64_t revision)
{
	struct uuid_halves h = uuid_halves(id);
	if (row->number != 0)
		return db_run(db, "UPDATE warning_list SET revision = $2, body = $3 WHERE number = $1",
			      db_number(row->number), db_number(revision), db_string(body->data, body->len));
	/* Changes are numbered without gaps, so their numbers are as good for lists. */
	return db_run(db,
		      "INSERT INTO warning_list (number, uuid_a, uuid_b, revision, body, count, unusable, "
		      "form, content) VALUES ($1, $2, $3, $1, $4, 0, 0, '', $5)",
		      db_number(revision), db_number(h.a), db_number(h.b), db_string(body->data, body->len),
		      db_bytes("", 0));
}

int warnings_put(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
		 const char *text, size_t len, int64_t *revision_out, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row = {0};
	struct warning_policy policy;
	struct buf body;
	buf_init(&body, TEXT_MAX);
	int err = warnings_may_change(actor, fault);
	if (err == HN_OK)
		err = find_row(db, id, &row);
	if (err == HN_OK)
		err = warning_policy_read(db, text, len, id, &policy, &body, fault);
	if (err == HN_OK)
		err = directory_row_is(&row, revision, fault);
	bool same = err == HN_OK && row.number != 0 && row.text.len == body.len &&
		    memcmp(row.text.data, body.data, body.len) == 0;
	int64_t now = row.revision;
	if (err == HN_OK && !same)
		err = next_revision(db, &now);
	if (err == HN_OK && !same)
		err = write_body(db, id, &row, &body, now);
	if (err == HN_OK)
		*revision_out = now;
	buf_clear(&body);
	buf_clear(&row.text);
	return err;
}

static int absent(struct fault *fault)
{
	return fault_set(fault, HN_ENOENT, "", tr("no such warning list", "その警告リストはない"));
}

/* A line of a plain list may begin with a bracket; a whole JSON list is meant as one. */
static bool is_json_list(const uint8_t *data, size_t len)
{
	struct json_reader r;
	enum json_token token;
	json_reader_init(&r, cur_of(data, len), 16, false);
	return json_next(&r, &token) == HN_OK && token == JSON_TOKEN_ARRAY && json_skip(&r, token) == HN_OK;
}

static int not_text(uint64_t n, struct fault *fault)
{
	char place[40];
	(void)snprintf(place, sizeof(place), "/list/%" PRIu64, n - 1);
	return fault_set(fault, HN_EFORMAT, place, "%s", tr("must be text", "は文字列でなければならない"));
}

int warnings_examine(const uint8_t *data, size_t len, struct warning_summary *out, struct fault *fault)
{
	struct warning_lists *lists;
	if (len > WARNING_CONTENT_MAX)
		return fault_set(fault, HN_ELIMIT, "", tr("over %u bytes", "%uバイトを超えている"),
				 WARNING_CONTENT_MAX);
	if (is_json_list(data, len))
		return fault_set(fault, HN_EFORMAT, "", "%s",
				 tr("this JSON is no MISP warning list (members 'type' and 'list')",
				    "このJSONはMISP警告リストではない(type と list が要る)"));
	int err = warning_lists_new(NULL, &lists);
	if (err != HN_OK)
		return err;
	err = warning_lists_add(lists, "content", cur_of(data, len), out, fault);
	warning_lists_free(lists);
	return err == HN_OK && out->no_text > 0 ? not_text(out->no_text, fault) : err;
}

int warnings_content(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
		     const uint8_t *data, size_t len, const struct warning_summary *summary,
		     int64_t *revision_out, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row = {0};
	int err = warnings_may_change(actor, fault);
	if (err == HN_OK)
		err = find_row(db, id, &row);
	if (err == HN_OK && row.number == 0)
		err = absent(fault);
	if (err == HN_OK && revision >= 0)
		err = directory_row_is(&row, revision, fault);
	buf_clear(&row.text);
	int64_t now = 0;
	if (err == HN_OK)
		err = next_revision(db, &now);
	if (err != HN_OK)
		return err;
	*revision_out = now;
	return db_run(
		db,
		"UPDATE warning_list SET revision = $2, count = $3, unusable = $4, form = $5, content = "
		"$6 WHERE number = $1",
		db_number(row.number), db_number(now), db_number((int64_t)summary->values),
		db_number((int64_t)summary->unusable), db_string(summary->form, strlen(summary->form)),
		db_bytes(data, len));
}

int warnings_remove(struct writing *w, const struct asker *actor, const struct uuid *id, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row = {0};
	int64_t revision;
	int err = warnings_may_change(actor, fault);
	if (err == HN_OK)
		err = find_row(db, id, &row);
	buf_clear(&row.text);
	if (err == HN_OK && row.number == 0)
		err = absent(fault);
	if (err == HN_OK)
		err = next_revision(db, &revision);
	return err != HN_OK ? err
			    : db_run(db, "DELETE FROM warning_list WHERE number = $1", db_number(row.number));
}

/* ---- reading ---- */

/* The body without its last bracket, then what the content is. */
static void write_row(struct buf *out, const struct db_rows *rows)
{
	size_t len, form_len;
	const char *body = db_text(rows, 1, &len);
	const char *form = db_text(rows, 4, &form_len);
	buf_add(out, body, len > 0 ? len - 1 : 0);
	buf_addf(out, ",\"values\":%" PRId64 ",\"unusable\":%" PRId64, db_int(rows, 2), db_int(rows, 3));
	if (form_len > 0)
		buf_addf(out, ",\"form\":\"%.*s\"", (int)form_len, form);
	buf_addc(out, '}');
}

#define COLUMNS "revision, body, count, unusable, form"

int warnings_get(struct reader *reader, const struct uuid *id, struct buf *out, int64_t *revision_out)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows;
	if (reader_asker(reader)->organisation == 0 && !reader_asker(reader)->hub)
		return HN_ENOENT;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS " FROM warning_list WHERE uuid_a = $1 AND uuid_b = $2",
			   db_number(h.a), db_number(h.b));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	write_row(out, rows);
	*revision_out = db_int(rows, 0);
	db_rows_end(rows);
	return buf_err(out);
}

int warnings_list(struct reader *reader, struct buf *out)
{
	struct db_rows *rows;
	if (reader_asker(reader)->organisation == 0 && !reader_asker(reader)->hub)
		return HN_OK;
	int err = db_query(reader_db(reader), &rows, "SELECT " COLUMNS " FROM warning_list ORDER BY number");
	if (err != HN_OK)
		return err;
	int more;
	for (size_t n = 0; (more = db_next(rows)) == 1; n++) {
		if (n > 0)
			buf_addc(out, ',');
		write_row(out, rows);
	}
	db_rows_end(rows);
	return more < 0 ? more : buf_err(out);
}
