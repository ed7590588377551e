/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_FRONT_H
#define HINOMI_RESOLVER_FRONT_H

#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/exchange.h"

/*
 * A serving thread: its own sockets on every listener (SO_REUSEPORT), its loop, its exchange. Threads share
 * nothing but the service.
 */
struct front;
struct stream_counts;

/**
 * Opens the sockets, before privileges are dropped. Nothing is served yet.
 *
 * @param fault  names the listener
 * @return HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int front_new(const struct service *service, struct front **out, struct fault *fault);
/** After front_join() and recursor_drain(). NULL is allowed. */
void front_free(struct front *f);

/** Starts the thread, all signals blocked; it serves from front_go() on. @return HN_EIO (errno) */
HN_MUST_USE int front_start(struct front *f);
void front_go(struct front *f);
/** Takes no more questions; those that wait are still answered until front_join(). */
void front_stop(struct front *f);
/** Waits for its end. */
void front_join(struct front *f);

/** Of its exchange. */
const struct exchange_counts *front_counts(const struct front *f);
/** Of its streams. */
const struct stream_counts *front_stream_counts(const struct front *f);

#endif
