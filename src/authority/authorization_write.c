/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/authorization.h"

#include <jansson.h>

#include "authority/field.h"
#include "authority/rules.h"

static void append(json_t *array, json_t *item, bool *bad)
{
	if (json_array_append_new(array, item) != 0)
		*bad = true;
}

static void put_classes(json_t *o, uint8_t classes, bool *bad)
{
	const char *names[FLOW_CLASS_COUNT];
	size_t count = 0;
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
		if ((classes & FLOW_CLASS_BIT(c)) != 0)
			names[count++] = flow_class_name((enum flow_class)c);
	field_put_strings(o, "classes", names, count, bad);
}

static void put_facilities(json_t *o, const struct authorization *a, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < a->facility_count; i++) {
		char prefix[IP_PREFIX_TEXT_SIZE];
		json_t *f = json_object();
		ip_prefix_format(&a->facilities[i].prefix, prefix);
		put_classes(f, a->facilities[i].classes, bad);
		field_put_string(f, "prefix", prefix, bad);
		append(array, f, bad);
	}
	field_put(o, "facilities", array, bad);
}

static void put_sets(json_t *o, const struct authorization *a, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < a->set_count; i++) {
		const struct bounds *b = &a->sets[i];
		const char *kinds[ENTRY_KIND_COUNT];
		size_t count = 0;
		json_t *set = json_object();
		for (unsigned k = 0; k < ENTRY_KIND_COUNT; k++)
			if ((b->kinds & BOUNDS_KIND_BIT(k)) != 0)
				kinds[count++] = entry_kind_name((enum entry_kind)k);
		field_put_string(set, "id", b->set, bad);
		field_put_strings(set, "kinds", kinds, count, bad);
		field_put(set, "entries_max", json_integer((json_int_t)b->entries_max), bad);
		field_put(set, "prefix4_widest", json_integer(b->prefix4), bad);
		field_put(set, "prefix6_widest", json_integer(b->prefix6), bad);
		append(array, set, bad);
	}
	field_put(o, "sets", array, bad);
}

static void put_patterns(json_t *o, const struct authorization *a, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < a->pattern_count; i++)
		append(array, pattern_json(&a->patterns[i]), bad);
	field_put(o, "patterns", array, bad);
}

static void put_sensors(json_t *o, const struct authorization *a, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < a->sensor_count; i++) {
		json_t *s = json_object();
		field_put_uuid(s, "id", &a->sensors[i].id, bad);
		if (a->sensors[i].has_secret)
			field_put_base64url(s, "secret", a->sensors[i].sealed, SEALED_SECRET_SIZE, bad);
		append(array, s, bad);
	}
	field_put(o, "sensors", array, bad);
}

static void put_scalars(json_t *o, const struct authorization *a, bool *bad)
{
	field_put_string(o, "type", AUTHORIZATION_TYPE, bad);
	field_put(o, "version", json_integer(1), bad);
	field_put_uuid(o, "id", &a->id, bad);
	field_put_hex(o, "trust", a->trust, SHA256_SIZE, bad);
	field_put_string(o, "basis", basis_name(a->basis), bad);
	put_classes(o, a->classes, bad);
	field_put_time(o, "issued", a->issued_ns, bad);
	field_put_time(o, "from", a->from_ns, bad);
	field_put_time(o, "until", a->until_ns, bad);
	field_put_duration(o, "retention", a->retention_ns, bad);
	field_put_string(o, "purpose", a->purpose, bad);
	if (a->party != NULL)
		field_put_string(o, "party", a->party, bad);
	if (a->identified) {
		json_t *identified = json_object();
		field_put_string(identified, "ground", a->ground, bad);
		field_put(o, "identified", identified, bad);
	}
}

int authorization_payload(const struct authorization *a, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object();

	put_scalars(o, a, &bad);
	field_put_strings(o, "acts", a->acts, a->act_count, &bad);
	field_put_strings(o, "links", a->links, a->link_count, &bad);
	field_put_strings(o, "recipients", a->recipients, a->recipient_count, &bad);
	put_facilities(o, a, &bad);
	put_sets(o, a, &bad);
	put_patterns(o, a, &bad);
	put_sensors(o, a, &bad);
	return field_finish(o, bad, out);
}
