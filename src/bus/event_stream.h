/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_EVENT_STREAM_H
#define HINOMI_BUS_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A reader of server-sent events (WHATWG HTML, 9.2.6): bytes in any pieces in, events out. Comments and the
 * fields `id` and `retry` are passed over.
 */

#define EVENT_NAME_MAX 64 /* bytes */

/** Takes one event: its name ("message" where none was said) and its data, NUL-terminated, lines joined by
 * line feeds. An error ends the reading with it. */
typedef int event_fn(void *context, const char *name, const char *data, size_t len);

struct event_stream {
	/* private */
	struct buf line, data;
	char name[EVENT_NAME_MAX + 1];
	bool began, after_cr, has_data;
	event_fn *take;
	void *context;
};

/** @param size_max  most bytes of a line, and of an event's data */
void event_stream_init(struct event_stream *e, size_t size_max, event_fn *take, void *context);
void event_stream_clear(struct event_stream *e);

/** Forgets what is half read: the next bytes are of a new connection. */
void event_stream_reset(struct event_stream *e);

/** Takes the next bytes. @return HN_ELIMIT, HN_ENOMEM, HN_EFORMAT (a name too long), or what `take` returned;
 * then only event_stream_reset() and event_stream_clear() are allowed */
HN_MUST_USE int event_stream_add(struct event_stream *e, const char *data, size_t len);

#endif
