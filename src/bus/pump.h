/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_PUMP_H
#define HINOMI_BUS_PUMP_H

#include "base/err.h"
#include "bus/client.h"
#include "bus/spool.h"

/*
 * Moves a spool to one destination by a client: asks once in a connection's life where the streams stand,
 * then sends batch after batch, receipts first, then checkpoints, records, health, events, one at a time;
 * notes what is answered. What fails is sent again after a back-off, for ever. On the client's loop and
 * thread.
 */
struct pump;

/** What the pump tells; `context` as given. */
struct pump_events {
	/** A batch is durable there and noted; may be NULL. */
	void (*sent)(void *context, const struct batch *b);
	/** Something failed (once for each attempt), or (NULL) works again; may be NULL. */
	void (*trouble)(void *context, const struct client_result *r);
	/** The destination has more of this epoch than was ever added: the spool is an old copy. The pump
	 * rests; call spool_renew(), then pump_kick(). */
	void (*outrun)(void *context, enum stream stream);
};

/** Both outlive the pump. @return HN_ENOMEM */
HN_MUST_USE int pump_new(struct client *c, struct spool *s, enum spool_destination to,
			 const struct pump_events *events, void *context, struct pump **out);
/** Before its client. NULL is allowed. */
void pump_free(struct pump *p);

/** Something was added (or the spool renewed): look now, or when the back-off that runs has ended. */
void pump_kick(struct pump *p);

#endif
