/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Who is at the other end of a connection to the edge channel. */
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "bus/pki.h"
#include "http/peer.h"
#include "hub/edge/edge.h"
#include "hub/request/rights.h"
#include "store/directory.h"

static int take(void *context, const struct edge_row *e)
{
	struct edge_peer *p = context;
	p->number = e->number;
	p->organisation = e->organisation;
	p->kind = e->kind;
	p->id = e->id;
	memcpy(p->key.ed25519, e->ed25519, sizeof(p->key.ed25519));
	key_id_of(e->ed25519, p->key.id);
	return HN_OK;
}

/* The certificate says the same edge that the store has for its serial. */
static int look_up(struct request *r, const struct peer *certificate, struct edge_peer *p)
{
	struct hub *hub = hub_of(r);
	struct uuid said;
	uint8_t serial[EDGE_SERIAL_MAX];
	int64_t now_us = r->asked_ns / 1000;
	size_t digits = strlen(certificate->serial);
	int err = digits / 2 <= sizeof(serial) ? hex_decode(certificate->serial, digits, serial, digits / 2)
					       : HN_EFORMAT;
	if (err == HN_OK)
		err = edges_by_serial(hub->store, serial, digits / 2, now_us, take, p);
	if (err == HN_OK)
		err = pki_uri_parse(certificate->uri, strlen(certificate->uri), &said);
	if (err == HN_OK && uuid_compare(&said, &p->id) != 0)
		err = HN_EAUTH;
	if (err == HN_OK)
		err = directory_organisation_asker(hub->directory, p->organisation, now_us, &p->asker);
	return err == HN_ENOENT || err == HN_EFORMAT ? HN_EAUTH : err;
}

int edge_identify(struct request *r)
{
	const struct peer *certificate = request_peer(r);
	int err = rights_public(r);
	if (err != HN_OK || certificate == NULL)
		return err;
	struct edge_peer *p = arena_alloc(r->arena, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	err = look_up(r, certificate, p);
	if (err != HN_OK)
		return err;
	/* It follows sets, and asks for nothing else. */
	p->asker.sets_only = true;
	r->who = (struct request_identity){
		.asker = &p->asker,
		.signed_in = true,
		.scopes = SCOPE_EDGE,
		.account = p->id,
		.how = "certificate",
		.limit_key = (uint64_t)p->number,
	};
	return HN_OK;
}

bool edge_still(struct request *r)
{
	const struct peer *certificate = request_peer(r);
	struct edge_peer *p = (struct edge_peer *)(uintptr_t)edge_peer_of(r);
	if (certificate == NULL || look_up(r, certificate, p) != HN_OK)
		return false;
	p->asker.sets_only = true;
	return true;
}
