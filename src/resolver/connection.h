/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONNECTION_H
#define HINOMI_RESOLVER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "resolver/exchange.h"
#include "resolver/stream.h"

/* What stream.c, which moves bytes, and doh.c, which speaks HTTP/2 in them, know of a connection. */

enum connection_phase {
	CONNECTION_PROXY,     /* a PROXY header comes first */
	CONNECTION_HANDSHAKE, /* of TLS */
	CONNECTION_OPEN,
};

struct doh; /* an HTTP/2 session */

struct connection {
	struct streams *streams;
	struct connection *newer, *older; /* by activity; or the next free one */
	struct loop_handler handler;
	int fd; /* -1: free */
	uint32_t generation;
	uint64_t round;  /* of the loop, in which it began */
	size_t listener; /* its place in the configuration */
	enum connection_phase phase;
	struct asker asker;
	uint32_t place; /* in the table of prefixes */
	struct tls *tls;
	struct doh *doh;
	uint8_t *in; /* a message that has begun */
	size_t in_len, in_room;
	struct buf out; /* what the client has not read */
	size_t out_at;
	size_t held;        /* bytes that its buffers and answers take, as counted last */
	unsigned under_way; /* questions that wait */
	unsigned wanted;    /* events, while hands are shaken */
	unsigned watched;   /* by the loop */
	int64_t active_ms;  /* when it began, or completed a question */
	bool read_ended;    /* the client sends no more */
	bool ending;        /* once out is empty */
};

/** The way back of a question that waits. */
struct connection_path {
	uint32_t number; /* of the connection */
	uint32_t generation;
	int32_t stream_id; /* of HTTP/2; 0: none */
};

/** Room for an answer; of one call at a time. DNS_MESSAGE_MAX bytes. */
uint8_t *connection_room(struct connection *c);
struct exchange *connection_exchange(struct connection *c);
const struct service *connection_service(const struct connection *c);
/** Whose client asks, by the policy in force at this moment. */
uint32_t connection_group(const struct connection *c, const struct asker *asker);
/** Asks one question; fills its path when it waits. @return whether it is answered: unit->out_len bytes */
bool connection_ask(struct connection *c, struct exchange_unit *unit, int32_t stream_id);
void connection_touch(struct connection *c);

#endif
