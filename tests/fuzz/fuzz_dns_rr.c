/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/target.h"
#include "wire/dns_rr.h"
#include "wire/dns_write.h"

static uint8_t written[DNS_MESSAGE_MAX];

/* What was read and written reads the same. */
static void same(struct dns_walk *w, const struct dns_rr *rr, struct dns_walk *again)
{
	uint8_t room[2][DNS_RDATA_TEXT_MAX];
	const uint8_t *data[2];
	size_t len[2];
	struct dns_rr other;
	uint8_t low[2][DNS_RDATA_TEXT_MAX];

	assert(dns_walk_next(again, &other) == HN_OK);
	assert(other.section == rr->section && other.type == rr->type && other.class == rr->class);
	assert(other.ttl == rr->ttl && other.owner_len == rr->owner_len);
	assert(memcmp(other.owner, rr->owner, rr->owner_len) == 0);
	assert(dns_rr_data(w, rr, room[0], &data[0], &len[0]) == HN_OK);
	assert(dns_rr_data(again, &other, room[1], &data[1], &len[1]) == HN_OK);
	assert(len[0] == len[1]);
	if (len[0] > DNS_RDATA_TEXT_MAX)
		len[0] = DNS_RDATA_TEXT_MAX;
	name_lower(low[0], data[0], len[0]);
	name_lower(low[1], data[1], len[0]);
	assert(memcmp(low[0], low[1], len[0]) == 0);
}

static void read_again(const uint8_t *data, size_t len, size_t count)
{
	struct dns_walk w;
	struct dns_walk again;
	struct dns_rr rr;

	assert(dns_walk_init(&w, data, len) == HN_OK);
	assert(dns_walk_init(&again, written, sizeof(written)) == HN_OK);
	for (size_t i = 0; i < count;) {
		uint8_t room[DNS_RDATA_TEXT_MAX];
		const uint8_t *rdata;
		size_t rdata_len;
		if (dns_walk_next(&w, &rr) != HN_OK)
			return; /* the hops of a walk are counted, and this one makes more of them */
		if (dns_rr_data(&w, &rr, room, &rdata, &rdata_len) != HN_OK)
			continue;
		same(&w, &rr, &again);
		i++;
	}
	assert(dns_walk_next(&again, &rr) == HN_ENOENT);
}

/* Input: a message. Each record that can be read is written into another, which must read the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dns_walk w;
	struct dns_writer writer;
	struct dns_rr rr;
	uint8_t room[DNS_RDATA_TEXT_MAX];
	uint8_t target[NAME_MAX_WIRE];
	size_t count = 0;

	if (len > DNS_MESSAGE_MAX || dns_walk_init(&w, data, len) != HN_OK)
		return 0;
	dns_write_init(&writer, written, sizeof(written), NULL);
	while (dns_walk_next(&w, &rr) == HN_OK) {
		const uint8_t *rdata;
		size_t rdata_len;
		size_t target_len;
		assert(rr.rdata_at + rr.rdata_len <= len && rr.owner_len <= NAME_MAX_WIRE);
		if (dns_rr_target(&w, &rr, target, &target_len) == HN_OK)
			assert(target_len == 0 || name_is_wire(target, target_len));
		if (dns_rr_data(&w, &rr, room, &rdata, &rdata_len) != HN_OK)
			continue;
		int rc = dns_write_record(&writer, (enum dns_section)rr.section, rr.owner, rr.owner_len,
					  rr.type, rr.class, rr.ttl, rdata, rdata_len, NULL);
		if (rc == HN_ELIMIT)
			break;
		assert(rc == HN_OK);
		count++;
	}
	size_t size = dns_write_end(&writer, 1, DNS_QR);
	assert(size <= sizeof(written));
	read_again(data, len, count);
	return 0;
}
