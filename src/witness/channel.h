/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_CHANNEL_H
#define HINOMI_WITNESS_CHANNEL_H

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "http/request.h"
#include "witness/witness.h"

/*
 * The witness's side of the edge channel (docs/edge.md): a listener of its own, at which edges enrol by the
 * witness's codes and hand up receipts, checkpoints and health. It gives nothing down but cosignatures.
 */

/** The edge that asks. */
struct channel_peer {
	struct uuid id;
	char edge[UUID_TEXT_SIZE];
	bool sensor;
	uint8_t ed25519[32];
};

/** Of a request whose certificate was looked up. */
static inline const struct channel_peer *channel_peer_of(const struct request *r)
{
	return (const struct channel_peer *)r->own;
}

/** Binds its sockets: before the process is confined. */
HN_MUST_USE int channel_listen(const struct witness_config *config, struct fault *fault);
/** Begins to serve. */
HN_MUST_USE int channel_start(struct witness *w, struct fault *fault);
/** Renews the server's certificate where it is time. */
void channel_renew(struct witness *w);
void channel_metrics(struct buf *out);
/** Answers what waits, and ends; also what only was listening. */
void channel_stop(void);

/** Makes a code for a new edge and appends its word. */
HN_MUST_USE int channel_code(struct witness *w, const char *name, struct buf *out, struct fault *fault);

/* Handlers of its routes. */
int channel_enrol_post(struct request *r);
void channel_enrol_end(struct request *r);
int channel_renew_post(struct request *r);
int channel_streams_list(struct request *r);
int channel_stream_post(struct request *r);
int channel_cosigned_get(struct request *r);

#endif
