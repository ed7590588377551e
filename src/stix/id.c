/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "stix/object.h"

/* STIX 2.1, 3.1: lower-case letters, digits and hyphens; 3 to 250 bytes; no hyphen first, none doubled. */
static bool type_ok(const char *text, size_t len)
{
	if (len < 3 || len > STIX_TYPE_MAX || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!letter && (c != '-' || (i > 0 && text[i - 1] == '-')))
			return false;
	}
	return true;
}

int stix_id_parse(const char *text, size_t len, struct stix_id *out)
{
	const size_t tail = UUID_TEXT_SIZE - 1;
	if (len < tail + 2 || memcmp(text + len - tail - 2, "--", 2) != 0)
		return HN_EFORMAT;
	struct stix_id id = {.type = text, .type_len = len - tail - 2};
	if (!type_ok(id.type, id.type_len))
		return HN_EFORMAT;
	if (uuid_parse(text + len - tail, tail, &id.uuid) != HN_OK)
		return HN_EFORMAT;
	*out = id;
	return HN_OK;
}

void stix_id_format(const struct stix_id *id, char out[STIX_ID_MAX])
{
	size_t len = id->type_len < STIX_TYPE_MAX ? id->type_len : STIX_TYPE_MAX;
	memcpy(out, id->type, len);
	memcpy(out + len, "--", 2);
	uuid_format(&id->uuid, out + len + 2);
}
