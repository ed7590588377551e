/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EDGE_CHANNEL_H
#define HINOMI_HUB_EDGE_CHANNEL_H

#include "base/buf.h"

/* The channel's server. Inside the folder, and for metrics. */

/** Renews the server's own certificate when its time comes; once a day is enough. */
void channel_renew(void);

/** Appends the counters of its server. */
void channel_metrics(struct buf *out);

#endif
