/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "authority/field.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"

#define TRUST_FILE_MAX ((size_t)1 << 20)
#define TRUST_TYPE     "hinomi-trust"

static const char *const marks[] = {
	[TRUST_MARK_NONE] = "", [TRUST_MARK_TEST] = "test", [TRUST_MARK_DEMO] = "demo"};

const char *trust_mark_name(enum trust_mark m)
{
	return (unsigned)m < sizeof(marks) / sizeof(marks[0]) ? marks[m] : "";
}

const struct key_public *trust_key(const struct trust *t, const char *id)
{
	for (size_t i = 0; i < t->key_count; i++)
		if (strcmp(t->keys[i].id, id) == 0)
			return &t->keys[i];
	return NULL;
}

static int key_from(const json_t *o, struct trust *t, struct fault *fault)
{
	static const char *const members[] = {"kid", "name", "ed25519", NULL};
	struct key_public *k = &t->keys[t->key_count];
	const char *id, *name;
	int rc;

	if ((rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = json_get_string(o, "kid", true, &id, fault)) != HN_OK ||
	    (rc = field_text(o, "name", true, KEY_NAME_MAX, &name, fault)) != HN_OK ||
	    (rc = field_base64url(o, "ed25519", true, k->ed25519, 32, fault)) != HN_OK)
		return rc;
	key_id_of(k->ed25519, k->id);
	memcpy(k->name, name, strlen(name) + 1);
	if (strcmp(k->id, id) != 0)
		return fault_set(fault, HN_EFORMAT, "/kid",
				 tr("is not the id of its key", "がその鍵のIDではない"));
	if (trust_key(t, k->id) != NULL)
		return fault_set(fault, HN_EFORMAT, "/kid", tr("stands twice", "が重複している"));
	t->key_count++;
	return HN_OK;
}

static int keys_read(const json_t *array, struct trust *t, struct fault *fault)
{
	struct fault inner = {{0}, {0}};
	size_t count = json_array_size(array);

	if (count == 0 || count > TRUST_KEYS_MAX)
		return fault_set(fault, HN_EFORMAT, "/keys",
				 tr("must be 1 to %d", "は1個から%d個まででなければならない"),
				 TRUST_KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		char place[300];
		int rc = json_is_object(item)
				 ? key_from(item, t, &inner)
				 : fault_set(&inner, HN_EFORMAT, "", "%s", hn_strerror(HN_EFORMAT));
		if (rc == HN_OK)
			continue;
		(void)snprintf(place, sizeof(place), "/keys/%zu%.200s", i, inner.place);
		return fault_set(fault, rc, place, "%s", inner.message);
	}
	return HN_OK;
}

static int mark_read(const json_t *o, struct trust *t, struct fault *fault)
{
	const char *mark = NULL;
	int rc = json_get_string(o, "mark", false, &mark, fault);
	if (rc != HN_OK || mark == NULL)
		return rc;
	for (unsigned m = TRUST_MARK_TEST; m <= TRUST_MARK_DEMO; m++)
		if (strcmp(mark, marks[m]) == 0) {
			t->mark = (enum trust_mark)m;
			return HN_OK;
		}
	return fault_set(fault, HN_EFORMAT, "/mark",
			 tr("must be 'test' or 'demo'", "は 'test' か 'demo' でなければならない"));
}

static int reidentification_read(const json_t *o, struct trust *t, struct fault *fault)
{
	static const char *const members[] = {"kid", "x25519", NULL};
	const json_t *r;
	const char *kid;
	uint8_t id[SHA256_SIZE];
	int rc;

	if ((rc = json_get_object(o, "reidentification", true, &r, fault)) != HN_OK ||
	    (rc = json_only(r, members, fault)) != HN_OK ||
	    (rc = field_base64url(r, "kid", true, id, sizeof(id), fault)) != HN_OK ||
	    (rc = json_get_string(r, "kid", true, &kid, fault)) != HN_OK)
		return rc;
	memcpy(t->reidentification_id, kid, sizeof(t->reidentification_id));
	return field_base64url(r, "x25519", true, t->reidentification, 32, fault);
}

static int links_read(const json_t *o, struct trust *t, struct fault *fault)
{
	int rc;
	t->has_domestic = json_object_get(o, "domestic") != NULL;
	t->has_predecessor = json_object_get(o, "predecessor") != NULL;
	if ((rc = field_hex(o, "domestic", false, t->domestic, SHA256_SIZE, fault)) != HN_OK ||
	    (rc = field_hex(o, "predecessor", false, t->predecessor, SHA256_SIZE, fault)) != HN_OK)
		return rc;
	if (t->has_predecessor != (t->number > 1))
		return fault_set(fault, HN_EFORMAT, "/predecessor",
				 tr("must stand in every trust file but number 1",
				    "は第1号を除くすべての信頼ファイルに必要で、第1号にはあってはならない"));
	return HN_OK;
}

