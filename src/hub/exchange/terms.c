/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/terms.h"

#include <string.h>

int terms_of_request(struct request *r, struct intake_terms *out)
{
	const struct asker *asker = r->who.asker;
	if (asker->organisation == 0)
		return HN_EAUTH;
	memset(out, 0, sizeof(*out));
	out->owner = asker->organisation;
	out->spec = STIX_2_0; /* STIX 2.1, 3.2: what an object without spec_version is */
	label_init(&out->label, asker->organisation);
	return HN_OK;
}
