/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_SCAN_H
#define HINOMI_STIX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds where one JSON value ends, in bytes that come in pieces, without reading what it says: only strings,
 * escapes and brackets count. Whoever reads the value later judges it.
 */
struct stix_scan {
	char first;     /* byte of the value: what it is */
	uint64_t depth; /* of brackets that are open; only counted, so any depth is found the end of */
	bool in_string;
	bool escaped; /* the last byte was the backslash of an escape */
};

enum stix_scanned { STIX_SCAN_MORE, STIX_SCAN_DONE };

/** Begins with a value's first byte; stix_scan() goes on behind it. @return false: no value begins with it */
bool stix_scan_begin(struct stix_scan *s, uint8_t first);

/**
 * Goes on from *at to at most end. *at is then behind the value (DONE) or at end (MORE).
 */
enum stix_scanned stix_scan(struct stix_scan *s, const uint8_t **at, const uint8_t *end);

#endif
