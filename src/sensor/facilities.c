/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/facilities.h"

#include <stdlib.h>
#include <string.h>

/* What is known of all addresses with the same first 16 bits. */
enum { NONE, ALL, MIXED };

struct facilities {
	const struct authorization *authorization;
	uint8_t v4[FLOW_CLASS_COUNT][65536];
	uint8_t v6[FLOW_CLASS_COUNT][65536];
};

static void mark(uint8_t table[65536], const struct ip_prefix *p)
{
	unsigned first = (unsigned)p->addr.bytes[0] << 8 | p->addr.bytes[1];
	if (p->len > 16) {
		if (table[first] == NONE)
			table[first] = MIXED;
		return;
	}
	memset(table + first, ALL, (size_t)1 << (16 - p->len));
}

int facilities_new(const struct authorization *a, struct facilities **out)
{
	struct facilities *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HN_ENOMEM;
	f->authorization = a;
	for (size_t i = 0; i < a->facility_count; i++)
		for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
			if ((a->facilities[i].classes >> c & 1) != 0)
				mark(a->facilities[i].prefix.addr.version == 4 ? f->v4[c] : f->v6[c],
				     &a->facilities[i].prefix);
	*out = f;
	return HN_OK;
}

void facilities_free(struct facilities *f)
{
	free(f);
}

bool facilities_has(const struct facilities *f, enum flow_class c, uint8_t ip_version, const uint8_t *addr)
{
	unsigned first = (unsigned)addr[0] << 8 | addr[1];
	uint8_t state = ip_version == 4 ? f->v4[c][first] : f->v6[c][first];
	if (state != MIXED)
		return state == ALL;
	struct ip ip = {.version = ip_version};
	memcpy(ip.bytes, addr, ip_version == 4 ? 4 : 16);
	return authorization_facility_has(f->authorization, c, &ip);
}
