/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_HUB_ROUND_H
#define HINOMI_WITNESS_HUB_ROUND_H

#include <stdbool.h>

#include "witness/hub.h"

/** Hands over signatures, refusals and revocations that wait, once the ledger has them. @return whether none
 * is left */
bool hub_hand_over(struct hub_client *c, struct witness *w);

/** Asks for the ledger's checkpoint and, of who is the hub known here, for trust file, revocations,
 * applications and receipts, and holds them against what is known here. */
void hub_look(struct hub_client *c, struct witness *w);

#endif
