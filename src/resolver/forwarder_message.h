/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_FORWARDER_MESSAGE_H
#define HINOMI_RESOLVER_FORWARDER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"

/*
 * What the forwarder reads of libunbound's questions and of upstreams' answers, and writes to either. Only
 * header, question and the OPT record are looked at; libunbound judges the rest.
 */
#define FORWARDER_SECRET_LEN   32    /* characters, which libunbound sends as an EDNS option */
#define FORWARDER_SECRET_CODE  65001 /* of that option: RFC 6891, 9, for local use */
#define FORWARDER_QUERY_MAX    512
#define FORWARDER_PADDING      128 /* RFC 8467, 4.1: questions are padded to a multiple of this */
#define FORWARDER_QUESTION_MAX 259 /* a name, type and class */

/** A question, as it points into libunbound's message. */
struct forwarder_question {
	uint16_t id;
	uint16_t flags; /* RD and CD of the header */
	bool dnssec_ok;
	const uint8_t *question; /* name, type, class */
	size_t question_len;
};

/**
 * @return HN_ETRUNC, HN_EFORMAT: not a question of one name with one OPT record; HN_EAUTH: without the
 * secret, so not of this process
 */
HN_MUST_USE int forwarder_question_parse(struct cur message, const char secret[FORWARDER_SECRET_LEN],
					 struct forwarder_question *out);

/** The question for an upstream, with id 0, padded, without the secret. @return its length */
size_t forwarder_query_write(const struct forwarder_question *q, uint8_t out[FORWARDER_QUERY_MAX]);

/** Whether a message is an answer to that question that libunbound can use as it is. */
bool forwarder_answer_fits(struct cur message, const uint8_t *question, size_t question_len);

/** SERVFAIL with id 0. @return its length */
size_t forwarder_failure_write(uint16_t flags, const uint8_t *question, size_t question_len,
			       uint8_t out[FORWARDER_QUERY_MAX]);

#endif
