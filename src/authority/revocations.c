/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/revocations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"

#define REVOCATIONS_TYPE "hinomi-revocations"

void revocations_clear(struct revocations *r)
{
	free(r->ids);
	*r = (struct revocations){0};
}

bool revocations_has(const struct revocations *r, const struct uuid *id)
{
	return r->count > 0 && bsearch(id, r->ids, r->count, sizeof(*r->ids), uuid_compare) != NULL;
}

static int ids_read(const json_t *array, struct revocations *r, struct fault *fault)
{
	size_t count = json_array_size(array);
	if (count > REVOCATIONS_MAX)
		return fault_set(fault, HN_ELIMIT, "/ids", tr("more than %d", "%d件を超えている"),
				 REVOCATIONS_MAX);
	r->ids = calloc(count + 1, sizeof(*r->ids));
	if (r->ids == NULL)
		return HN_ENOMEM;
	for (; r->count < count; r->count++) {
		const json_t *item = json_array_get(array, r->count);
		struct uuid *id = &r->ids[r->count];
		/* Sorted in the file, so that one list has one form. */
		if (!json_is_string(item) ||
		    uuid_parse(json_string_value(item), json_string_length(item), id) != HN_OK ||
		    (r->count > 0 && uuid_compare(id - 1, id) >= 0))
			return fault_set(fault, HN_EFORMAT, "/ids",
					 tr("must be UUIDs in order, none twice",
					    "は重複のない昇順のUUIDでなければならない"));
	}
	return HN_OK;
}

static int object_read(const json_t *o, struct revocations *r, struct fault *fault)
{
	static const char *const members[] = {"type",        "version", "number", "issued",
					      "next_update", "ids",     NULL};
	const json_t *ids;
	int64_t number;
	int rc;

	if ((rc = field_type(o, REVOCATIONS_TYPE, fault)) != HN_OK ||
	    (rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = json_get_int(o, "number", true, 1, INT64_MAX, &number, fault)) != HN_OK ||
	    (rc = field_time(o, "issued", &r->issued_ns, fault)) != HN_OK ||
	    (rc = field_time(o, "next_update", &r->next_update_ns, fault)) != HN_OK ||
	    (rc = json_get_array(o, "ids", true, &ids, fault)) != HN_OK)
		return rc;
	r->number = (uint64_t)number;
	if (r->next_update_ns <= r->issued_ns)
		return fault_set(fault, HN_EFORMAT, "/next_update",
				 tr("must lie after 'issued'", "は 'issued' より後でなければならない"));
	return ids_read(ids, r, fault);
}

static enum refusal judge(const struct jws *j, const struct trust *trust, struct revocations *out,
			  struct refusal_detail *detail)
{
	struct refusal_detail inner = {{0}};
	struct fault fault = {{0}, {0}};
	struct revocations r = {0};
	json_t *o;

	enum refusal why = jws_check(j, trust->keys, trust->key_count, 1, &inner);
	if (why != REFUSAL_NONE)
		return refusal_set(detail, REFUSAL_REVOCATIONS_BAD, "%s: %s", refusal_text(why), inner.text);
	int rc = json_object_read((const char *)j->payload, j->payload_len, &o, &fault);
	if (rc == HN_OK) {
		rc = object_read(o, &r, &fault);
		json_decref(o);
	}
	if (rc != HN_OK) {
		revocations_clear(&r);
		return refusal_set(detail, REFUSAL_REVOCATIONS_BAD, "%s %s", fault.place, fault.message);
	}
	jws_digest(j, r.digest);
	*out = r;
	return REFUSAL_NONE;
}

enum refusal revocations_parse(const char *text, size_t len, const struct trust *trust,
			       struct revocations *out, struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct jws j;

	if (jws_parse(text, len, &j, &fault) != HN_OK)
		return refusal_set(detail, REFUSAL_REVOCATIONS_BAD, "%s %s", fault.place, fault.message);
	enum refusal r = judge(&j, trust, out, detail);
	jws_clear(&j);
	return r;
}

enum refusal revocations_read(const char *path, const struct trust *trust, struct revocations *out,
			      struct refusal_detail *detail)
{
	struct buf text;

	buf_init(&text, JWS_SIZE_MAX);
	int rc = file_read(path, &text);
	enum refusal r;
	if (rc != HN_OK)
		r = refusal_set(detail, REFUSAL_REVOCATIONS_BAD, "'%s': %s", path,
				rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	else
		r = revocations_parse(text.data == NULL ? "" : text.data, text.len, trust, out, detail);
	buf_clear(&text);
	return r;
}

enum refusal revocations_follows(const struct revocations *now, const struct revocations *next,
				 struct refusal_detail *detail)
{
	if (next->number == now->number && memcmp(next->digest, now->digest, SHA256_SIZE) == 0)
		return REFUSAL_NONE;
	if (next->number <= now->number)
		return refusal_set(
			detail, REFUSAL_REVOCATIONS_BAD,
			tr("number %llu does not follow number %llu", "第%llu号は第%llu号より新しくない"),
			(unsigned long long)next->number, (unsigned long long)now->number);
	for (size_t i = 0; i < now->count; i++) {
		char id[UUID_TEXT_SIZE];
		if (revocations_has(next, &now->ids[i]))
			continue;
		uuid_format(&now->ids[i], id);
		return refusal_set(
			detail, REFUSAL_REVOCATIONS_BAD,
			tr("%s was revoked and is no longer listed", "取り消されていた %s が載っていない"),
			id);
	}
	return REFUSAL_NONE;
}

int revocations_payload(const struct revocations *r, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object(), *ids = json_array();

	for (size_t i = 0; i < r->count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&r->ids[i], id);
		if (json_array_append_new(ids, json_string(id)) != 0)
			bad = true;
	}
	field_put_string(o, "type", REVOCATIONS_TYPE, &bad);
	field_put(o, "version", json_integer(1), &bad);
	field_put(o, "number", json_integer((json_int_t)r->number), &bad);
	field_put_time(o, "issued", r->issued_ns, &bad);
	field_put_time(o, "next_update", r->next_update_ns, &bad);
	field_put(o, "ids", ids, &bad);
	return field_finish(o, bad, out);
}
