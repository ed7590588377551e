/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "resolver/proxy_header.h"
#include "tests/fuzz/target.h"

/* What follows a header, and how it was cut on the way, change nothing; each beginning of it asks for more.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct ip mapped = {.bytes = {[10] = 0xff, [11] = 0xff}};
	struct proxy_header h, again;
	int rc = proxy_header_read(data, len, &h);
	if (rc == HN_ETRUNC) {
		size_t need = proxy_header_need(data, len);
		assert(need > len && need <= PROXY_HEADER_MAX);
	}
	if (rc != HN_OK) {
		assert(rc == HN_ETRUNC || rc == HN_EFORMAT || rc == HN_EUNSUPPORTED || rc == HN_ELIMIT);
		return 0;
	}
	assert(h.len >= PROXY_HEADER_FIXED && h.len <= len && h.len <= PROXY_HEADER_MAX);
	assert(h.client.version == 0 || h.client.version == 4 || h.client.version == 6);
	assert(h.client.version != 6 || memcmp(h.client.bytes, mapped.bytes, 12) != 0);
	assert(proxy_header_read(data, h.len, &again) == HN_OK && h.len == again.len);
	assert(memcmp(h.client.bytes, again.client.bytes, sizeof(h.client.bytes)) == 0);
	for (size_t n = 0; n < h.len; n++) {
		assert(proxy_header_read(data, n, &again) == HN_ETRUNC);
		size_t need = proxy_header_need(data, n);
		assert(need > n && need <= h.len);
	}
	return 0;
}
