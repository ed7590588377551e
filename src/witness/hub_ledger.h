/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_HUB_LEDGER_H
#define HINOMI_WITNESS_HUB_LEDGER_H

#include <stdbool.h>

#include "ledger/note.h"
#include "witness/hub.h"

/*
 * The hub's own ledger. The key that signs it tells this hub from another one: before anything is asked with
 * the token or handed over, the checkpoint must be signed by the key that is known here. Then it must
 * continue the last one, which the witness proves to itself from the log's tiles (C2SP tlog-tiles); then it
 * is cosigned, and the hub is handed the cosignature, which it has to enter.
 */

/** The checkpoint of this moment, once it is known to be the hub's. */
struct hub_ledger {
	struct note_key key;
	char who[16]; /* the ledger's name among those that are watched */
	char note[NOTE_SIZE_MAX + 1];
	size_t len;
};

/**
 * Asks who is there. One whose checkpoint another key signed is an alarm.
 *
 * @return HN_OK; HN_EIO: no answer, or none that is a checkpoint; HN_EAUTH: it is not the hub known here
 */
HN_MUST_USE int hub_ledger_ask(struct hub_client *c, struct witness *w, struct hub_ledger *out);

/** Holds it against the last one, cosigns it and hands the cosignature over. A fork or a rollback is an
 * alarm. */
void hub_ledger_look(struct hub_client *c, struct witness *w, const struct hub_ledger *now);

/** In a transaction: raises the alarm where the ledger was not shown whole since `before_ns` though the hub
 * answers. @param began_ns  since when this program looks */
HN_MUST_USE int hub_ledger_silent(struct state *s, int64_t began_ns, int64_t before_ns);

#endif
