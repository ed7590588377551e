/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The form of a receipt, as catalog/receipt.schema.json has it: one row a member. */
#include <stdio.h>
#include <string.h>

#include "authority/class.h"
#include "authority/receipt_check.h"
#include "authority/refusal.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"

#define POINTER_SIZE 200

struct member;
typedef bool form_fn(const json_t *value);

struct member {
	const char *name;
	bool required;
	form_fn *form;                /* of the value; NULL: an object */
	const struct member *members; /* of that object, or of each element where `list` is set */
	bool list;
};

/* Whole in every JSON reader, and so small that sums of them are true. */
#define COUNT_MAX (INT64_C(1) << 53)

static bool form_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= COUNT_MAX;
}

static bool form_positive(const json_t *v)
{
	return form_count(v) && json_integer_value(v) >= 1;
}

static bool form_one(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) == 1;
}

static bool form_bool(const json_t *v)
{
	return json_is_boolean(v);
}

static bool form_true(const json_t *v)
{
	return json_is_true(v);
}

static bool form_text(const json_t *v)
{
	return json_is_string(v);
}

static bool is_one_of(const json_t *v, const char *a, const char *b)
{
	const char *text = json_string_value(v);
	return text != NULL && (strcmp(text, a) == 0 || strcmp(text, b) == 0);
}

static bool form_mark(const json_t *v)
{
	return is_one_of(v, "test", "demo");
}

static bool form_secret(const json_t *v)
{
	return is_one_of(v, "sealed", "drawn") || is_one_of(v, "none", "none");
}

static bool form_input_state(const json_t *v)
{
	return is_one_of(v, "kept", "unlinking") || is_one_of(v, "interface", "replay");
}

static bool form_refusal(const json_t *v)
{
	for (unsigned r = REFUSAL_NONE + 1; json_is_string(v) && r < REFUSAL_COUNT; r++)
		if (strcmp(json_string_value(v), refusal_name((enum refusal)r)) == 0)
			return true;
	return false;
}

static bool form_sha256(const json_t *v)
{
	uint8_t digest[SHA256_SIZE];
	char text[SHA256_HEX_SIZE];
	if (!json_is_string(v) ||
	    hex_decode(json_string_value(v), json_string_length(v), digest, SHA256_SIZE) != HN_OK)
		return false;
	hex_encode(digest, SHA256_SIZE, text);
	return strcmp(text, json_string_value(v)) == 0;
}

static bool form_uuid(const json_t *v)
{
	struct uuid u;
	char text[UUID_TEXT_SIZE];
	if (!json_is_string(v) || uuid_parse(json_string_value(v), json_string_length(v), &u) != HN_OK)
		return false;
	uuid_format(&u, text);
	return strcmp(text, json_string_value(v)) == 0 && text[14] >= '1' && text[14] <= '8' &&
	       strchr("89ab", text[19]) != NULL;
}

static bool form_time(const json_t *v)
{
	int64_t time_ns;
	char text[UTC_SIZE];
	if (!json_is_string(v) || utc_parse(json_string_value(v), json_string_length(v), &time_ns) != HN_OK)
		return false;
	utc_format(time_ns, text);
	return strcmp(text, json_string_value(v)) == 0;
}

static bool form_digests(const json_t *v)
{
	if (!json_is_array(v) || json_array_size(v) == 0)
		return false;
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!form_sha256(json_array_get(v, i)))
			return false;
	return true;
}

static bool form_tally(const json_t *v)
{
	return json_is_object(v) && json_object_size(v) == 2 && form_count(json_object_get(v, "packets")) &&
	       form_count(json_object_get(v, "bytes"));
}

static bool is_reason(const char *name)
{
	for (size_t r = ERASED_NOTHING + 1; r < ERASED_REASONS; r++)
		if (strcmp(name, erased_reason_name((enum erased_reason)r)) == 0)
			return true;
	return false;
}

static bool is_class(const char *name)
{
	enum flow_class c;
	return flow_class_parse(name, strlen(name), &c) == HN_OK || strcmp(name, "undecoded") == 0;
}

/* An object of as many members as there are of a kind: classes, reasons. */
static bool each(const json_t *object, bool (*is_name)(const char *), form_fn *form)
{
	void *at = json_object_iter((json_t *)(uintptr_t)object);
	if (!json_is_object(object))
		return false;
	for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)object, at))
		if (!is_name(json_object_iter_key(at)) || !form(json_object_iter_value(at)))
			return false;
	return true;
}

static bool form_by_class(const json_t *v)
{
	return each(v, is_class, form_tally);
}

static bool form_of_reasons(const json_t *v)
{
	return each(v, is_reason, form_tally);
}

static bool form_by_reason(const json_t *v)
{
	return each(v, is_class, form_of_reasons);
}

static bool form_counts(const json_t *v)
{
	return each(v, is_reason, form_count);
}

static const struct member interval_members[] = {
	{"from", true, form_time, NULL, false}, {"until", true, form_time, NULL, false}, {0}};
static const struct member authorization_members[] = {
	{"id", true, form_uuid, NULL, false}, {"sha256", true, form_sha256, NULL, false}, {0}};
static const struct member set_members[] = {{"id", true, form_text, NULL, false},
					    {"version", true, form_text, NULL, false},
					    {"layers", true, form_digests, NULL, false},
					    {"entries", true, form_count, NULL, false},
					    {0}};
