/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EDGE_EDGE_H
#define HINOMI_HUB_EDGE_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/err.h"
#include "base/uuid.h"
#include "bus/head.h"
#include "http/request.h"
#include "http/route.h"
#include "hub/hub.h"
#include "store/asker.h"
#include "store/edges.h"

/*
 * The hub's side of the edge channel (docs/edge.md): a listener of its own, TLS 1.3, at which sensors and
 * resolvers enrol, follow heads, fetch what these name, and hand up what they did. Nobody else is served
 * there.
 */
struct pki;

struct server;
struct writing;

/** Its listener; the certificates' authority lies in keys/edges. */
extern const struct hub_part EDGE_CHANNEL;
/** The thread that makes heads, and lets edges know. */
extern const struct hub_part EDGE_HEADS;
/** The thread that turns counts into sightings, and erases what is over. */
extern const struct hub_part EDGE_REPORTS;

struct hub_config;
/** Binds the channel's sockets: before the process is confined. @return as server_listen() */
HN_MUST_USE int edge_channel_listen(const struct hub_config *config, struct fault *fault);

/** The sets that a kind of edge follows, 1u << enum set_action each: a sensor what is selected, a resolver
 * what is blocked and watched. */
unsigned edge_actions(enum edge_kind kind);

/** The edge that asks. */
struct edge_peer {
	struct asker asker; /* its organisation's machine; r->who.asker is this */
	int64_t number;
	int64_t organisation;
	enum edge_kind kind;
	struct uuid id;
	struct key_public key;
};

/** Of a request to the edge channel, whose certificate was looked up. */
static inline const struct edge_peer *edge_peer_of(const struct request *r)
{
	return (const struct edge_peer *)(const void *)r->who.asker;
}

/** server_options.identify of the channel: looks the certificate up at each request. */
int edge_identify(struct request *r);

/** server_options.still: whether the certificate and the edge still hold. */
bool edge_still(struct request *r);

/** The authority; lives as long as the channel. NULL: there is no channel. */
struct pki *edge_pki(void);

/** Cuts the connections of an edge, for it was revoked. */
void edge_cut(const struct uuid *edge);

/* ---- routes, hub/edge/routes.c ---- */

extern const struct route EDGE_ROUTES[];
/** Handlers, as their routes say (docs/edge.md). */
int edge_enrol_post(struct request *r);
void edge_enrol_end(struct request *r);
int edge_renew_post(struct request *r);
int edge_heads_get_stream(struct request *r);
void edge_heads_end(struct request *r);
int edge_blob_get(struct request *r);
void edge_blob_end(struct request *r);
int edge_streams_list(struct request *r);
int edge_stream_post(struct request *r);

/* ---- heads ---- */

/** What heads say has changed (a document, a question, an edge, a set): they are made anew and sent. From any
 * thread; in a job call edge_heads_decided() instead, which waits for the commit. */
void edge_heads_changed(void);
void edge_heads_decided(void);

/** How many edges follow now. */
size_t edge_heads_followers(void);

/** Whether an edge follows at this moment. */
bool edge_heads_follows(int64_t edge);

#endif
