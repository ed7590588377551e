/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_CONSOLE_H
#define HINOMI_WITNESS_CONSOLE_H

#include "base/err.h"
#include "base/fault.h"
#include "witness/witness.h"

/*
 * The witness's own pages, made here, without scripts; for the commission's people at this machine.
 */

/** Reads its keys and binds its sockets: before the process is confined. */
HN_MUST_USE int console_listen(const struct witness_config *config, struct fault *fault);
/** Begins to serve. */
HN_MUST_USE int console_start(struct witness *w, struct fault *fault);
/** Answers what waits, and ends; also what only was listening. */
void console_stop(void);

#endif
