/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"

/* jansson allows 2,048 levels; the tree is refused before anything recurses over it. */
static bool too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static bool has_real(const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_REAL:
		return true;
	case JSON_OBJECT:
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
		{
			if (has_real(member))
				return true;
		}
		return false;
	case JSON_ARRAY:
		json_array_foreach(value, i, member)
		{
			if (has_real(member))
				return true;
		}
		return false;
	case JSON_STRING:
	case JSON_INTEGER:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
	default:
		return false;
	}
}

/*
 * When memory runs out within the library's reader, it takes the text for broken, asserts, or goes on with
 * what it could not make (2.14). So its allocations pass here: in want of memory the reader is left by a
 * jump, and what it had asked for is freed.
 */
struct block {
	_Alignas(16) struct block *prev; /* of those that the reader under way has asked for */
	struct block *next;
};

static _Thread_local struct block *blocks;
static _Thread_local jmp_buf *way_out; /* NULL: no reader is under way */

static void *allocate(size_t size)
{
	struct block *b = size > SIZE_MAX - sizeof(*b) ? NULL : malloc(sizeof(*b) + size);
	if (b == NULL) {
		if (way_out != NULL)
			longjmp(*way_out, 1);
		return NULL;
	}
	*b = (struct block){NULL, NULL};
	if (way_out != NULL) {
		b->next = blocks;
		if (blocks != NULL)
			blocks->prev = b;
		blocks = b;
	}
	return b + 1;
}

static void give_back(void *memory)
{
	if (memory == NULL)
		return;
	struct block *b = (struct block *)memory - 1;
	if (b->next != NULL)
		b->next->prev = b->prev;
	if (b->prev != NULL)
		b->prev->next = b->next;
	else if (blocks == b)
		blocks = b->next;
	free(b);
}

/* Before the library is used at all: every block it frees must be one of these. */
__attribute__((constructor)) static void take_over_allocation(void)
{
	json_set_alloc_funcs(allocate, give_back);
}

/* The reader has ended: its blocks are forgotten or, when it was left, freed. */
static void end_blocks(bool left)
{
	way_out = NULL;
	while (blocks != NULL) {
		struct block *b = blocks;
		blocks = b->next;
		*b = (struct block){NULL, NULL};
		if (left)
			free(b);
	}
}

/* json_loadb(). @return HN_EFORMAT, as error says; HN_ENOMEM */
static int load(const char *text, size_t len, json_t **out, json_error_t *error)
{
	jmp_buf here;
	if (setjmp(here) != 0) {
		end_blocks(true);
		return HN_ENOMEM;
	}
	way_out = &here;
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, error);
	end_blocks(false);
	*out = value;
	return value == NULL ? HN_EFORMAT : HN_OK;
}

/* What the library found, in the user's language. */
static const char *why(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_premature_end_of_input:
		return tr("it ends in the middle", "途中で終わっている");
	case json_error_end_of_input_expected:
		return tr("something follows behind its end", "終わりの後に余分な文字がある");
	case json_error_invalid_utf8:
		return tr("text that is not UTF-8", "UTF-8ではない文字列がある");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return tr("a character U+0000", "文字U+0000がある");
	case json_error_duplicate_key:
		return tr("a name twice in one object", "同じ名前の項目が二つある");
	case json_error_numeric_overflow:
		return tr("a number too large to hold", "表せない大きさの数値がある");
	default:
		return tr("a character that may not stand here", "ここに置けない文字がある");
	}
}

int json_object_read(const char *text, size_t len, json_t **out, struct fault *fault)
{
	json_error_t error;
	char place[64];

	if (too_deep(text, len))
		return fault_set(fault, HN_ELIMIT, "",
				 tr("nested more than %d levels deep", "入れ子が%d段を超えている"),
				 JSON_DEPTH_MAX);
	json_t *value = NULL;
	int rc = load(text, len, &value, &error);
	if (rc == HN_ENOMEM)
		return fault_set(fault, rc, "", "%s", hn_strerror(rc));
	if (rc != HN_OK) {
		(void)snprintf(place, sizeof(place), tr("line %d, column %d", "%d行%d列"), error.line,
			       error.column);
		return fault_set(fault, HN_EFORMAT, place, tr("not JSON: %s", "JSONではない: %s"),
				 why(&error));
	}
	if (!json_is_object(value))
		rc = fault_set(fault, HN_EFORMAT, "",
			       tr("must be a JSON object", "JSONオブジェクトでなければならない"));
	else if (has_real(value))
		rc = fault_set(fault, HN_EFORMAT, "",
			       tr("must not hold floating-point numbers", "浮動小数点数を含んではならない"));
	if (rc != HN_OK)
		json_decref(value);
	else
		*out = value;
	return rc;
}

