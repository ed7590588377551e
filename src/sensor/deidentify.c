/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/deidentify.h"

#include <stdio.h>
#include <string.h>

struct uuid record_uid(const struct uuid *edge, const struct uuid *epoch, uint64_t seq)
{
	uint8_t name[24];
	memcpy(name, epoch->bytes, 16);
	uint64_t be = __builtin_bswap64(seq);
	memcpy(name + 16, &be, sizeof(be));
	return uuid_v5(edge, name, sizeof(name));
}

static const char *holder(const struct deidentify *d, const struct ip *ip)
{
	for (size_t i = 0; i < d->set_count; i++) {
		const char *name = set_holder(d->sets[i], ip->version, ip->bytes);
		if (name != NULL)
			return name;
	}
	return "";
}

static void fill_endpoint(const struct deidentify *d, const uint8_t *addr, uint8_t version, uint16_t port,
			  const struct uuid *uid, enum seal_end end, struct message_endpoint *out)
{
	struct ip ip = {.version = version};
	memcpy(ip.bytes, addr, version == 4 ? 4 : 16);
	memset(out, 0, sizeof(*out));
	out->port = port;
	if (d->identified || !domestic_has(d->domestic, &ip)) {
		out->identified = true;
		out->ip = ip;
		return;
	}
	(void)snprintf(out->organisation, sizeof(out->organisation), "%s", holder(d, &ip));
	pseudonym_address(d->secret, &ip, out->pseudonym);
	pseudonym_prefix(d->secret, &ip, out->prefix_pseudonym);
	seal_address(d->sealer, uid, end, &ip, out->sealed);
}

void deidentify_flow(const struct deidentify *d, const struct flow *flow, const struct selection *selection,
		     uint64_t seq, struct message_record *out)
{
	const struct flow_key *key = &flow->key;
	bool first_low = (flow->flags & FLOW_FIRST_HIGH) == 0;
	unsigned first = first_low ? 0 : 1;
	struct uuid uid = record_uid(&d->edge, &d->epoch, seq);

	memset(out, 0, sizeof(*out));
	out->seq = out->open_seq = seq;
	out->generation = selection->generation;
	out->first_ns = flow->first_ns;
	out->last_ns = flow->last_ns;
	out->match_ns = selection->match_ns;
	for (unsigned i = 0; i < 2; i++) {
		out->packets[i] = flow->packets[i ^ first];
		out->bytes[i] = flow->bytes[i ^ first];
	}
	fill_endpoint(d, first_low ? key->low : key->high, key->ip_version,
		      first_low ? key->low_port : key->high_port, &uid, SEAL_SRC, &out->src);
	fill_endpoint(d, first_low ? key->high : key->low, key->ip_version,
		      first_low ? key->high_port : key->low_port, &uid, SEAL_DST, &out->dst);
	out->protocol = key->protocol;
	out->ip_version = key->ip_version;
	out->class = (uint8_t)flow_direction_class(key, selection->direction);
	out->field = selection->field;
	out->set = selection->set;
	out->layer = selection->hit.layer;
	out->handle = selection->hit.handle;
	out->slot = selection->hit.slot;
	out->kind = selection->hit.kind;
	out->prefix_len = selection->hit.prefix_len;
	out->labels_left = selection->hit.labels_left;
	out->bytes_left = selection->hit.bytes_left;
	out->pattern = selection->pattern;
	out->pattern_offset = selection->pattern_offset;
	out->dns_type = selection->dns_type;
	out->dns_rcode = selection->dns_rcode;
	out->dns_response = selection->dns_response;
}
