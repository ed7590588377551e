/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_METRICS_H
#define HINOMI_RESOLVER_SERVE_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"
#include "resolver/metrics.h"

struct running;

/** Appends all numbers. Not from a thread that asks the policy. @return HN_ENOMEM, what buf_err() says */
HN_MUST_USE int serve_metrics_write(struct running *r, enum metrics_form form, struct buf *out);

/*
 * http://address:port/metrics, in a thread of its own: HTTP/1.1, one request a connection, GET alone.
 */
struct metrics_server;

/** Binds and listens; before privileges are dropped. @return HN_EIO (errno) */
HN_MUST_USE int metrics_listen(const struct resolver_metrics *config, int *fd_out, struct fault *fault);
/** @param fd  the server's from now on. @return HN_ENOMEM, HN_EIO (errno); then it is the caller's */
HN_MUST_USE int metrics_start(int fd, struct running *r, struct metrics_server **out);
/** NULL is allowed. */
void metrics_stop(struct metrics_server *s);

/** Answers a request as far as it came: appends the answer. @return whether it was whole (or never will be)
 */
bool metrics_respond(struct running *r, const char *data, size_t len, bool last, struct buf *answer);

#endif
