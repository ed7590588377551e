/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EXCHANGE_INSIDE_H
#define HINOMI_RESOLVER_EXCHANGE_INSIDE_H

/*
 * The inside of an exchange, shared by its sources: exchange.c takes a batch to where each question is known
 * and what it needs is on its way, exchange_answer.c answers one, exchange_landed.c what comes back later.
 */
#include "base/utc.h"
#include "resolver/compose.h"
#include "resolver/delegation.h"
#include "resolver/event_log.h"
#include "resolver/exchange.h"
#include "resolver/flight.h"
#include "resolver/judge.h"
#include "resolver/sketch.h"
#include "resolver/terms.h"

#define EXCHANGE_GROUP 16 /* questions whose memory is fetched together, and stays in the first cache */

#define EXCHANGE_NOTHING ((struct told){.code = ANSWER_NO_EDE}) /* told beside an answer */

struct exchange {
	const struct service *service;
	struct loop *loop;
	struct flights *flights;
	struct exchange_counts counts;
	struct event_feed feed;
	/* Of the batch, or the landing, that is being answered: */
	const struct policy *policy;
	const struct terms *terms; /* the policy's */
	uint32_t epoch;
	int64_t utc_ns;
	struct composer composer;
	struct suffixes *name; /* of the unit that is being answered, taken apart; NULL: not so */
	struct suffixes names[EXCHANGE_GROUP];
	struct fetches fetches;
};

static inline unsigned exchange_view(const struct exchange *e, const struct asked *a)
{
	return terms_view(e->terms, a->asker.group);
}

static inline struct answer_key exchange_key(const struct exchange *e, const struct asked *a)
{
	return answer_cache_key(e->service->cache, a->query.name, a->query.name_len, a->query.type,
				asked_variant(a));
}

/* The end of a question: len bytes are in its answer; 0: there is none. */
static inline void exchange_done(struct exchange *e, struct exchange_unit *u, size_t len)
{
	u->state = EXCHANGE_DONE;
	u->out_len = len;
	if (len >= DNS_HEADER_LEN) {
		count_add(&e->counts.answers[u->out[3] & DNS_RCODE], 1);
		if (u->out[2] & DNS_TC >> 8)
			count_add(&e->counts.truncated, 1);
	}
}

/* Whether the verdict is carried out, and not met by the way the client came. */
static inline bool exchange_is_blocking(const struct asked *a, const struct policy_verdict *v)
{
	return judge_blocks(v, a->asker.transport);
}

static inline void exchange_count_site(struct exchange *e, uint64_t site)
{
	if (e->feed.sites)
		site_ring_put(e->feed.sites, site);
}

/* What the sketch counts a name under. */
static inline uint64_t exchange_site(const struct exchange *e, const uint8_t *name, size_t len)
{
	return e->feed.sites ? sketch_site_of(e->feed.site_key, name, len) : 0;
}

/** Takes policy, clocks and secrets, for a batch or a landing. */
void exchange_look_around(struct exchange *e);

/** Judges client and name. */
void exchange_judge_asked(const struct exchange *e, const struct asked *a, struct policy_verdict *v);
/** Judges an answer, after what client and name came to. */
enum judge_finding exchange_judge_found(const struct exchange *e, const struct asked *a,
					struct cached_answer *answer, struct policy_verdict *v,
					struct delegation_gap *gap);
/** The end of a question that is blocked: len bytes are in the answer. @return len */
size_t exchange_tell_blocked(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			     const uint8_t *answer, size_t len);
/** Notes what a log-only set matched. */
void exchange_tell_logged(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			  const uint8_t *answer, size_t len);

/** Why a question could not even be asked. */
struct told exchange_told_of(int rc);
/** An answer that is over, and says so. */
size_t exchange_compose_stale(struct exchange *e, const struct asked *a, const struct cached_answer *answer,
			      uint8_t *out);
/** Answers a question that was read, or lets it wait. */
void exchange_answer(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u);

/** What flights_new() calls. context: the exchange. */
void exchange_landed(void *context, const struct landing *landing);

#endif
