/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_UNBOUND_EVENTS_H
#define HINOMI_RESOLVER_UNBOUND_EVENTS_H

#include <stddef.h>

#include <sys/time.h>
#include <unbound-event.h>

#include "resolver/reactor.h"

struct unbound_event;

/*
 * What libunbound wants of an event loop, on a reactor. The events behave as those of the small loop that it
 * brings along: descriptors stay waited for, a time-out comes once and leaves them so.
 */
struct unbound_events {
	struct ub_event_base base;    /* first: libunbound sees only this */
	struct reactor *reactor;      /* NULL: not attached yet, or no more */
	struct unbound_event *active; /* those the reactor knows */
};

void unbound_events_init(struct unbound_events *e);
/** The reactor knows none of them any more, and none is added again. */
void unbound_events_detach(struct unbound_events *e);

#endif
