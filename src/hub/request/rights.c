/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/request/rights.h"

#include "base/arena.h"
#include "http/route.h"
#include "hub/request/own.h"

bool rights_allow(const struct request *r)
{
	const struct route *route = r->route;
	return (r->who.scopes & route->scopes) == route->scopes &&
	       (route->roles == 0 || (r->who.asker->roles & route->roles) != 0);
}

int rights_public(struct request *r)
{
	struct request_own *own = r->own;
	if (!own)
		own = arena_alloc(r->arena, sizeof(*own));
	if (!own)
		return HN_ENOMEM;
	r->own = own;
	own->change = NULL;
	own->cookie = false;
	asker_public(&own->asker);
	r->who = (struct request_identity){.asker = &own->asker};
	return HN_OK;
}

bool rights_audit(const struct request *r)
{
	const struct asker *a = r->who.asker;
	if (!r->who.signed_in || (r->who.scopes & SCOPE_AUDIT) == 0)
		return false;
	bool machine = a->person == 0;
	return a->kind == ORG_COMMISSION ||
	       (a->kind == ORG_CENTRE && (machine || (a->roles & (ROLE_AUDITOR | ROLE_ADMINISTRATOR)) != 0));
}
