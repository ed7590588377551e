/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A server's discovery and its collections: wherever they lead, it is to the same server. */
#include <assert.h>
#include <string.h>

#include "hub/exchange/taxii_discover.h"
#include "tests/fuzz/target.h"

#define SERVER "https://cti.example/"

static void check_url(const char *url)
{
	size_t len = strnlen(url, SOURCE_WHERE_MAX + 1);
	assert(len <= SOURCE_WHERE_MAX && strncmp(url, SERVER, sizeof(SERVER) - 1) == 0 &&
	       url[len - 1] == '/');
	assert(strpbrk(url, " \r\n#?") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct taxii_roots roots;
	struct taxii_found found = {.match = TAXII_NO};
	struct fault fault;
	const char *text = (const char *)data;
	if (taxii_roots_read(SERVER "taxii2/", text, len, &roots, &fault) == HN_OK) {
		assert(roots.count <= TAXII_ROOTS_MAX);
		for (size_t i = 0; i < roots.count; i++)
			check_url(roots.urls[i]);
	}
	if (taxii_collections_read(SERVER "root/", "wanted", text, len, &found, &fault) == HN_OK &&
	    found.match != TAXII_NO)
		check_url(found.url);
	return 0;
}
