/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/authorization.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "authority/rules.h"
#include "base/json.h"
#include "base/lang.h"

void authorization_free(struct authorization *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->pattern_count; i++)
		pattern_clear(&a->patterns[i]);
	free(a->patterns);
	free(a->links);
	free(a->recipients);
	free(a->acts);
	free(a->facilities);
	free(a->sets);
	free(a->sensors);
	json_decref(a->memory);
	free(a);
}

const struct bounds *authorization_set(const struct authorization *a, const char *set)
{
	for (size_t i = 0; i < a->set_count; i++)
		if (strcmp(a->sets[i].set, set) == 0)
			return &a->sets[i];
	return NULL;
}

bool authorization_has_act(const struct authorization *a, const char *act)
{
	for (size_t i = 0; i < a->act_count; i++)
		if (strcmp(a->acts[i], act) == 0)
			return true;
	return false;
}

bool authorization_facility_has(const struct authorization *a, enum flow_class c, const struct ip *foreign)
{
	if (a->basis != BASIS_SPECIFIED)
		return true;
	for (size_t i = 0; i < a->facility_count; i++)
		if ((a->facilities[i].classes >> c & 1) != 0 &&
		    ip_prefix_has(&a->facilities[i].prefix, foreign))
			return true;
	return false;
}

/* Reads the items of an array member one by one into an array of the authorisation. */
typedef int item_reader(const json_t *item, struct authorization *a, size_t i, struct fault *fault);

static int items_read(const json_t *o, const char *name, size_t min, size_t max, size_t size, void *items_out,
		      size_t *count_out, item_reader *reader, struct authorization *a, struct fault *fault)
{
	const json_t *array = NULL;
	char place[320];

	int rc = json_get_array(o, name, min > 0, &array, fault);
	if (rc != HN_OK)
		return rc;
	size_t count = json_array_size(array);
	(void)snprintf(place, sizeof(place), "/%s", name);
	if (count < min || count > max)
		return fault_set(fault, HN_EFORMAT, place,
				 tr("must be %zu to %zu", "は%zu個から%zu個まででなければならない"), min,
				 max);
	void *items = calloc(count + 1, size);
	if (items == NULL)
		return HN_ENOMEM;
	memcpy(items_out, &items, sizeof(items));
	for (size_t i = 0; i < count; i++) {
		struct fault inner = {{0}, {0}};
		rc = reader(json_array_get(array, i), a, i, &inner);
		*count_out = rc == HN_OK ? i + 1 : i;
		if (rc == HN_OK)
			continue;
		(void)snprintf(place, sizeof(place), "/%s/%zu%.200s", name, i, inner.place);
		return fault_set(fault, rc, place, "%s", inner.message);
	}
	return HN_OK;
}

static int no_object(struct fault *fault)
{
	return fault_set(fault, HN_EFORMAT, "", tr("must be an object", "はオブジェクトでなければならない"));
}

static int twice(struct fault *fault)
{
	return fault_set(fault, HN_EFORMAT, "", tr("stands twice", "が重複している"));
}

static int text_item(const json_t *item, const char **list, size_t i, bool name, struct fault *fault)
{
	const char *text = json_string_value(item);
	if (text == NULL || !(name ? field_name_ok(text, PATTERN_ID_MAX) : field_text_ok(text, KEY_NAME_MAX)))
		return fault_set(fault, HN_EFORMAT, "",
				 tr("must be a short text", "は短い文字列でなければならない"));
	for (size_t k = 0; k < i; k++)
		if (strcmp(list[k], text) == 0)
			return twice(fault);
	list[i] = text;
	return HN_OK;
}

static int act_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	return text_item(item, a->acts, i, true, fault);
}

static int link_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	return text_item(item, a->links, i, false, fault);
}

static int recipient_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	return text_item(item, a->recipients, i, false, fault);
}

static int classes_item(const json_t *array, uint8_t *out, struct fault *fault)
{
	uint8_t classes = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		enum flow_class c;
		if (!json_is_string(item) ||
		    flow_class_parse(json_string_value(item), json_string_length(item), &c) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "/classes",
					 tr("names an unknown class", "に不明な区分がある"));
		classes |= FLOW_CLASS_BIT(c);
	}
	*out = classes;
	return HN_OK;
}

