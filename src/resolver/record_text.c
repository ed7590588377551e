/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/record_text.h"

#include "resolver/rdata_text.h"
#include "resolver/zone_text.h"

int record_text_parse(const char *text, uint16_t *type_out, struct buf *rdata)
{
	const struct zone_name root = {0};
	struct zone_text *words = NULL;
	struct zone_bytes bytes = {0};
	struct buf line;
	uint16_t type = 0;
	buf_init(&line, ZONE_ENTRY_MAX);
	buf_addf(&line, "%s\n", text);
	int rc = buf_err(&line);
	if (rc == HN_OK)
		bytes = (struct zone_bytes){(const uint8_t *)line.data,
					    (const uint8_t *)line.data + line.len};
	struct zone_source source = zone_source_bytes(&bytes);
	if (rc == HN_OK)
		rc = zone_text_new(&source, "", &words);
	if (rc == HN_OK && zone_text_next(words, NULL) != HN_OK)
		rc = HN_EFORMAT;
	if (rc == HN_OK) {
		size_t len;
		bool quoted;
		const char *word = zone_word(words, 0, &len, &quoted);
		rc = rrtype_parse(word, len, &type);
	}
	if (rc == HN_OK)
		rc = rdata_parse(type, words, 1, &root, rdata);
	zone_text_free(words);
	buf_clear(&line);
	if (rc == HN_OK)
		*type_out = type;
	return rc;
}
