/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/recursed.h"

#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "wire/dns_answer.h"

#define TTL_MAX        86400 /* seconds; RFC 8767, 4 lets us choose at most 7 days */
#define NEGATIVE_MAX   3600  /* RFC 2308, 5: one to three hours have been found to work well */
#define FAILURE_TTL    5     /* seconds; RFC 9520, 3.2: at least 1, at most 300 */
#define SHAPE_ROOM     1024  /* more than the packet, for names that were compressed better there */
#define RECORD_LEN_MIN 11    /* bytes of the shortest record: owner at the root, no data */

/* An answer that says SERVFAIL, kept for a moment so that a broken zone is not asked for each question. */
static struct cached_answer *failure(const struct answer_key *key, const struct recursor_answer *r)
{
	uint8_t message[DNS_HEADER_LEN + NAME_MAX_WIRE + 5] = {0};
	size_t at = DNS_HEADER_LEN;
	store_be16(message + 2, DNS_QR | DNS_RA | DNS_RCODE_SERVFAIL);
	store_be16(message + 4, 1);
	memcpy(message + at, key->name, key->name_len);
	at += key->name_len + 1u;
	store_be16(message + at, key->type);
	store_be16(message + at + 2, DNS_CLASS_IN);
	bool ours = r->failure >= RECURSOR_LIMIT_ZONE;
	struct cached_answer *a = cached_answer_new(key, message, at + 4, NULL, 0, ours ? 0 : FAILURE_TTL, 0);
	if (a && r->ede != RECURSOR_NO_EDE)
		a->ede = r->ede;
	return a;
}

static struct cached_answer *shape(const struct answer_key *key, const struct recursor_answer *r)
{
	size_t room = r->packet_len + SHAPE_ROOM;
	size_t ttl_max = r->packet_len / RECORD_LEN_MIN + 1;
	uint8_t *message = malloc(room);
	uint16_t *ttl_at = malloc(ttl_max * sizeof(*ttl_at));
	struct dns_shaped s;
	struct cached_answer *a = NULL;
	if (!message || !ttl_at)
		goto out;
	if (dns_answer_shape(r->packet, r->packet_len, key->variant & ANSWER_DNSSEC, message, room, ttl_at,
			     ttl_max, &s) != HN_OK) {
		a = failure(key, r);
		goto out;
	}
	uint16_t flags = load_be16(message + 2);
	bool secure = r->security == RECURSOR_SECURE;
	store_be16(message + 2, (uint16_t)(secure ? flags | DNS_AD : flags & ~DNS_AD));
	uint32_t ttl_limit = s.negative ? NEGATIVE_MAX : TTL_MAX;
	a = cached_answer_new(key, message, s.len, ttl_at, s.ttl_count, s.ttl < ttl_limit ? s.ttl : ttl_limit,
			      0);
out:
	free(message);
	free(ttl_at);
	return a;
}

struct cached_answer *recursed_answer(const struct answer_key *key, uint64_t site,
				      const struct recursor_answer *r, bool *failed_out)
{
	bool unchecked = key->variant & ANSWER_UNCHECKED;
	bool failed = r->failure != RECURSOR_ANSWERED || !r->packet ||
		      (r->security == RECURSOR_BOGUS && !unchecked);
	struct cached_answer *answer = failed ? failure(key, r) : shape(key, r);
	if (answer)
		answer->site = site;
	*failed_out = failed;
	return answer;
}

void recursed_begin(struct cached_answer *answer, uint32_t now_s)
{
	answer->stored = now_s;
	answer->expires += now_s;
}
