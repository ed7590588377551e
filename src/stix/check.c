/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

#define WORK_MAX 1000000u

int stix_fail(struct stix_checker *c, uint32_t token, int err, const char *format, ...)
{
	char pointer[JSON_READER_POINTER_MAX], message[400];
	va_list args;
	if (c->fault == NULL)
		return err;
	stix_tape_pointer(c->t, token, pointer);
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return fault_set(c->fault, err, pointer, "%s", message);
}

int stix_grow(void **array, size_t count, size_t *room, size_t size, size_t max)
{
	if (count < *room)
		return HN_OK;
	if (count >= max)
		return HN_ELIMIT;
	size_t more = *room == 0 ? 16 : *room * 2;
	void *bigger = realloc(*array, more * size);
	if (bigger == NULL)
		return HN_ENOMEM;
	*array = bigger;
	*room = more;
	return HN_OK;
}

int stix_plain(struct stix_checker *c, uint32_t token, const char **text_out, size_t *len_out)
{
	struct json_string s = stix_tape_string(c->t, token);
	return json_text(&s, &c->m->scratch, text_out, len_out);
}

int stix_later(struct stix_checker *c, const struct stix_work *w)
{
	void *work = c->m->work;
	int rc = stix_grow(&work, c->m->work_count, &c->m->work_room, sizeof(*w), WORK_MAX);
	c->m->work = work;
	if (rc == HN_OK)
		c->m->work[c->m->work_count++] = *w;
	return rc;
}

/* STIX 2.1, 2.5: a list is never empty. */
static int check_list(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
		      uint32_t token)
{
	const struct stix_token *k = &c->t->tokens[token];
	if (k->kind != JSON_TOKEN_ARRAY)
		return stix_fail(c, token, HN_EFORMAT,
				 tr("this must be a list", "ここはリストでなければならない"));
	if (k->next == token + 1)
		return stix_fail(c, token, HN_EFORMAT,
				 tr("empty; leave the property away", "空である。この項目ごと省くこと"));
	for (uint32_t i = token + 1; i < k->next; i = c->t->tokens[i].next) {
		int rc = stix_check_value(c, w, p, i);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* STIX 2.1, 3.1 and 11.1: names of properties. */
static bool name_ok(const char *name, size_t len)
{
	if (len < 3 || len > 250)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
		      name[i] == '_'))
			return false;
	return true;
}

/* A property of others' making: at the top its name keeps to the rules; what it says in words is for people.
 */
static int check_other(struct stix_checker *c, const struct stix_work *w, uint32_t name)
{
	size_t len;
	const char *text = stix_tape_name(c->t, name, &len);
	if (w->token != 0)
		return HN_OK;
	if (!name_ok(text, len))
		return stix_fail(c, name, HN_EFORMAT,
				 tr("a property's name has 3 to 250 of a-z, 0-9 and '_'",
				    "項目の名前は a-z、0-9、'_' の3文字以上250文字以下である"));
	return c->t->tokens[name + 1].kind == JSON_TOKEN_STRING ? stix_take_text(c, name + 1) : HN_OK;
}

static int check_member(struct stix_checker *c, const struct stix_work *w, uint32_t name, uint32_t *members)
{
	size_t len;
	const char *text = stix_tape_name(c->t, name, &len);
	int i = stix_property_find(w->table, text, len, w->versions);
	if (i < 0)
		return check_other(c, w, name);
	const struct stix_property *p = stix_property_at(w->table, (unsigned)i);
	members[i] = name + 1;
	int rc = p->list ? check_list(c, w, p, name + 1) : stix_check_value(c, w, p, name + 1);
	return rc == HN_OK && (p->take != STIX_TAKE_NOTHING || p->value != 0) ? stix_take(c, w, p, name + 1)
									      : rc;
}

static int check_required(struct stix_checker *c, const struct stix_work *w, const struct stix_table *table,
			  const uint32_t *members)
{
	for (unsigned i = 0; i < table->count; i++)
		if (members[i] == 0 && (table->properties[i].required & w->versions) == w->versions)
			return stix_fail(c, w->token, HN_EFORMAT, tr("\"%s\" is missing", "\"%s\" がない"),
					 table->properties[i].name);
	return HN_OK;
}

static int check_structure(struct stix_checker *c, const struct stix_work *w)
{
	uint32_t members[STIX_TABLE_OWN + STIX_TABLE_BASE] = {0};
	const struct stix_table *table = w->table;
	const struct stix_token *k = &c->t->tokens[w->token];
	int rc = HN_OK;
	if (table->nothing_empty && k->next == w->token + 1)
		return stix_fail(c, w->token, HN_EFORMAT, tr("it says nothing", "何も書かれていない"));
	for (uint32_t i = w->token + 1; rc == HN_OK && i < k->next; i = c->t->tokens[i].next)
		rc = check_member(c, w, i, members);
	if (rc == HN_OK)
		rc = check_required(c, w, table, members);
	if (rc == HN_OK && table->base != NULL)
		rc = check_required(c, w, table->base, members + STIX_TABLE_OWN);
	if (rc == HN_OK)
		rc = stix_check_rules(c, w, table->rules, members);
	if (rc == HN_OK && table->base != NULL)
		rc = stix_check_rules(c, w, table->base->rules, members);
	return rc;
}

int stix_check(struct stix_checker *c, const struct stix_type *type)
{
	struct stix_work w = {0, 0, type->table, type, 1u << c->o->spec};
	c->m->work_count = 0;
	int rc = check_structure(c, &w);
	/* What is found inside is put behind; it was counted when the tape was read, so this ends. */
	for (size_t i = 0; rc == HN_OK && i < c->m->work_count; i++) {
		w = c->m->work[i];
		rc = check_structure(c, &w);
	}
	return rc;
}
