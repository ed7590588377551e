/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/openapi.h"

#include <jansson.h>

#include "hub/api/schemas.h"
#include "hub/api/tables.h"

#include "../check.h"

static bool is_there(const char *name)
{
	for (const struct api_schema *s = API_SCHEMAS; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return true;
	return false;
}

static void each_schema_that_a_route_names_is_there(void **state)
{
	(void)state;
	for (size_t t = 0; HUB_TABLES[t]; t++)
		for (const struct route *r = HUB_TABLES[t]; r->pattern; r++) {
			if (r->body_schema && !is_there(r->body_schema))
				fail_msg("%s: no schema '%s'", r->pattern, r->body_schema);
			for (size_t i = 0; i < ROUTE_ANSWERS_MAX; i++)
				if (r->answers[i].schema && !is_there(r->answers[i].schema))
					fail_msg("%s: no schema '%s'", r->pattern, r->answers[i].schema);
		}
}

static void check_reference(const char *text)
{
	static const char prefix[] = "#/components/schemas/";
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0 && !is_there(text + sizeof(prefix) - 1))
		fail_msg("no schema '%s'", text);
}

static void check_references(json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;
	json_object_foreach(value, name, member)
	{
		if (strcmp(name, "$ref") == 0)
			check_reference(json_string_value(member));
		check_references(member);
	}
	for (i = 0; i < json_array_size(value); i++)
		check_references(json_array_get(value, i));
}

static void the_document_is_json_and_refers_to_what_it_has(void **state)
{
	(void)state;
	for (int lang = 0; lang < 2; lang++) {
		struct buf text;
		buf_init(&text, 8u << 20);
		openapi_write(HUB_TABLES, lang == 0 ? LANG_EN : LANG_JA, &text);
		assert_int_equal(buf_err(&text), HN_OK);
		json_error_t error;
		json_t *document = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
		if (!document)
			fail_msg("%s at %d", error.text, error.position);
		check_references(document);
		assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
		json_decref(document);
		buf_clear(&text);
	}
}

static void each_operation_has_its_own_name_and_both_languages(void **state)
{
	(void)state;
	for (size_t t = 0; HUB_TABLES[t]; t++)
		for (const struct route *r = HUB_TABLES[t]; r->pattern; r++) {
			if (r->flags & ROUTE_HIDDEN)
				continue;
			if (!r->operation || !r->summary_en || !r->summary_ja || !r->tag ||
			    r->answers[0].status == 0)
				fail_msg("%s lacks a name, a summary, a tag or its answers", r->pattern);
			for (size_t u = 0; HUB_TABLES[u]; u++)
				for (const struct route *o = HUB_TABLES[u]; o->pattern; o++)
					if (o != r && o->operation && strcmp(o->operation, r->operation) == 0)
						fail_msg("two operations '%s'", r->operation);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_schema_that_a_route_names_is_there),
		cmocka_unit_test(the_document_is_json_and_refers_to_what_it_has),
		cmocka_unit_test(each_operation_has_its_own_name_and_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
