/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_CONNECTION_H
#define HINOMI_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/*
 * One connection: its bytes, its state, its times. Belongs to one worker. Inside the folder only.
 */
struct exchange;
struct tls;
struct worker;

enum connection_state {
	CONNECTION_HANDSHAKE, /* of TLS */
	CONNECTION_HEAD,      /* reads a head, or waits for one */
	CONNECTION_BODY,      /* reads a body */
	CONNECTION_BUSY,      /* the request is somebody else's: see exchange->waiting */
	CONNECTION_SEND,      /* writes an answer */
	CONNECTION_LINGER,    /* said all; reads what the other still sends, so that it can read our answer */
	CONNECTION_GONE,      /* closed; freed when its request is over */
};

struct connection {
	struct worker *worker;
	struct connection *next, *before; /* of the worker's list */
	struct connection *ready_next;
	bool is_ready;
	int fd;
	struct tls *tls; /* NULL: in the clear */
	struct ip peer;
	bool counted;     /* holders_add() was called for it */
	struct ip holder; /* and with this: its address, or its certificate */
	enum connection_state state;
	bool readable, writable, ended; /* ended: the other side sends no more */
	bool keep;
	bool body_unread; /* the answer leaves while the body has not come whole */
	char *input;      /* INPUT_SIZE bytes, or NULL while idle */
	size_t input_len;
	size_t looked; /* how much of the head was looked at */
	size_t head_len;
	size_t body_at; /* bytes of the body that are read and not yet taken begin here */
	struct exchange *exchange;
	int64_t since_ns; /* this state began */
	int64_t moved_ns; /* bytes last went */
	uint64_t requests;
};

/** Takes a new socket over; it is closed on an error. */
void connection_new(struct worker *w, int fd, const struct ip *peer, bool counted);

/** The socket's news, as epoll tells them. */
void connection_event(struct connection *c, uint32_t events);

/** Works until it would block or had its share of the turn. */
void connection_go(struct connection *c);

/** Looks at the times; cuts who is too slow. May free the connection. */
void connection_tick(struct connection *c);

/** Ends it now, or when its request comes back. May free it. */
void connection_cut(struct connection *c);

/** Its request, which somebody else had, goes on. */
void connection_resumed(struct connection *c);

/** Its streamed answer may have something again. */
void connection_woken(struct connection *c);

/** A body is wanted now: sends "100 Continue" where it was asked for. */
void connection_continue(struct connection *c);

#endif
