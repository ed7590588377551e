/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_SPLIT_H
#define HINOMI_STIX_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * Cuts objects out of JSON that arrives in pieces, however long it is: a STIX bundle, a TAXII envelope (both
 * {"objects": [...]}), a JSON array of objects, one object, or NDJSON. Its memory is one object's.
 */
struct stix_split;

/**
 * One object, whole, valid JSON or not: who reads it says so. Lives during the call.
 *
 * @param index  from 0, in the order of the input
 * @return anything but HN_OK ends the reading with it
 */
typedef int (*stix_split_fn)(void *context, uint64_t index, const uint8_t *bytes, size_t len);

/** An object that is too large is passed over and told with bytes NULL and its length. */
HN_MUST_USE int stix_split_new(size_t object_max, stix_split_fn fn, void *context, struct stix_split **out);
void stix_split_free(struct stix_split *s);

/** Takes the next piece. @return HN_EFORMAT (not such JSON: the fault says at which byte), HN_ENOMEM, or
 * fn's.
 */
HN_MUST_USE int stix_split_feed(struct stix_split *s, const void *data, size_t len, struct fault *fault);

/** The input has ended. @return HN_ETRUNC in the middle of something */
HN_MUST_USE int stix_split_end(struct stix_split *s, struct fault *fault);

/** "spec_version" of the bundle (2.0 has it there), as written; "" when there was none so far. */
const char *stix_split_spec(const struct stix_split *s);

#endif
