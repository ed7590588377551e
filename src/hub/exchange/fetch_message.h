/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_MESSAGE_H
#define HINOMI_HUB_EXCHANGE_FETCH_MESSAGE_H

#include "base/buf.h"
#include "base/cur.h"
#include "hub/exchange/fetch.h"

/*
 * What hub and fetching process say to each other over a socket: frames of one byte (kind), four (length of
 * the payload) and the payload. Both sides read them as what a stranger sent.
 *
 *   hub      CREDENTIAL? then JOB, JOB, ... each behind the END of the one before
 *   process  BODY* END for each JOB
 */
enum fetch_frame {
	FETCH_CREDENTIAL = 1, /* JSON */
	FETCH_JOB = 2,
	FETCH_BODY = 3, /* bytes of a 200's body */
	FETCH_END = 4,
};

#define FETCH_HEAD_SIZE   5
#define FETCH_PAYLOAD_MAX (64u << 10)
#define FETCH_URL_MAX     8191
#define FETCH_ACCEPT_SIZE 128

struct fetch_job {
	char url[FETCH_URL_MAX + 1];
	char accept[FETCH_ACCEPT_SIZE];
	char etag[FETCH_TAG_SIZE], modified[FETCH_TIME_SIZE];
	uint64_t bytes_max;
	bool inside;
};

/** Why no answer came. */
enum fetch_failure {
	FETCH_GOOD, /* one came whole */
	FETCH_BAD_URL,
	FETCH_NO_NAME,
	FETCH_NO_CONNECTION,
	FETCH_ADDRESS_INSIDE,
	FETCH_BAD_CERTIFICATE,
	FETCH_BAD_TLS,
	FETCH_BAD_CREDENTIAL,
	FETCH_TOO_SLOW,
	FETCH_CUT,
	FETCH_TOO_LARGE,
	FETCH_OTHER,
	FETCH_FAILURES,
};

/** The failure in the user's language; of FETCH_GOOD "". */
const char *fetch_failure_text(enum fetch_failure failure);

struct fetch_result {
	enum fetch_failure failure;
	struct fetch_answer answer;
};

/** Whether a text may go into a header or a table: printable ASCII. */
bool fetch_text_ok(const char *text, size_t len);

/** Reads a frame's head. @return HN_EFORMAT: no such kind; HN_ELIMIT: longer than FETCH_PAYLOAD_MAX */
HN_MUST_USE int fetch_head_read(const uint8_t head[FETCH_HEAD_SIZE], enum fetch_frame *kind_out,
				size_t *len_out);
void fetch_head_write(uint8_t head[FETCH_HEAD_SIZE], enum fetch_frame kind, size_t len);

/** Appends a payload. @return HN_ELIMIT: a text is too long; HN_EFORMAT: it has what no header takes; of out
 */
HN_MUST_USE int fetch_job_write(const struct fetch_job *job, struct buf *out);
HN_MUST_USE int fetch_result_write(const struct fetch_result *result, struct buf *out);

/** Reads one. @return HN_ETRUNC, HN_EFORMAT, HN_ELIMIT */
HN_MUST_USE int fetch_job_read(struct cur in, struct fetch_job *out);
HN_MUST_USE int fetch_result_read(struct cur in, struct fetch_result *out);

#endif
