/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_HEAD_H
#define HINOMI_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The head of an HTTP/1.1 or 1.0 request (RFC 9112), read strictly: whatever two programs could read in two
 * ways is refused, so that nothing is smuggled past a proxy. No line folding, no bare CR or LF, no white
 * space before a colon, one Content-Length of digits alone, never together with Transfer-Encoding, no
 * encoding but "chunked", exactly one Host.
 */
#define HEAD_SIZE_MAX   16384 /* bytes with the empty line */
#define HEAD_TARGET_MAX 8192  /* bytes of the request's target */
#define HEAD_FIELDS_MAX 64

struct head_field {
	const char *name, *value; /* in the head's own bytes; value without white space around it */
	uint16_t name_len, value_len;
};

enum head_body { HEAD_NO_BODY, HEAD_LENGTH, HEAD_CHUNKED };

struct head {
	const char *method, *path, *query; /* query without "?"; NULL: none. path "*" only with OPTIONS */
	size_t method_len, path_len, query_len;
	const char *host;
	size_t host_len;
	bool http_10;
	bool keep; /* the connection stays after the answer */
	bool expects_continue;
	enum head_body body;
	uint64_t length; /* of HEAD_LENGTH, up to INT64_MAX */
	size_t field_count;
	struct head_field fields[HEAD_FIELDS_MAX];
};

/**
 * Where the head ends.
 *
 * @param from  how much was looked at before, without finding an end
 * @return bytes with the empty line; 0: not there yet; -1: it cannot become one (a bare LF)
 */
ssize_t head_end(const char *text, size_t len, size_t from);

/**
 * Reads a whole head.
 *
 * @param status_out  on an error what to answer: 400, 414, 417, 431, 501 or 505
 * @return HN_OK, HN_EFORMAT, HN_ELIMIT, HN_EUNSUPPORTED
 */
HN_MUST_USE int head_read(const char *text, size_t len, struct head *out, unsigned *status_out);

/** A field that stands there once; its name in any case. @return NULL: not there, or several times */
const struct head_field *head_find(const struct head *head, const char *name);

#endif
