/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_DROP_H
#define HINOMI_HUB_EXCHANGE_DROP_H

#include <stdbool.h>

#include "hub/exchange/fetch_run.h"

/*
 * Files that come without a network: drop/UUID of the source in the data folder. Who brings a file writes it
 * under a name that begins with a dot or ends in .part or .tmp, or elsewhere on the same disk, and renames it
 * when it is whole. It is taken in and moved to done/ or failed/, with the time before its name and beside it
 * what came of it; a link or a pipe is taken away. Each hub looks at its own disk.
 */

/** Opens DATA/drop, makes it where it is not there. @return as hn_err_of_errno() */
HN_MUST_USE int drop_begin(const struct hub *hub, struct fault *fault);
void drop_end(void);

/** Whether a file waits in the source's folder, which is made where it is not there. */
bool drop_waits(const struct source *source);

/**
 * Takes in what waits, by name. A file that cannot be read is moved to failed/ and the next is taken; where
 * the fault is not the file's (disk, quota, database) it stays and the run ends.
 */
HN_MUST_USE int drop_run(struct fetch_run *run, struct fault *fault);

#endif
