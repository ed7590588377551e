/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/forwarder_message.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define HEADER_LEN     12
#define NAME_MAX_LEN   255
#define LABEL_MAX      63
#define FLAG_QR        0x8000u
#define FLAG_OPCODE    0x7800u
#define FLAG_RD        0x0100u
#define FLAG_RA        0x0080u
#define FLAG_CD        0x0010u
#define RCODE_MASK     0x000fu
#define RCODE_FORMERR  1
#define RCODE_SERVFAIL 2
#define RCODE_NOTIMP   4
#define TYPE_OPT       41
#define OPT_DO         0x8000u
#define OPT_LEN        11 /* without options */
#define OPTION_PADDING 12
#define UDP_SIZE       65535 /* over TLS nothing is cut to fit */

static uint8_t *put_be16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return to + 2;
}

/* Name, type and class, one after the other. @return NULL when it breaks */
static const uint8_t *take_question(struct cur *c, size_t *len_out)
{
	const uint8_t *begin = c->at;
	size_t name_len = 0;
	for (uint8_t label = cur_u8(c); label != 0; label = cur_u8(c)) {
		name_len += 1 + (size_t)label;
		if (label > LABEL_MAX || name_len >= NAME_MAX_LEN)
			return NULL;
		cur_skip(c, label);
	}
	cur_skip(c, 4);
	if (!cur_ok(c))
		return NULL;
	*len_out = (size_t)(c->at - begin);
	return begin;
}

static bool has_secret(struct cur options, const char secret[FORWARDER_SECRET_LEN])
{
	while (cur_left(&options) > 0 && cur_ok(&options)) {
		uint16_t code = cur_be16(&options);
		size_t len = cur_be16(&options);
		const uint8_t *value = cur_take(&options, len);
		if (code == FORWARDER_SECRET_CODE && len == FORWARDER_SECRET_LEN && value != NULL &&
		    sodium_memcmp(value, secret, len) == 0)
			return true;
	}
	return false;
}

int forwarder_question_parse(struct cur message, const char secret[FORWARDER_SECRET_LEN],
			     struct forwarder_question *out)
{
	struct forwarder_question q = {.id = cur_be16(&message)};
	uint16_t flags = cur_be16(&message);
	uint64_t counts = cur_be64(&message);
	if (!cur_ok(&message))
		return HN_ETRUNC;
	/* One question, no answer, no authority, one additional record. */
	if ((flags & (FLAG_QR | FLAG_OPCODE)) != 0 || counts != UINT64_C(0x0001000000000001))
		return HN_EFORMAT;
	q.flags = flags & (FLAG_RD | FLAG_CD);
	q.question = take_question(&message, &q.question_len);
	if (q.question == NULL)
		return cur_ok(&message) ? HN_EFORMAT : HN_ETRUNC;
	uint8_t owner = cur_u8(&message);
	uint16_t type = cur_be16(&message);
	cur_skip(&message, 4); /* size, extended code, version */
	q.dnssec_ok = (cur_be16(&message) & OPT_DO) != 0;
	struct cur options = cur_sub(&message, cur_be16(&message));
	if (!cur_ok(&options))
		return HN_ETRUNC;
	if (owner != 0 || type != TYPE_OPT || cur_left(&message) > 0)
		return HN_EFORMAT;
	if (!has_secret(options, secret))
		return HN_EAUTH;
	*out = q;
	return HN_OK;
}

size_t forwarder_query_write(const struct forwarder_question *q, uint8_t out[FORWARDER_QUERY_MAX])
{
	size_t bare = HEADER_LEN + q->question_len + OPT_LEN + 4;
	size_t padding = (FORWARDER_PADDING - bare % FORWARDER_PADDING) % FORWARDER_PADDING;
	assert(bare + padding <= FORWARDER_QUERY_MAX);
	memset(out, 0, bare + padding);
	(void)put_be16(out + 2, q->flags);
	(void)put_be16(out + 4, 1);
	(void)put_be16(out + 10, 1); /* additional */
	uint8_t *at = out + HEADER_LEN;
	memcpy(at, q->question, q->question_len);
	at += q->question_len + 1; /* the OPT's owner is the root */
	at = put_be16(at, TYPE_OPT);
	at = put_be16(at, UDP_SIZE);
	at = put_be16(at, 0);
	at = put_be16(at, q->dnssec_ok ? OPT_DO : 0);
	at = put_be16(at, padding + 4);
	at = put_be16(at, OPTION_PADDING);
	(void)put_be16(at, padding);
	return bare + padding;
}

bool forwarder_answer_fits(struct cur message, const uint8_t *question, size_t question_len)
{
	cur_skip(&message, 2);
	uint16_t flags = cur_be16(&message);
	uint16_t questions = cur_be16(&message);
	cur_skip(&message, 6);
	const uint8_t *said = cur_take(&message, question_len);
	if (said == NULL || (flags & FLAG_QR) == 0 || questions != 1 ||
	    memcmp(said, question, question_len) != 0)
		return false;
	/* These would make libunbound ask without EDNS, hence without the secret. */
	unsigned rcode = flags & RCODE_MASK;
	return rcode != RCODE_FORMERR && rcode != RCODE_NOTIMP;
}

size_t forwarder_failure_write(uint16_t flags, const uint8_t *question, size_t question_len,
			       uint8_t out[FORWARDER_QUERY_MAX])
{
	assert(HEADER_LEN + question_len <= FORWARDER_QUERY_MAX);
	memset(out, 0, HEADER_LEN);
	(void)put_be16(out + 2, flags | FLAG_QR | FLAG_RA | RCODE_SERVFAIL);
	(void)put_be16(out + 4, 1);
	memcpy(out + HEADER_LEN, question, question_len);
	return HEADER_LEN + question_len;
}
