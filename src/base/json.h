/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_JSON_H
#define HINOMI_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * JSON trees of documents that are small and read whole (authorisations, trust, receipts),
 * by jansson. What is read here becomes a json_t; free it with json_decref().
 */

#define JSON_DEPTH_MAX 32

/**
 * Reads one JSON object: UTF-8, no duplicate names, no floating-point number, at most
 * JSON_DEPTH_MAX deep, nothing behind it but white space.
 *
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; the fault says line and column
 */
HN_MUST_USE int json_object_read(const char *text, size_t len, json_t **out, struct fault *fault);

/** Reads the same from a file of at most size_max bytes. Adds the path to the fault's place. */
HN_MUST_USE int json_file_read(const char *path, size_t size_max, json_t **out, struct fault *fault);

/** Appends the tree: names sorted, no white space; the bytes depend on the value only. */
void json_add(struct buf *b, const json_t *value);

/** Appends the tree for people: indented by two, names in their order, a line feed at the end. */
void json_add_pretty(struct buf *b, const json_t *value);

/*
 * Members of an object, read strictly. `required` members that are absent, and members of
 * another type, give HN_EFORMAT with the fault's place "/name". An absent optional member
 * leaves *out untouched. Strings live as long as the object.
 */
HN_MUST_USE int json_get_string(const json_t *object, const char *name, bool required, const char **out,
				struct fault *fault);
HN_MUST_USE int json_get_int(const json_t *object, const char *name, bool required, int64_t min, int64_t max,
			     int64_t *out, struct fault *fault);
HN_MUST_USE int json_get_bool(const json_t *object, const char *name, bool required, bool *out,
			      struct fault *fault);
HN_MUST_USE int json_get_array(const json_t *object, const char *name, bool required, const json_t **out,
			       struct fault *fault);
HN_MUST_USE int json_get_object(const json_t *object, const char *name, bool required, const json_t **out,
				struct fault *fault);

/** Refuses members whose names are not in the NULL-terminated list. */
HN_MUST_USE int json_only(const json_t *object, const char *const names[], struct fault *fault);

#endif
