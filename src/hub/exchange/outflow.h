/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_OUTFLOW_H
#define HINOMI_HUB_EXCHANGE_OUTFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/request.h"
#include "hub/exchange/warned.h"
#include "hub/record/reading.h"
#include "store/objects.h"

/*
 * An answer made of objects, of any length, in the memory of one slice. Each slice is a short read of the
 * store as who asks, so that it holds what he may see when it is sent; what of it must stand in the ledger
 * does so before its first byte leaves, in an entry that tells of the slices before it too
 * (reading_append()).
 */
#define OUTFLOW_ROWS  1000       /* of a slice */
#define OUTFLOW_BYTES (1u << 20) /* and about so many bytes */

struct outflow;

#define OUTFLOW_WITHHELD 1 /* of a row: nothing of it was written */

/** A form in which objects go out. Rows come in the order of their adding; text is written into
 * outflow_text(). */
struct outflow_form {
	const char *media;
	const char *way;                  /* for warning lists; NULL: none are asked */
	void (*begin)(struct outflow *o); /* may be NULL */
	int (*row)(struct outflow *o, struct reader *reader, const struct object_row *row);
	void (*end)(struct outflow *o);  /* may be NULL */
	size_t extra;                    /* bytes of memory of its own, zeroed at first */
	void (*free_extra)(void *extra); /* may be NULL */
	const void *context;             /* for outflow_context(); lives as the request does */
};

/**
 * Begins to answer. The route's `end` is outflow_free().
 *
 * @param form    lives as the request does
 * @param filter  its lists live in the request's arena; content is set
 * @return HN_OK, as a handler returns
 */
HN_MUST_USE int outflow_send(struct request *r, const struct outflow_form *form,
			     const struct object_filter *filter);
void outflow_free(struct request *r);

struct buf *outflow_text(struct outflow *o);
void *outflow_extra(struct outflow *o);
/** Who asked. */
struct request *outflow_request(struct outflow *o);
const void *outflow_context(const struct outflow *o);
/** How many rows were written before this one. */
uint64_t outflow_count(const struct outflow *o);
/** What warning lists do to what goes out here. */
const struct warned *outflow_warned(const struct outflow *o);

#endif
