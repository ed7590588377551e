/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_HANDIN_H
#define HINOMI_HUB_EXCHANGE_HANDIN_H

#include "base/err.h"
#include "http/request.h"
#include "hub/exchange/intake.h"
#include "hub/request/request_store.h"

/*
 * A request that hands objects in: its body goes through the intake piece by piece, the request rests while
 * the writer is behind, and when all is durable `finish` answers. Routes use it as
 *
 *   .piece = ...  { return handin_piece(r, &HOW, data, len); }
 *   .handle = ... { return handin_end(r, &HOW); }
 *   .end = handin_free
 */
struct handin;

struct handin_how {
	/** Before the first byte: may the asker, and under which terms. Once it answered by itself, it
	 * returns HN_ESTATE. */
	int (*terms)(struct request *r, struct intake_terms *out);
	/** All is durable: answers, e.g. by request_change(). */
	int (*finish)(struct request *r, struct handin *h);
	/** NULL, or told of each object on the writer's thread; `extra` bytes of memory are its own. */
	intake_taken_fn taken;
	size_t extra;
	void (*free_extra)(void *extra);
	/** NULL, or makes of each piece what the intake takes; `last` is the call behind the last piece. *out
	 * lives until the next call. */
	int (*through)(struct request *r, void *extra, const uint8_t *data, size_t len, bool last,
		       const char **out, size_t *out_len);
};

/* What the route's functions call, as above. @return what they return */
HN_MUST_USE int handin_piece(struct request *r, const struct handin_how *how, const uint8_t *data,
			     size_t len);
HN_MUST_USE int handin_end(struct request *r, const struct handin_how *how);
void handin_free(struct request *r);

/** What came of it, and the route's own memory (zeroed at first). */
void handin_result(const struct handin *h, struct intake_result *out);
void *handin_extra(struct handin *h);

#endif
