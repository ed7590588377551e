/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/entry.h"

#include <string.h>

static const char *const names[ENTRY_KIND_COUNT] = {
	[ENTRY_IP4] = "ipv4",
	[ENTRY_IP6] = "ipv6",
	[ENTRY_PREFIX4] = "ipv4-prefix",
	[ENTRY_PREFIX6] = "ipv6-prefix",
	[ENTRY_NAME] = "name",
	[ENTRY_WILDCARD] = "wildcard",
	[ENTRY_URL] = "url",
	[ENTRY_MD5] = "md5",
	[ENTRY_SHA1] = "sha1",
	[ENTRY_SHA256] = "sha256",
	[ENTRY_JA4] = "ja4",
};

const char *entry_kind_name(enum entry_kind kind)
{
	return (unsigned)kind < ENTRY_KIND_COUNT ? names[kind] : "unknown";
}

int entry_kind_parse(const char *name, size_t len, enum entry_kind *out)
{
	for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
		if (strlen(names[kind]) == len && memcmp(names[kind], name, len) == 0) {
			*out = (enum entry_kind)kind;
			return HN_OK;
		}
	}
	return HN_ENOENT;
}
