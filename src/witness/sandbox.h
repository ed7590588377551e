/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_SANDBOX_H
#define HINOMI_WITNESS_SANDBOX_H

#include "base/confine.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/config.h"

/** Becomes another user where root began it; the data folder becomes that user's. */
HN_MUST_USE int sandbox_identity(const struct witness_config *config, struct confinement *state,
				 struct fault *fault);
/** After a command that root ran: what it made in the data folder is the serving user's too. */
void sandbox_give(const struct witness_config *config);
/** Landlock: the data folder, the folders of token and key, and what names are resolved with. */
HN_MUST_USE int sandbox_files(const struct witness_config *config, struct confinement *state,
			      struct fault *fault);
/** seccomp, once all threads run that change nothing any more. */
HN_MUST_USE int sandbox_calls(struct confinement *state, struct fault *fault);

#endif
