/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/delegation.h"

#include <string.h>

#include "resolver/recursor.h"
#include "wire/dns_rr.h"

#define ZONES_MAX   8  /* looked at on the way up */
#define SERVERS_MAX 13 /* of one zone */

struct walk {
	struct answer_cache *cache;
	struct policy_verdict *v;
	int64_t utc_ns;
	bool addresses; /* NSIP is wanted too */
	struct delegation_gap *gap;
};

struct zone {
	uint8_t name[NAME_MAX_WIRE];
	size_t len;
};

static struct cached_answer *look_up(struct walk *w, const uint8_t *name, size_t len, uint16_t type)
{
	const struct answer_key key = answer_cache_key(w->cache, name, len, type, 0);
	struct cached_answer *found = answer_cache_find(w->cache, &key);
	if (!found) {
		memcpy(w->gap->name, name, len);
		w->gap->len = (uint8_t)len;
		w->gap->type = type;
	}
	return found;
}

static bool judge_addresses(struct walk *w, const uint8_t *server, size_t len, uint16_t type)
{
	struct dns_walk records;
	struct dns_rr rr;
	const struct cached_answer *found = look_up(w, server, len, type);
	if (!found)
		return false;
	const uint8_t *message = cached_answer_message(found);
	if (dns_walk_init(&records, message, found->message_len) != HN_OK)
		return true;
	while (dns_walk_next(&records, &rr) == HN_OK && rr.section == DNS_ANSWER) {
		struct ip address = {.version = type == DNS_TYPE_A ? 4 : 6};
		size_t size = type == DNS_TYPE_A ? 4 : 16;
		if (rr.type != type || rr.rdata_len != size)
			continue;
		memcpy(address.bytes, message + rr.rdata_at, size);
		policy_judge_ns_address(w->v, &address, w->utc_ns);
	}
	return true;
}

/* The owner of an answer's SOA: the apex of the zone that it comes from. @return whether it has one */
static bool soa_owner(const struct cached_answer *answer, struct zone *out)
{
	struct dns_walk records;
	struct dns_rr rr;
	if (dns_walk_init(&records, cached_answer_message(answer), answer->message_len) != HN_OK)
		return false;
	while (dns_walk_next(&records, &rr) == HN_OK) {
		if (rr.type != DNS_TYPE_SOA || rr.section == DNS_ADDITIONAL)
			continue;
		memcpy(out->name, rr.owner, rr.owner_len);
		out->len = rr.owner_len;
		return true;
	}
	return false;
}

/* Judges the servers in an answer of type NS. @return 1: there are some; 0: none; -1: there is a gap */
static int judge_servers(struct walk *w, const struct cached_answer *servers)
{
	struct dns_walk records;
	struct dns_rr rr;
	int count = 0;
	if (dns_walk_init(&records, cached_answer_message(servers), servers->message_len) != HN_OK)
		return 0;
	while (count < SERVERS_MAX && dns_walk_next(&records, &rr) == HN_OK && rr.section == DNS_ANSWER) {
		uint8_t name[NAME_MAX_WIRE];
		size_t len;
		if (rr.type != DNS_TYPE_NS || dns_rr_target(&records, &rr, name, &len) != HN_OK)
			continue;
		count++;
		policy_judge_ns_name(w->v, name, len, w->utc_ns);
		if (w->addresses && (!judge_addresses(w, name, len, DNS_TYPE_A) ||
				     !judge_addresses(w, name, len, DNS_TYPE_AAAA)))
			return -1;
	}
	return count > 0;
}

static unsigned label_count(const struct zone *z)
{
	unsigned labels = 0;
	for (size_t at = 0; at < z->len; at += 1u + z->name[at])
		labels++;
	return labels;
}

static void cut_label(struct zone *z)
{
	size_t cut = 1u + z->name[0];
	memmove(z->name, z->name + cut, z->len - cut);
	z->len -= cut;
}

/* From a name that is no apex to the apex its answer names, or one label up. */
static void step_up(struct zone *z, const struct cached_answer *servers)
{
	struct zone apex;
	if (soa_owner(servers, &apex) && apex.len < z->len)
		*z = apex;
	else
		cut_label(z);
}

bool delegation_judge(struct answer_cache *cache, const struct cached_answer *answer,
		      struct policy_verdict *v, int64_t utc_ns, struct delegation_gap *gap_out)
{
	struct walk w = {cache, v, utc_ns, policy_needs(v->policy, v->view, POLICY_NS_ADDRESS), gap_out};
	struct zone zone = {.len = answer->name_len};
	memcpy(zone.name, cached_answer_name(answer), zone.len);
	unsigned lowest = registrable_labels(zone.name, zone.len);
	struct zone apex;
	if (soa_owner(answer, &apex) && apex.len < zone.len)
		zone = apex;
	for (unsigned i = 0; i < ZONES_MAX && zone.len > 0 && label_count(&zone) >= lowest; i++) {
		const struct cached_answer *servers = look_up(&w, zone.name, zone.len, DNS_TYPE_NS);
		if (!servers)
			return false;
		int judged = judge_servers(&w, servers);
		if (judged < 0)
			return false;
		if (judged > 0)
			cut_label(&zone);
		else
			step_up(&zone, servers);
	}
	return true;
}
