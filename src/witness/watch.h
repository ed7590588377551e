/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_WATCH_H
#define HINOMI_WITNESS_WATCH_H

#include "base/err.h"
#include "base/fault.h"
#include "witness/witness.h"

/*
 * The threads that look without being asked: who is silent, what waits for the ledger, what is to be told;
 * and what the hub shows.
 */

/** Opens the ledger and the hub's client, before the process is confined; reads the trust file. */
HN_MUST_USE int watch_open(struct witness *w, struct fault *fault);
/** Begins both threads. */
HN_MUST_USE int watch_start(struct witness *w, struct fault *fault);
/** Ends them, and writes what still waits. NULL-safe: also where only some of it began. */
void watch_stop(struct witness *w);

#endif
