/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/person.h"

#include <string.h>

#include "base/lang.h"
#include "store/form.h"
#include "store/organisation_parts.h"

#define PLACES_MAX 64
#define MEMORY_MAX (4 * PERSON_TEXT_MAX)

/* By the number of the bit. */
static const char *const roles[] = {
	"analyst",       "approver",     "reporter",         "point-of-contact", "auditor",
	"administrator", "commissioner", "commission-staff", "edge-operator",
};
static const char *const clearances[CLEARANCE_MAX + 1] = {"none", "restricted", "secret", "top-secret"};

const char *role_name(unsigned role)
{
	if (role == 0 || (role & (role - 1)) != 0 || role > ROLE_EDGE_OPERATOR)
		return NULL;
	return roles[__builtin_ctz(role)];
}

const char *clearance_name(unsigned clearance)
{
	return clearance <= CLEARANCE_MAX ? clearances[clearance] : NULL;
}

static int find(const char *const *words, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == len && memcmp(words[i], name, len) == 0)
			return (int)i;
	return -1;
}

int role_value(const char *name, size_t len)
{
	int number = find(roles, sizeof(roles) / sizeof(roles[0]), name, len);
	return number < 0 ? -1 : 1 << number;
}

int clearance_value(const char *name, size_t len)
{
	return find(clearances, CLEARANCE_MAX + 1, name, len);
}

static int place_read(const struct form *f, void *item)
{
	static const char *const names[] = {"organisation", "roles", "until", NULL};
	struct person_place *out = item;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_uuid(f, "organisation", true, &out->organisation);
	if (err == HN_OK)
		err = form_words(f, "roles", false, role_value, &out->roles);
	return err == HN_OK ? form_time(f, "until", &out->until_us) : err;
}

static int handling_read(const struct form *f, void *item)
{
	static const char *const names[] = {"authorization", "until", NULL};
	struct person_handling *out = item;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_uuid(f, "authorization", true, &out->authorization);
	return err == HN_OK ? form_time(f, "until", &out->until_us) : err;
}

static int clearance_read(const struct form *f, struct person *out)
{
	static const char *const names[] = {"level", "until", NULL};
	const json_t *clearance = NULL;
	int level = 0;
	int err = json_get_object(f->at, "clearance", false, &clearance, f->fault);
	if (err != HN_OK || clearance == NULL)
		return err;
	struct form inner = *f;
	inner.at = clearance;
	err = json_only(clearance, names, f->fault);
	if (err == HN_OK)
		err = form_word(&inner, "level", true, clearance_value, &level);
	if (err == HN_OK)
		err = form_time(&inner, "until", &out->clearance_until_us);
	if (err == HN_OK && level > 0 && out->clearance_until_us == 0)
		err = form_wrong(&inner, "until", "is missing: a clearance ends",
				 "がない。適性評価には期限が要る");
	out->clearance = (unsigned)level;
	return form_within(f, "clearance", err);
}

static int login_read(const struct form *f, struct person *out)
{
	const char *login = NULL;
	int err = form_text(f, "login", true, PERSON_LOGIN_MAX, &login);
	if (err != HN_OK)
		return err;
	if (strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._@+-") != strlen(login))
		return form_wrong(f, "login", "must consist of small letters, digits and . _ @ + -",
				  "は英小文字、数字、. _ @ + - からなる文字列でなければならない");
	memcpy(out->login, login, strlen(login) + 1);
	return HN_OK;
}

/* A place stands once for each organisation. */
static int places_ok(const struct form *f, const struct person *p)
{
	for (size_t i = 0; i < p->place_count; i++)
		for (size_t j = 0; j < i; j++)
			if (uuid_compare(&p->places[i].organisation, &p->places[j].organisation) == 0)
				return form_wrong(f, "places", "must name each organisation once",
						  "に同じ組織を重ねて指定することはできない");
	return HN_OK;
}

static int tree_read(const struct form *f, struct person *out)
{
	static const char *const names[] = {"id",     "login",  "names",     "mail",      "telephone",
					    "active", "places", "clearance", "handlings", NULL};
	const char *text = NULL;
	void *list = NULL;
	out->active = true;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = login_read(f, out);
	if (err == HN_OK)
		err = names_read(f, false);
	if (err == HN_OK)
		err = form_text(f, "mail", false, 320, &text);
	if (err == HN_OK)
		err = form_text(f, "telephone", false, 64, &text);
	if (err == HN_OK)
		err = json_get_bool(f->at, "active", false, &out->active, f->fault);
	if (err == HN_OK)
		err = form_objects(f, "places", PLACES_MAX, sizeof(struct person_place), &list,
				   &out->place_count, place_read);
	out->places = list;
	if (err == HN_OK)
		err = places_ok(f, out);
	if (err == HN_OK)
		err = clearance_read(f, out);
	list = NULL;
	if (err == HN_OK)
		err = form_objects(f, "handlings", ASKER_AUTHORIZATIONS_MAX, sizeof(struct person_handling),
				   &list, &out->handling_count, handling_read);
	out->handlings = list;
	return err;
}

int person_read(const char *text, size_t len, const struct uuid *id, struct person *out, struct fault *fault)
{
	struct person p = {.id = *id};
	json_t *object = NULL;
	int err = identified_read(text, len, PERSON_TEXT_MAX, id, &object, fault);
	if (err != HN_OK)
		return err;
	p.memory = arena_new_small(MEMORY_MAX, 2 * len + 256);
	if (p.memory == NULL)
		err = fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	const struct form f = {.at = object, .arena = p.memory, .fault = fault};
	if (err == HN_OK)
		err = tree_read(&f, &p);
	if (err == HN_OK)
		err = canonical_text(&f, PERSON_TEXT_MAX, &p.text, &p.text_len);
	json_decref(object);
	if (err != HN_OK)
		person_clear(&p);
	else
		*out = p;
	return err;
}

void person_clear(struct person *p)
{
	arena_free(p->memory);
	memset(p, 0, sizeof(*p));
}
