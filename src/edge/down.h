/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_DOWN_H
#define HINOMI_EDGE_DOWN_H

#include "base/buf.h"
#include "bus/client.h"
#include "bus/head.h"
#include "edge/files.h"

/*
 * What comes down: heads are verified and held against those in force, the files that they name are brought,
 * and then the consumers' folders change by one rename. A head that has expired raises health and unloads
 * nothing.
 */
struct down;

/** Told when something came into force, or a question came. */
struct down_events {
	void (*changed)(void *context);
	/** @param ask  explain, statistics, sketch; arguments is a JSON object */
	void (*question)(void *context, const struct uuid *id, enum head_ask ask, const char *arguments);
};

/** Reads what is in force already. Both outlive it. @return HN_ENOMEM, HN_EIO, HN_ENOSPC */
HN_MUST_USE int down_new(const struct edge_files *files, struct client *client,
			 const struct down_events *events, void *context, struct down **out,
			 struct fault *fault);
void down_free(struct down *d);

/** Begins to follow. */
HN_MUST_USE int down_follow(struct down *d);

/** To call each second: tries again what could not be brought, removes files that no head names any more when
 * their readers have had time. */
void down_tick(struct down *d, int64_t now_ns);

/** Appends, as members of a JSON object, what is in force: `"connected":…,"heads":[…]`. */
void down_state(const struct down *d, int64_t now_ns, struct buf *out);

#endif
