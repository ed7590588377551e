/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/order.h"

#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"

#define ORDER_TYPE "hinomi-reidentification-order"

void order_clear(struct order *o)
{
	free(o->records);
	free(o->ground);
	*o = (struct order){0};
}

bool order_has(const struct order *o, const struct uuid *record)
{
	return o->count > 0 &&
	       bsearch(record, o->records, o->count, sizeof(*o->records), uuid_compare) != NULL;
}

static int records_read(const json_t *array, struct order *order, struct fault *fault)
{
	size_t count = json_array_size(array);
	if (count == 0 || count > ORDER_RECORDS_MAX)
		return fault_set(fault, HN_EFORMAT, "/records",
				 tr("must be 1 to %d", "は1件から%d件まででなければならない"),
				 ORDER_RECORDS_MAX);
	order->records = calloc(count, sizeof(*order->records));
	if (order->records == NULL)
		return HN_ENOMEM;
	for (; order->count < count; order->count++) {
		const json_t *item = json_array_get(array, order->count);
		struct uuid *id = &order->records[order->count];
		if (!json_is_string(item) ||
		    uuid_parse(json_string_value(item), json_string_length(item), id) != HN_OK ||
		    (order->count > 0 && uuid_compare(id - 1, id) >= 0))
			return fault_set(fault, HN_EFORMAT, "/records",
					 tr("must be UUIDs in order, none twice",
					    "は重複のない昇順のUUIDでなければならない"));
	}
	return HN_OK;
}

static int object_read(const json_t *o, struct order *order, struct fault *fault)
{
	static const char *const members[] = {"type",  "version", "id",      "trust", "issued",
					      "until", "ground",  "records", NULL};
	const json_t *records;
	const char *ground;
	int rc;

	if ((rc = field_type(o, ORDER_TYPE, fault)) != HN_OK ||
	    (rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = field_uuid(o, "id", &order->id, fault)) != HN_OK ||
	    (rc = field_hex(o, "trust", true, order->trust, SHA256_SIZE, fault)) != HN_OK ||
	    (rc = field_time(o, "issued", &order->issued_ns, fault)) != HN_OK ||
	    (rc = field_time(o, "until", &order->until_ns, fault)) != HN_OK ||
	    (rc = field_text(o, "ground", true, ORDER_GROUND_MAX, &ground, fault)) != HN_OK ||
	    (rc = json_get_array(o, "records", true, &records, fault)) != HN_OK ||
	    (rc = records_read(records, order, fault)) != HN_OK)
		return rc;
	order->ground = strdup(ground);
	return order->ground == NULL ? HN_ENOMEM : HN_OK;
}

static enum refusal judge_content(const struct order *o, const struct trust *trust, int64_t now_ns,
				  struct refusal_detail *detail)
{
	char text[UTC_SIZE];
	if (memcmp(o->trust, trust->digest, SHA256_SIZE) != 0)
		return refusal_set(
			detail, REFUSAL_TRUST_UNKNOWN, "%s",
			tr("the order names another trust file", "命令書は別の信頼ファイルを指している"));
	if (now_ns < o->issued_ns) {
		utc_format(o->issued_ns, text);
		return refusal_set(detail, REFUSAL_CLOCK_BEHIND, tr("issued %s", "発行 %s"), text);
	}
	if (now_ns >= o->until_ns) {
		utc_format(o->until_ns, text);
		return refusal_set(detail, REFUSAL_NO_LONGER_VALID, tr("it ended %s", "%s に終了"), text);
	}
	return REFUSAL_NONE;
}

static enum refusal judge(const struct jws *j, const struct trust *trust, int64_t now_ns, struct order *out,
			  struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct order order = {0};
	json_t *o;

	enum refusal r = jws_check(j, trust->keys, trust->key_count, trust->threshold, detail);
	if (r != REFUSAL_NONE)
		return r;
	int rc = json_object_read((const char *)j->payload, j->payload_len, &o, &fault);
	if (rc == HN_OK) {
		rc = object_read(o, &order, &fault);
		json_decref(o);
	}
	r = rc == HN_OK ? judge_content(&order, trust, now_ns, detail)
			: refusal_set(detail, REFUSAL_MALFORMED, "%s %s", fault.place, fault.message);
	if (r != REFUSAL_NONE) {
		order_clear(&order);
		return r;
	}
	jws_digest(j, order.digest);
	*out = order;
	return REFUSAL_NONE;
}

enum refusal order_parse(const char *text, size_t len, const struct trust *trust, int64_t now_ns,
			 struct order *out, struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct jws j;

	if (jws_parse(text, len, &j, &fault) != HN_OK)
		return refusal_set(detail, REFUSAL_MALFORMED, "%s %s", fault.place, fault.message);
	enum refusal r = judge(&j, trust, now_ns, out, detail);
	jws_clear(&j);
	return r;
}

int order_payload(const struct order *order, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object(), *records = json_array();

	for (size_t i = 0; i < order->count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&order->records[i], id);
		if (json_array_append_new(records, json_string(id)) != 0)
			bad = true;
	}
	field_put_string(o, "type", ORDER_TYPE, &bad);
	field_put(o, "version", json_integer(1), &bad);
	field_put_uuid(o, "id", &order->id, &bad);
	field_put_hex(o, "trust", order->trust, SHA256_SIZE, &bad);
	field_put_time(o, "issued", order->issued_ns, &bad);
	field_put_time(o, "until", order->until_ns, &bad);
	field_put_string(o, "ground", order->ground, &bad);
	field_put(o, "records", records, &bad);
	return field_finish(o, bad, out);
}
