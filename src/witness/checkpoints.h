/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_CHECKPOINTS_H
#define HINOMI_WITNESS_CHECKPOINTS_H

#include "base/err.h"
#include "bus/checkpoint_line.h"
#include "witness/judge.h"
#include "witness/witness.h"

/*
 * Checkpoints of the ledgers that are watched: each edge's and the hub's. The last one that holds is the
 * memory against which the next is held, and is cosigned (C2SP tlog-cosignature) with this memory durable
 * before.
 */

/** In a transaction: the last one that holds. @param who  whose ledger @return HN_OK also where there is none
 */
HN_MUST_USE int checkpoints_seen(struct state *s, const char *who, struct checkpoint_seen *out);

/**
 * In a transaction: keeps and cosigns one that continues the last one.
 *
 * @param origin,ed25519  name and key of the ledger
 * @param f               set where it does not hold; it is then not kept
 * @return HN_OK also where it does not hold; HN_EIO, HN_ENOSPC, HN_ENOMEM
 */
HN_MUST_USE int checkpoints_put(const struct witness *w, const char *who, const char *origin,
				const uint8_t ed25519[32], const struct checkpoint_line *l,
				struct finding *f);

#endif
