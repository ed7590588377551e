/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_REQUEST_OWN_H
#define HINOMI_HUB_REQUEST_OWN_H

#include <stdbool.h>

#include "http/request.h"
#include "store/asker.h"

/* What the hub keeps beside a request (r->own), made by rights_public() before anything else. */
struct request_own {
	struct asker asker;    /* r->who.asker points here; filled anew when a stream asks again */
	bool cookie;           /* signed in by a session's cookie */
	struct change *change; /* request_change(): the one under way */
};

/** NULL before rights_public(). */
static inline struct request_own *own_of(const struct request *r)
{
	return r->own;
}

#endif