static const struct member program_members[] = {{"name", true, form_text, NULL, false},
						{"version", true, form_text, NULL, false},
						{"build_id", true, form_text, NULL, false},
						{0}};
static const struct member confinement_members[] = {{"landlock_abi", true, form_positive, NULL, false},
						    {"seccomp", true, form_true, NULL, false},
						    {"unprivileged", true, form_bool, NULL, false},
						    {0}};
static const struct member sandbox_members[] = {{"parser", true, NULL, confinement_members, false},
						{"writer", true, NULL, confinement_members, false},
						{"memory_locked", true, form_bool, NULL, false},
						{0}};
static const struct member input_members[] = {
	{"name", true, form_text, NULL, false},          {"state", true, form_input_state, NULL, false},
	{"packets", true, form_count, NULL, false},      {"bytes", true, form_count, NULL, false},
	{"cut", true, form_bool, NULL, false},           {"sha256", false, form_sha256, NULL, false},
	{"sha256_given", false, form_true, NULL, false}, {0}};
static const struct member side_members[] = {{"packets", true, form_count, NULL, false},
					     {"bytes", true, form_count, NULL, false},
					     {"by_class", true, form_by_class, NULL, false},
					     {"by_reason", false, form_by_reason, NULL, false},
					     {0}};
static const struct member sums_members[] = {
	{"pending_before", true, NULL, side_members, false}, {"seen", true, NULL, side_members, false},
	{"selected", true, NULL, side_members, false},       {"erased", true, NULL, side_members, false},
	{"pending_after", true, NULL, side_members, false},  {0}};
static const struct member flows_members[] = {
	{"begun", true, form_count, NULL, false},   {"selected", true, form_count, NULL, false},
	{"erased", true, form_counts, NULL, false}, {"pending", true, form_count, NULL, false},
	{"ended", false, form_count, NULL, false},  {0}};
static const struct member records_members[] = {
	{"count", true, form_count, NULL, false},   {"offset", true, form_count, NULL, false},
	{"bytes", true, form_count, NULL, false},   {"sha256", true, form_sha256, NULL, false},
	{"erase_by", true, form_time, NULL, false}, {0}};
static const struct member receipt_members[] = {
	{"version", true, form_one, NULL, false},
	{"edge", true, form_uuid, NULL, false},
	{"epoch", true, form_uuid, NULL, false},
	{"number", true, form_positive, NULL, false},
	{"made", true, form_time, NULL, false},
	{"interval", true, NULL, interval_members, false},
	{"authorizations", true, NULL, authorization_members, true},
	{"refused", false, form_refusal, NULL, false},
	{"trust", true, form_sha256, NULL, false},
	{"trust_mark", false, form_mark, NULL, false},
	{"domestic", true, form_sha256, NULL, false},
	{"sets", true, NULL, set_members, true},
	{"program", true, NULL, program_members, false},
	{"sandbox", true, NULL, sandbox_members, false},
	{"recorded", true, form_bool, NULL, false},
	{"identified", true, form_bool, NULL, false},
	{"pseudonym_secret", true, form_secret, NULL, false},
	{"input", true, NULL, input_members, false},
	{"sums", true, NULL, sums_members, false},
	{"flows", true, NULL, flows_members, false},
	{"not_seen", true, form_count, NULL, false},
	{"values_dropped", true, form_count, NULL, false},
	{"streams_dropped", true, form_count, NULL, false},
	{"records", true, NULL, records_members, false},
	{"former", false, form_sha256, NULL, false},
	{0},
};

static int bad(struct fault *fault, const char *place)
{
	return fault_set(fault, HN_EFORMAT, place, "%s",
			 tr("is missing, or not of the form of a receipt (catalog/receipt.schema.json)",
			    "が欠けているか、受領証の形式ではない (catalog/receipt.schema.json)"));
}

static int check_object(const json_t *object, const struct member rows[], const char *place,
			struct fault *fault);

static int check_list(const json_t *list, const struct member *row, const char *place, struct fault *fault)
{
	if (!json_is_array(list) ||
	    (row->members == authorization_members && json_array_size(list) > RECEIPT_AUTHORIZATIONS_MAX))
		return bad(fault, place);
	for (size_t i = 0; i < json_array_size(list); i++) {
		int rc = check_object(json_array_get(list, i), row->members, place, fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* Goes no deeper than the tables do. */
static int check_object(const json_t *object, const struct member rows[], const char *place,
			struct fault *fault)
{
	size_t known = 0;
	if (!json_is_object(object))
		return bad(fault, place);
	for (const struct member *row = rows; row->name != NULL; row++) {
		char inner[POINTER_SIZE];
		const json_t *value = json_object_get(object, row->name);
		int rc = HN_OK;
		(void)snprintf(inner, sizeof(inner), "%s/%s", place, row->name);
		if (value == NULL && !row->required)
			continue;
		known++;
		if (row->form != NULL)
			rc = value != NULL && row->form(value) ? HN_OK : bad(fault, inner);
		else if (row->list)
			rc = check_list(value, row, inner, fault);
		else
			rc = check_object(value, row->members, inner, fault);
		if (rc != HN_OK)
			return rc;
	}
	return json_object_size(object) == known
		       ? HN_OK
		       : fault_set(fault, HN_EFORMAT, place, "%s",
				   tr("has a member that no receipt has", "に受領証にない要素がある"));
}

int receipt_form(const json_t *receipt, struct fault *fault)
{
	return check_object(receipt, receipt_members, "/receipt", fault);
}
