/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_WHOLE_H
#define HINOMI_HUB_WHOLE_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * A hub as a whole, from another process than the one that serves: backup, restore, check. A backup is a
 * folder (0700): `database`, the ledger with its private records, the keys. The database is copied before the
 * ledger, so that no change in it lacks its entry.
 */
struct hub_config;

/** @return HN_EEXIST: there is something at path already; HN_ENOSPC, HN_EIO; the fault says where */
HN_MUST_USE int whole_backup(const struct hub_config *config, const char *path, struct fault *fault);

/** Puts a backup where nothing is yet. @return HN_EEXIST: there is a hub already; else as above */
HN_MUST_USE int whole_restore(const struct hub_config *config, const char *path, struct fault *fault);

/** Checks database and ledger. @param finding  told each thing that is wrong; their number in wrong_out */
HN_MUST_USE int whole_check(const struct hub_config *config, void (*finding)(void *context, const char *text),
			    void *context, uint64_t *wrong_out, struct fault *fault);

#endif