static int payload_read(const json_t *o, struct trust *t, struct fault *fault)
{
	static const char *const members[] = {"type",        "version", "number",           "threshold",
					      "keys",        "limits",  "reidentification", "domestic",
					      "predecessor", "mark",    "issued",           NULL};
	const json_t *keys, *limits;
	int64_t number, threshold;
	int rc;

	if ((rc = field_type(o, TRUST_TYPE, fault)) != HN_OK ||
	    (rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = json_get_int(o, "number", true, 1, INT64_MAX, &number, fault)) != HN_OK ||
	    (rc = json_get_array(o, "keys", true, &keys, fault)) != HN_OK ||
	    (rc = keys_read(keys, t, fault)) != HN_OK ||
	    (rc = json_get_int(o, "threshold", true, 1, (int64_t)t->key_count, &threshold, fault)) != HN_OK ||
	    (rc = mark_read(o, t, fault)) != HN_OK ||
	    (rc = json_get_object(o, "limits", true, &limits, fault)) != HN_OK ||
	    (rc = limits_read(limits, t->mark == TRUST_MARK_TEST, &t->limits, fault)) != HN_OK ||
	    (rc = reidentification_read(o, t, fault)) != HN_OK ||
	    (rc = field_time(o, "issued", &t->issued_ns, fault)) != HN_OK)
		return rc;
	t->number = (uint64_t)number;
	t->threshold = (unsigned)threshold;
	return links_read(o, t, fault);
}

static int from_jws(const struct jws *j, struct trust *out, struct fault *fault)
{
	struct trust t = {0};
	json_t *o;

	int rc = json_object_read((const char *)j->payload, j->payload_len, &o, fault);
	if (rc != HN_OK)
		return rc;
	rc = payload_read(o, &t, fault);
	json_decref(o);
	if (rc != HN_OK)
		return rc;
	jws_digest(j, t.digest);
	*out = t;
	return HN_OK;
}

int trust_parse(const char *text, size_t len, struct trust *out, struct fault *fault)
{
	struct jws j;

	int rc = jws_parse(text, len, &j, fault);
	if (rc != HN_OK)
		return rc;
	rc = from_jws(&j, out, fault);
	jws_clear(&j);
	return rc;
}

int trust_read(const char *path, struct trust *out, struct fault *fault)
{
	struct buf text;

	buf_init(&text, TRUST_FILE_MAX);
	int rc = file_read(path, &text);
	if (rc == HN_OK) {
		struct fault inner = {{0}, {0}};
		rc = trust_parse(text.data == NULL ? "" : text.data, text.len, out, &inner);
		if (rc != HN_OK)
			(void)fault_set(fault, rc, path, "%s%s%s", inner.place,
					inner.place[0] == '\0' ? "" : " ", inner.message);
	} else {
		(void)fault_set(fault, rc, path, "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	}
	buf_clear(&text);
	return rc;
}

static enum refusal judge_next(const struct trust *known, const struct jws *j, struct refusal_detail *detail)
{
	struct trust next;
	struct fault fault = {{0}, {0}};

	enum refusal r = jws_check(j, known->keys, known->key_count, known->threshold, detail);
	if (r != REFUSAL_NONE)
		return r;
	if (from_jws(j, &next, &fault) != HN_OK)
		return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s %s", fault.place, fault.message);
	if (next.number != known->number + 1 || memcmp(next.predecessor, known->digest, SHA256_SIZE) != 0)
		return refusal_set(detail, REFUSAL_TRUST_UNKNOWN,
				   tr("number %llu does not name number %llu as its predecessor",
				      "第%llu号は第%llu号を前の信頼ファイルとして指していない"),
				   (unsigned long long)next.number, (unsigned long long)known->number);
	if (next.issued_ns < known->issued_ns)
		return refusal_set(
			detail, REFUSAL_TRUST_UNKNOWN, "%s",
			tr("issued before its predecessor", "前の信頼ファイルより前に発行されている"));
	return REFUSAL_NONE;
}

enum refusal trust_follows(const struct trust *known, const char *next, size_t len,
			   struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct jws j;

	if (jws_parse(next, len, &j, &fault) != HN_OK)
		return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s %s", fault.place, fault.message);
	enum refusal r = judge_next(known, &j, detail);
	jws_clear(&j);
	return r;
}

static json_t *keys_json(const struct trust *t, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < t->key_count; i++) {
		json_t *o = json_object();
		field_put_string(o, "kid", t->keys[i].id, bad);
		field_put_string(o, "name", t->keys[i].name, bad);
		field_put_base64url(o, "ed25519", t->keys[i].ed25519, 32, bad);
		if (json_array_append_new(array, o) != 0)
			*bad = true;
	}
	return array;
}

int trust_payload(const struct trust *t, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object(), *r = json_object();

	field_put_string(o, "type", TRUST_TYPE, &bad);
	field_put(o, "version", json_integer(1), &bad);
	field_put(o, "number", json_integer((json_int_t)t->number), &bad);
	field_put(o, "threshold", json_integer((json_int_t)t->threshold), &bad);
	field_put(o, "keys", keys_json(t, &bad), &bad);
	field_put(o, "limits", limits_json(&t->limits), &bad);
	field_put_string(r, "kid", t->reidentification_id, &bad);
	field_put_base64url(r, "x25519", t->reidentification, 32, &bad);
	field_put(o, "reidentification", r, &bad);
	if (t->has_domestic)
		field_put_hex(o, "domestic", t->domestic, SHA256_SIZE, &bad);
	if (t->has_predecessor)
		field_put_hex(o, "predecessor", t->predecessor, SHA256_SIZE, &bad);
	if (t->mark != TRUST_MARK_NONE)
		field_put_string(o, "mark", marks[t->mark], &bad);
	field_put_time(o, "issued", t->issued_ns, &bad);
	return field_finish(o, bad, out);
}