static int facility_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	static const char *const members[] = {"classes", "prefix", NULL};
	struct facility *f = &a->facilities[i];
	const json_t *classes;
	const char *prefix;
	int rc;

	if (!json_is_object(item))
		return no_object(fault);
	if ((rc = json_only(item, members, fault)) != HN_OK ||
	    (rc = json_get_array(item, "classes", true, &classes, fault)) != HN_OK ||
	    (rc = classes_item(classes, &f->classes, fault)) != HN_OK ||
	    (rc = json_get_string(item, "prefix", true, &prefix, fault)) != HN_OK)
		return rc;
	if (ip_prefix_parse(prefix, strlen(prefix), &f->prefix) != HN_OK)
		return fault_set(
			fault, HN_EFORMAT, "/prefix",
			tr("is not a prefix without host bits", "がホスト部0のプレフィックスではない"));
	return HN_OK;
}

static int kinds_read(const json_t *array, uint32_t *out, struct fault *fault)
{
	uint32_t kinds = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		enum entry_kind kind;
		if (!json_is_string(item) ||
		    entry_kind_parse(json_string_value(item), json_string_length(item), &kind) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "/kinds",
					 tr("names an unknown kind of entry", "に不明な項目の種類がある"));
		kinds |= BOUNDS_KIND_BIT(kind);
	}
	if (kinds == 0)
		return fault_set(fault, HN_EFORMAT, "/kinds", tr("is empty", "が空である"));
	*out = kinds;
	return HN_OK;
}

static int set_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	static const char *const members[] = {
		"id", "kinds", "entries_max", "prefix4_widest", "prefix6_widest", NULL};
	struct bounds *b = &a->sets[i];
	int64_t entries, prefix4, prefix6;
	const json_t *kinds;
	const char *id;
	int rc;

	if (!json_is_object(item))
		return no_object(fault);
	if ((rc = json_only(item, members, fault)) != HN_OK ||
	    (rc = field_identifier(item, "id", PATTERN_ID_MAX, &id, fault)) != HN_OK ||
	    (rc = json_get_array(item, "kinds", true, &kinds, fault)) != HN_OK ||
	    (rc = kinds_read(kinds, &b->kinds, fault)) != HN_OK ||
	    (rc = json_get_int(item, "entries_max", true, 1, UINT32_MAX, &entries, fault)) != HN_OK ||
	    (rc = json_get_int(item, "prefix4_widest", true, 0, 32, &prefix4, fault)) != HN_OK ||
	    (rc = json_get_int(item, "prefix6_widest", true, 0, 128, &prefix6, fault)) != HN_OK)
		return rc;
	if (authorization_set(a, id) != NULL)
		return twice(fault);
	memcpy(b->set, id, strlen(id) + 1);
	b->entries_max = (uint64_t)entries;
	b->prefix4 = (uint8_t)prefix4;
	b->prefix6 = (uint8_t)prefix6;
	return HN_OK;
}

static int pattern_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	int rc = pattern_read(item, &a->patterns[i], fault);
	if (rc != HN_OK)
		return rc;
	for (size_t k = 0; k < i; k++)
		if (strcmp(a->patterns[k].id, a->patterns[i].id) == 0)
			rc = twice(fault);
	if (rc == HN_OK && !authorization_has_act(a, a->patterns[i].act))
		rc = fault_set(fault, HN_EFORMAT, "/act",
			       tr("is not one of the target acts", "が対象不正行為のいずれでもない"));
	if (rc != HN_OK)
		pattern_clear(&a->patterns[i]);
	return rc;
}

static int sensor_item(const json_t *item, struct authorization *a, size_t i, struct fault *fault)
{
	static const char *const members[] = {"id", "secret", NULL};
	struct authorization_sensor *s = &a->sensors[i];
	int rc;

	if (!json_is_object(item))
		return no_object(fault);
	if ((rc = json_only(item, members, fault)) != HN_OK ||
	    (rc = field_uuid(item, "id", &s->id, fault)) != HN_OK)
		return rc;
	s->has_secret = json_object_get(item, "secret") != NULL;
	for (size_t k = 0; k < i; k++)
		if (memcmp(a->sensors[k].id.bytes, s->id.bytes, sizeof(s->id.bytes)) == 0)
			return twice(fault);
	return field_base64url(item, "secret", false, s->sealed, SEALED_SECRET_SIZE, fault);
}

