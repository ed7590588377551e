/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/domestic.h"
#include "base/cur.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool plain4(const struct domestic *d, uint32_t addr)
{
	for (size_t i = 0; i < d->count4; i++)
		if (d->ranges4[i].first <= addr && addr <= d->ranges4[i].last)
			return true;
	return false;
}

static bool plain6(const struct domestic *d, const uint8_t addr[16])
{
	uint64_t high = load_be64(addr), low = load_be64(addr + 8);
	for (size_t i = 0; i < d->count6; i++) {
		const struct domestic_range6 *r = &d->ranges6[i];
		bool from = r->first_high < high || (r->first_high == high && r->first_low <= low);
		bool to = r->last_high > high || (r->last_high == high && r->last_low >= low);
		if (from && to)
			return true;
	}
	return false;
}

static void probe(const struct domestic *d, const uint8_t bytes[16])
{
	struct ip ip = {{0}, 6};
	memcpy(ip.bytes, bytes, 16);
	must(domestic_has6(d, bytes) == plain6(d, bytes));
	must(domestic_has(d, &ip) || ip_is_global(&ip));
	must(domestic_has4(d, load_be32(bytes)) == plain4(d, load_be32(bytes)));
}

/* The fast look-ups equal the plain ones, at the edges of each range and at addresses that the input gives.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct domestic *d;
	struct fault fault;

	if (domestic_parse((const char *)data, len, &d, &fault) != HN_OK)
		return 0;
	for (size_t i = 0; i < d->count4 && i < 64; i++) {
		must(d->ranges4[i].first <= d->ranges4[i].last);
		must(i == 0 || d->ranges4[i - 1].last + 1 < d->ranges4[i].first);
		must(domestic_has4(d, d->ranges4[i].first) && domestic_has4(d, d->ranges4[i].last));
		must(d->ranges4[i].first == 0 || !domestic_has4(d, d->ranges4[i].first - 1));
		must(d->ranges4[i].last == UINT32_MAX || !domestic_has4(d, d->ranges4[i].last + 1));
	}
	for (size_t i = 0; i + 16 <= len && i < 512; i += 5)
		probe(d, data + i);
	domestic_free(d);
	return 0;
}