int json_file_read(const char *path, size_t size_max, json_t **out, struct fault *fault)
{
	struct buf text;
	char place[512];

	buf_init(&text, size_max);
	int rc = file_read(path, &text);
	if (rc == HN_OK) {
		rc = json_object_read(text.data == NULL ? "" : text.data, text.len, out, fault);
		if (rc != HN_OK && fault != NULL) {
			(void)snprintf(place, sizeof(place), "%s%s%s", path,
				       fault->place[0] == '\0' ? "" : ", ", fault->place);
			(void)snprintf(fault->place, sizeof(fault->place), "%.255s", place);
		}
	} else if (rc == HN_EIO) {
		(void)fault_set(fault, rc, path, "%s", hn_errno_text(errno));
	} else {
		(void)fault_set(fault, rc, path, "%s", hn_strerror(rc));
	}
	buf_clear(&text);
	return rc;
}

static int dump(const char *bytes, size_t len, void *b)
{
	buf_add(b, bytes, len);
	return buf_err(b) == HN_OK ? 0 : -1;
}

void json_add(struct buf *b, const json_t *value)
{
	if (json_dump_callback(value, dump, b, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0 &&
	    b->err == HN_OK)
		b->err = HN_ENOMEM;
}

void json_add_pretty(struct buf *b, const json_t *value)
{
	if (json_dump_callback(value, dump, b, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0 && b->err == HN_OK)
		b->err = HN_ENOMEM;
	buf_addc(b, '\n');
}

/* Finds a member of a type; *out NULL when it is absent and may be. */
static int member(const json_t *object, const char *name, bool required, json_type type, const json_t **out,
		  struct fault *fault)
{
	static const struct {
		json_type type;
		const char *en, *ja;
	} types[] = {{JSON_STRING, "a string", "文字列"},
		     {JSON_INTEGER, "an integer", "整数"},
		     {JSON_TRUE, "true or false", "trueまたはfalse"},
		     {JSON_ARRAY, "an array", "配列"},
		     {JSON_OBJECT, "an object", "オブジェクト"}};
	char place[256];

	(void)snprintf(place, sizeof(place), "/%s", name);
	const json_t *value = json_object_get(object, name);
	if (value == NULL) {
		*out = NULL;
		if (!required)
			return HN_OK;
		return fault_set(fault, HN_EFORMAT, place, tr("is missing", "がない"));
	}
	json_type have = json_typeof(value) == JSON_FALSE ? JSON_TRUE : json_typeof(value);
	if (have == type) {
		*out = value;
		return HN_OK;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return fault_set(fault, HN_EFORMAT, place, tr("must be %s", "は%sでなければならない"),
					 lang_get() == LANG_JA ? types[i].ja : types[i].en);
	return fault_set(fault, HN_EFORMAT, place, tr("has the wrong type", "の型が違う"));
}

int json_get_string(const json_t *object, const char *name, bool required, const char **out,
		    struct fault *fault)
{
	const json_t *value;
	int rc = member(object, name, required, JSON_STRING, &value, fault);
	if (rc == HN_OK && value != NULL)
		*out = json_string_value(value);
	return rc;
}

int json_get_int(const json_t *object, const char *name, bool required, int64_t min, int64_t max,
		 int64_t *out, struct fault *fault)
{
	const json_t *value;
	char place[256];

	int rc = member(object, name, required, JSON_INTEGER, &value, fault);
	if (rc != HN_OK || value == NULL)
		return rc;
	json_int_t n = json_integer_value(value);
	if (n < min || n > max) {
		(void)snprintf(place, sizeof(place), "/%s", name);
		return fault_set(fault, HN_EFORMAT, place,
				 tr("must lie between %lld and %lld", "は%lldから%lldまででなければならない"),
				 (long long)min, (long long)max);
	}
	*out = n;
	return HN_OK;
}

int json_get_bool(const json_t *object, const char *name, bool required, bool *out, struct fault *fault)
{
	const json_t *value;
	int rc = member(object, name, required, JSON_TRUE, &value, fault);
	if (rc == HN_OK && value != NULL)
		*out = json_is_true(value);
	return rc;
}

int json_get_array(const json_t *object, const char *name, bool required, const json_t **out,
		   struct fault *fault)
{
	const json_t *value;
	int rc = member(object, name, required, JSON_ARRAY, &value, fault);
	if (rc == HN_OK && value != NULL)
		*out = value;
	return rc;
}

int json_get_object(const json_t *object, const char *name, bool required, const json_t **out,
		    struct fault *fault)
{
	const json_t *value;
	int rc = member(object, name, required, JSON_OBJECT, &value, fault);
	if (rc == HN_OK && value != NULL)
		*out = value;
	return rc;
}

int json_only(const json_t *object, const char *const names[], struct fault *fault)
{
	const char *name;
	json_t *value;
	char place[256];

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;
		while (names[i] != NULL && strcmp(names[i], name) != 0)
			i++;
		if (names[i] != NULL)
			continue;
		(void)snprintf(place, sizeof(place), "/%.200s", name);
		return fault_set(fault, HN_EFORMAT, place, tr("is not a known member", "は未知の項目である"));
	}
	return HN_OK;
}
