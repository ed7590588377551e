/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EDGE_FOLLOWERS_H
#define HINOMI_HUB_EDGE_FOLLOWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Edges that follow the heads by a stream. */

/** Some head is another one: each stream looks for what it has not sent. From any thread. */
void followers_tell(void);

/** Each stream looks whether it has to say that it is still here. */
void followers_tick(void);

/** All streams end, and none is taken any more. */
void followers_end(bool ends);

#endif
