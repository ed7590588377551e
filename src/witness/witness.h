/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_WITNESS_H
#define HINOMI_WITNESS_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "witness/config.h"
#include "witness/state.h"

/*
 * The commission's own program: what edges send here directly, what the hub shows, and what the commission
 * decides. It believes nobody: each thing is checked here against what was seen here.
 */
struct pki;

struct witness {
	const struct witness_config *config;
	struct state *state;
	uint8_t *secret; /* Ed25519 of ledger and cosignatures, 64 bytes in locked memory */
	char origin[96]; /* hinomi/witness/NAME */
	struct pki *pki; /* of edges */
};

/** Makes the data folder where it is not there, opens state and keys. @param out  witness_close() */
HN_MUST_USE int witness_open(const struct witness_config *config, struct witness *out, struct fault *fault);
/** Opens the authority of edges' certificates too. */
HN_MUST_USE int witness_open_pki(struct witness *w, struct fault *fault);
/** A zeroed one is allowed. */
void witness_close(struct witness *w);

/** A path below the data folder. @return HN_ELIMIT */
HN_MUST_USE int witness_path(const struct witness *w, const char *name, char out[4096]);

#endif
