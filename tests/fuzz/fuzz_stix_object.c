/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "match/canonical.h"
#include "stix/canonical.h"
#include "stix/marking.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(const struct stix_object *o, const void *text, size_t len)
{
	const uint8_t *at = text;
	return at >= o->bytes && at + len <= o->bytes + o->len;
}

static void check_values(const struct stix_object *o)
{
	for (size_t i = 0; i < o->value_count; i++) {
		const struct stix_value *v = &o->values[i];
		must(v->key_len > 0);
		if (v->kind != STIX_VALUE_ENTRY)
			continue;
		struct entry_key key = {(enum entry_kind)v->entry_kind, (uint16_t)v->key_len, v->key};
		must(v->entry_kind < ENTRY_KIND_COUNT && canonical_check(&key));
	}
}

static void check_facts(const struct stix_object *o)
{
	struct stix_id again;
	char text[STIX_ID_MAX];
	stix_id_format(&o->id, text);
	must(stix_id_parse(text, strlen(text), &again) == HN_OK);
	must(uuid_compare(&again.uuid, &o->id.uuid) == 0);
	must(o->bytes[0] == '{' && o->bytes[o->len - 1] == '}');
	must(o->confidence >= -1 && o->confidence <= 100);
	must(o->created_ns == STIX_NO_TIME || o->modified_ns == STIX_NO_TIME ||
	     o->modified_ns >= o->created_ns);
	for (size_t i = 0; i < o->text_count; i++)
		must(o->texts[i].len > 0 && inside(o, o->texts[i].text, o->texts[i].len));
	for (size_t i = 0; i < o->granular_count; i++)
		must(inside(o, o->granular[i].selector, o->granular[i].selector_len));
	for (size_t i = 0; i < o->ref_count; i++)
		must(inside(o, o->refs[i].target.type, o->refs[i].target.type_len) &&
		     o->refs[i].property_len > 3);
	for (size_t i = 0; i < o->marking_count; i++)
		must(o->markings[i].type_len == strlen("marking-definition"));
	check_values(o);
}

static void read_as(const uint8_t *data, size_t len, enum stix_spec spec)
{
	struct stix_object o;
	struct fault fault = {0};
	struct stix_marking marking;
	struct uuid id;
	uint8_t one[STIX_DIGEST_SIZE], other[STIX_DIGEST_SIZE];
	struct buf text;
	stix_object_init(&o);
	buf_init(&text, 1u << 24);
	if (stix_object_read(&o, cur_of(data, len), spec, &STIX_DEFAULTS, &fault) != HN_OK) {
		const uint8_t *type = (const uint8_t *)o.id.type;
		must(fault.message[0] != '\0' && o.value_count == 0);
		must(type == NULL || (type >= data && type + o.id.type_len <= data + len));
	} else {
		enum stix_spec read_as = o.spec;
		check_facts(&o);
		stix_marking_read(&o, &marking);
		must(stix_deterministic_id(&o, &id) != HN_ENOMEM);
		/* Its canonical form is the same object. */
		must(stix_object_canonical(&o, &text) == HN_OK && stix_object_digest(&o, one) == HN_OK);
		must(stix_object_read(&o, cur_of(text.data, text.len), read_as, &STIX_DEFAULTS, NULL) ==
		     HN_OK);
		must(stix_object_digest(&o, other) == HN_OK && memcmp(one, other, sizeof(one)) == 0);
	}
	buf_clear(&text);
	stix_object_clear(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_as(data, len, STIX_2_0);
	read_as(data, len, STIX_2_1);
	return 0;
}
