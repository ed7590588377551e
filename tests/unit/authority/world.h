/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_AUTHORITY_WORLD_H
#define HINOMI_TESTS_UNIT_AUTHORITY_WORLD_H

/* A small commission for the tests: three keys, a trust file that wants two, a sensor, an authorisation. */
#include "tests/unit/check.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "authority/verify.h"
#include "base/json.h"
#include "base/utc.h"

#define KEYS      3
#define THRESHOLD 2
#define DAY       (86400 * NS_SECOND)
#define T0        (20000 * DAY) /* 2024-10-04, when trust and authorisation are issued */
#define SENSOR    "6f1c2a34-0000-4000-8000-000000000001"
#define ID        "6f1c2a34-0000-4000-8000-0000000000aa"

struct world {
	struct key *keys[KEYS];
	struct key *stranger;
	struct trust trust;
};

static inline struct uuid uuid_of(const char *text)
{
	struct uuid u;
	assert_int_equal(uuid_parse(text, strlen(text), &u), HN_OK);
	return u;
}

/* The document over a payload with signatures by the keys, as text; free it. */
static inline char *signed_text(const void *payload, size_t len, struct key *const *keys, size_t count)
{
	struct buf text;
	struct jws j;

	assert_int_equal(jws_draft(payload, len, &j), HN_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(jws_sign(&j, keys[i]), HN_OK);
	buf_init(&text, JWS_SIZE_MAX);
	jws_add(&j, &text);
	assert_int_equal(buf_err(&text), HN_OK);
	jws_clear(&j);
	return text.data;
}

static inline char *trust_text(const struct trust *t, struct key *const *keys, size_t count)
{
	struct buf payload;
	buf_init(&payload, 1 << 20);
	assert_int_equal(trust_payload(t, &payload), HN_OK);
	char *text = signed_text(payload.data, payload.len, keys, count);
	buf_clear(&payload);
	return text;
}

static inline void world_init(struct world *w)
{
	struct trust t = {.number = 1,
			  .threshold = THRESHOLD,
			  .key_count = KEYS,
			  .limits = limits_builtin,
			  .issued_ns = T0};
	char name[] = "Commissioner A";

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < KEYS; i++) {
		name[13] = (char)('A' + i);
		assert_int_equal(key_make(name, &w->keys[i]), HN_OK);
		t.keys[i] = *key_public(w->keys[i]);
	}
	assert_int_equal(key_make("Stranger", &w->stranger), HN_OK);
	memcpy(t.reidentification_id, t.keys[0].id, sizeof(t.keys[0].id));
	memcpy(t.reidentification, t.keys[0].x25519, 32);
	char *text = trust_text(&t, NULL, 0);
	assert_int_equal(trust_parse(text, strlen(text), &w->trust, NULL), HN_OK);
	free(text);
}

static inline void world_clear(struct world *w)
{
	for (size_t i = 0; i < KEYS; i++)
		key_free(w->keys[i]);
	key_free(w->stranger);
}

/* An agreement, valid 30 days from T0. Change its members, then sign it. */
static inline json_t *agreement(const struct world *w)
{
	char trust[SHA256_HEX_SIZE];
	sodium_bin2hex(trust, sizeof(trust), w->trust.digest, SHA256_SIZE);
	json_t *o = json_pack(
		"{s:s, s:i, s:s, s:s, s:s, s:[s], s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:[s,s], s:[s], s:[], "
		"s:[{s:s, s:[s,s,s,s], s:i, s:i, s:i}], s:[{s:s, s:s, s:s, s:[i,i], s:s}], s:[{s:s}]}",
		"type", "hinomi-authorization", "version", 1, "id", ID, "trust", trust, "basis", "agreement",
		"classes", "foreign-domestic", "issued", "2024-10-04T00:00:00Z", "from",
		"2024-10-04T00:00:00Z", "until", "2024-11-03T00:00:00Z", "retention", "P10D", "purpose",
		"botnet control", "party", "ACME", "links", "ix1", "acts", "act-1", "act-2", "recipients",
		"NCO", "facilities", "sets", "id", "c2", "kinds", "ipv4", "ipv4-prefix", "ipv6-prefix",
		"name", "entries_max", 1000, "prefix4_widest", 24, "prefix6_widest", 48, "patterns", "id",
		"p-1", "act", "act-1", "position", "tcp.opening", "offset", 0, 8, "bytes", "de ad be ef",
		"sensors", "id", SENSOR);
	assert_non_null(o);
	return o;
}

/* Replaces a member; text is JSON, NULL takes it away. */
static inline void put(json_t *o, const char *name, const char *text)
{
	if (text == NULL) {
		(void)json_object_del(o, name);
		return;
	}
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	assert_int_equal(json_object_set_new(o, name, value), 0);
}

/* An object as text; free it. */
static inline char *object_text(const json_t *o)
{
	struct buf text;
	buf_init(&text, 1u << 20);
	json_add(&text, o);
	assert_int_equal(buf_err(&text), HN_OK);
	return text.data;
}

/* Signs an object with the first `count` keys; frees it. Free the text. */
static inline char *sign_object(const struct world *w, json_t *o, size_t count)
{
	char *payload = object_text(o);
	char *text = signed_text(payload, strlen(payload), w->keys, count);
	free(payload);
	json_decref(o);
	return text;
}

#endif