static int lists_read(const json_t *o, struct authorization *a, struct fault *fault)
{
	int rc;
	/* Acts first: patterns name them. */
	if ((rc = items_read(o, "acts", 1, AUTHORIZATION_ACTS_MAX, sizeof(*a->acts), &a->acts, &a->act_count,
			     act_item, a, fault)) != HN_OK ||
	    (rc = items_read(o, "links", 0, AUTHORIZATION_NAMES_MAX, sizeof(*a->links), &a->links,
			     &a->link_count, link_item, a, fault)) != HN_OK ||
	    (rc = items_read(o, "recipients", 0, AUTHORIZATION_NAMES_MAX, sizeof(*a->recipients),
			     &a->recipients, &a->recipient_count, recipient_item, a, fault)) != HN_OK ||
	    (rc = items_read(o, "facilities", 0, AUTHORIZATION_FACILITIES_MAX, sizeof(*a->facilities),
			     &a->facilities, &a->facility_count, facility_item, a, fault)) != HN_OK ||
	    (rc = items_read(o, "sets", 0, AUTHORIZATION_SETS_MAX, sizeof(*a->sets), &a->sets, &a->set_count,
			     set_item, a, fault)) != HN_OK ||
	    (rc = items_read(o, "patterns", 0, PATTERNS_MAX, sizeof(*a->patterns), &a->patterns,
			     &a->pattern_count, pattern_item, a, fault)) != HN_OK)
		return rc;
	return items_read(o, "sensors", 1, AUTHORIZATION_SENSORS_MAX, sizeof(*a->sensors), &a->sensors,
			  &a->sensor_count, sensor_item, a, fault);
}

static int identified_read(const json_t *o, struct authorization *a, struct fault *fault)
{
	static const char *const members[] = {"ground", NULL};
	const json_t *identified = NULL;

	int rc = json_get_object(o, "identified", false, &identified, fault);
	if (rc != HN_OK || identified == NULL)
		return rc;
	a->identified = true;
	if ((rc = json_only(identified, members, fault)) != HN_OK)
		return rc;
	return field_text(identified, "ground", true, AUTHORIZATION_TEXT_MAX, &a->ground, fault);
}

static int scalars_read(const json_t *o, struct authorization *a, struct fault *fault)
{
	const json_t *classes;
	const char *basis;
	int rc;

	if ((rc = field_uuid(o, "id", &a->id, fault)) != HN_OK ||
	    (rc = field_hex(o, "trust", true, a->trust, SHA256_SIZE, fault)) != HN_OK ||
	    (rc = json_get_string(o, "basis", true, &basis, fault)) != HN_OK ||
	    (rc = json_get_array(o, "classes", true, &classes, fault)) != HN_OK ||
	    (rc = classes_item(classes, &a->classes, fault)) != HN_OK ||
	    (rc = field_time(o, "issued", &a->issued_ns, fault)) != HN_OK ||
	    (rc = field_time(o, "from", &a->from_ns, fault)) != HN_OK ||
	    (rc = field_time(o, "until", &a->until_ns, fault)) != HN_OK ||
	    (rc = field_duration(o, "retention", true, &a->retention_ns, fault)) != HN_OK ||
	    (rc = field_text(o, "purpose", true, AUTHORIZATION_TEXT_MAX, &a->purpose, fault)) != HN_OK ||
	    (rc = field_text(o, "party", false, KEY_NAME_MAX, &a->party, fault)) != HN_OK ||
	    (rc = identified_read(o, a, fault)) != HN_OK)
		return rc;
	if (basis_parse(basis, strlen(basis), &a->basis) != HN_OK)
		return fault_set(fault, HN_EFORMAT, "/basis",
				 tr("'%.64s' is no legal basis", "'%.64s' は法的根拠ではない"), basis);
	uuid_format(&a->id, a->id_text);
	return HN_OK;
}

static int object_read(const json_t *o, struct authorization *a, struct fault *fault)
{
	static const char *const members[] = {
		"type",       "version", "id",        "trust",      "basis",   "classes",    "issued",
		"from",       "until",   "retention", "purpose",    "party",   "links",      "acts",
		"facilities", "sets",    "patterns",  "recipients", "sensors", "identified", NULL};
	int rc;

	if ((rc = field_type(o, AUTHORIZATION_TYPE, fault)) != HN_OK ||
	    (rc = json_only(o, members, fault)) != HN_OK || (rc = scalars_read(o, a, fault)) != HN_OK)
		return rc;
	return lists_read(o, a, fault);
}

int authorization_read(const void *payload, size_t len, const struct limits *limits,
		       struct authorization **out, struct fault *fault)
{
	json_t *o;

	int rc = json_object_read(payload, len, &o, fault);
	if (rc != HN_OK)
		return rc;
	struct authorization *a = calloc(1, sizeof(*a));
	if (a == NULL) {
		json_decref(o);
		return HN_ENOMEM;
	}
	a->memory = o;
	sha256(payload, len, a->digest);
	rc = object_read(o, a, fault);
	if (rc == HN_OK)
		rc = rules_check(a, limits, fault);
	if (rc != HN_OK)
		authorization_free(a);
	else
		*out = a;
	return rc;
}
