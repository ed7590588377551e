/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/asker.h"

#include <string.h>

void asker_public(struct asker *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = ORG_PUBLIC;
	out->tlp_max = TLP_CLEAR;
}

void asker_hub(struct asker *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = ORG_CENTRE;
	out->tlp_max = TLP_RED;
	out->clearance = CLEARANCE_MAX;
	out->hub = true;
}
