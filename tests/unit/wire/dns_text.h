/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_WIRE_DNS_TEXT_H
#define HINOMI_TESTS_UNIT_WIRE_DNS_TEXT_H

#include <stdio.h>

#include "../check.h"
#include "wire/dns_rr.h"

/* A line a record: section, owner, type, time to live, and the name its data leads to. Names end in a dot. */
static inline void name_text(const uint8_t *name, size_t len, char *out)
{
	for (size_t at = 0; at < len; at += 1u + name[at]) {
		memcpy(out, name + at + 1, name[at]);
		out += name[at];
		*out++ = '.';
	}
	if (len == 0)
		*out++ = '.';
	*out = '\0';
}

static inline int walk_text(const uint8_t *msg, size_t len, char *out, size_t size)
{
	struct dns_walk w;
	struct dns_rr rr;
	char name[NAME_MAX_WIRE + 2];
	size_t n = 0;
	int rc;

	out[0] = '\0';
	rc = dns_walk_init(&w, msg, len);
	if (rc != HN_OK)
		return rc;
	while ((rc = dns_walk_next(&w, &rr)) == HN_OK) {
		uint8_t target[NAME_MAX_WIRE];
		size_t target_len;
		name_text(rr.owner, rr.owner_len, name);
		n += (size_t)snprintf(out + n, size - n, "%u %s %u %u", rr.section, name, rr.type, rr.ttl);
		assert_int_equal(load_be32(msg + rr.ttl_at), rr.ttl);
		assert_int_equal(rr.rdata_at, rr.ttl_at + 6);
		assert_true(rr.rdata_at + rr.rdata_len <= len);
		rc = dns_rr_target(&w, &rr, target, &target_len);
		if (rc == HN_OK) {
			name_text(target, target_len, name);
			n += (size_t)snprintf(out + n, size - n, " %s", name);
		} else if (rc != HN_ENOENT) {
			n += (size_t)snprintf(out + n, size - n, " broken");
		}
		n += (size_t)snprintf(out + n, size - n, "\n");
	}
	return rc;
}

#endif
