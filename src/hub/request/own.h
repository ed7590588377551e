/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_REQUEST_OWN_H
#define HINOMI_HUB_REQUEST_OWN_H

#include <stdbool.h>

#include "http/request.h"
#include "store/asker.h"
#include "store/credentials.h"

/* What the hub keeps beside a request (r->own), made by rights_public() before anything else. */
struct request_own {
	struct asker asker; /* r->who.asker points here; filled anew when a stream asks again */
	bool cookie;        /* signed in by a session's cookie */
	bool by_token;      /* by a token or certificate, whose bounds these are: */
	int64_t expires_us; /* 0: never */
	enum credential_use use;
	unsigned purposes; /* 0: all */
	enum tlp tlp_max;
	struct change *change; /* request_change(): the one under way */
};

/** NULL before rights_public(). */
static inline struct request_own *own_of(const struct request *r)
{
	return r->own;
}

#endif
