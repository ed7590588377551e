/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_FIELD_H
#define HINOMI_AUTHORITY_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * Members of the room's signed documents, read strictly and written. Readers behave as those of
 * base/json.h: a missing required member or one of another form is HN_EFORMAT with the fault's place
 * "/name", an absent optional one leaves *out untouched.
 */

/** Whether it is a name: 1..max of letters, digits, '.', '_', '-' (set, act, pattern). */
bool field_name_ok(const char *text, size_t max);

/** Whether it is text for people: 1..max bytes of UTF-8 without control characters. */
bool field_text_ok(const char *text, size_t max);

HN_MUST_USE int field_identifier(const json_t *o, const char *name, size_t max, const char **out,
				 struct fault *fault);
HN_MUST_USE int field_text(const json_t *o, const char *name, bool required, size_t max, const char **out,
			   struct fault *fault);
HN_MUST_USE int field_uuid(const json_t *o, const char *name, struct uuid *out, struct fault *fault);
/** RFC 3339. */
HN_MUST_USE int field_time(const json_t *o, const char *name, int64_t *out, struct fault *fault);
/** ISO 8601 duration, longer than none. */
HN_MUST_USE int field_duration(const json_t *o, const char *name, bool required, int64_t *out,
			       struct fault *fault);
/** Exactly len bytes as lower-case hex. */
HN_MUST_USE int field_hex(const json_t *o, const char *name, bool required, uint8_t *out, size_t len,
			  struct fault *fault);
/** Exactly len bytes as base64url. */
HN_MUST_USE int field_base64url(const json_t *o, const char *name, bool required, uint8_t *out, size_t len,
				struct fault *fault);
/** Member "type" must be this text, "version" 1. @return HN_EFORMAT, HN_EUNSUPPORTED for another version */
HN_MUST_USE int field_type(const json_t *o, const char *type, struct fault *fault);

/** A duration as ISO 8601: whole days as "P30D", else seconds as "PT90S" (rounded down). */
#define FIELD_DURATION_SIZE 32
void field_duration_format(int64_t ns, char out[FIELD_DURATION_SIZE]);

/* Writers: add a member; out of memory sets *bad for good. */
void field_put(json_t *o, const char *name, json_t *value, bool *bad);
void field_put_string(json_t *o, const char *name, const char *text, bool *bad);
void field_put_uuid(json_t *o, const char *name, const struct uuid *u, bool *bad);
void field_put_time(json_t *o, const char *name, int64_t time_ns, bool *bad);
void field_put_duration(json_t *o, const char *name, int64_t ns, bool *bad);
void field_put_hex(json_t *o, const char *name, const uint8_t *data, size_t len, bool *bad);
void field_put_base64url(json_t *o, const char *name, const uint8_t *data, size_t len, bool *bad);
/** Appends an array of strings as a member. */
void field_put_strings(json_t *o, const char *name, const char *const *items, size_t count, bool *bad);

/** Appends a finished object to out as one payload and frees it. @return HN_ENOMEM when bad, else buf_err()
 */
HN_MUST_USE int field_finish(json_t *o, bool bad, struct buf *out);

#endif
