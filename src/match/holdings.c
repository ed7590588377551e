/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/holdings.h"

#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "base/utf8.h"
#include "match/import_text.h"

#define ORGANISATION_MAX 1023u

static int bad_line(struct fault *fault, int err, const char *name, unsigned long long number,
		    const char *what)
{
	char place[200];
	(void)snprintf(place, sizeof(place), "%.160s:%llu", name, number);
	return fault_set(fault, err, place, "%s", what);
}

static bool is_header(const char *line, size_t len)
{
	static const char word[] = "prefix";
	return len >= sizeof(word) - 1 && strncasecmp(line, word, sizeof(word) - 1) == 0;
}

/* A C string of readable UTF-8. */
static bool copy_organisation(char out[ORGANISATION_MAX + 1], const char *text, size_t len)
{
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	if (len == 0 || len > ORGANISATION_MAX || !utf8_valid(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

int holdings_read(const char *name, struct cur in, struct him_build *build, struct fault *fault)
{
	const char *line;
	size_t len;
	for (unsigned long long number = 1; import_line(&in, &line, &len); number++) {
		struct ip_prefix prefix;
		char organisation[ORGANISATION_MAX + 1];
		import_trim(&line, &len);
		if (len == 0 || line[0] == '#' || (number == 1 && is_header(line, len)))
			continue;
		size_t n = 0;
		while (n < len && line[n] != ' ' && line[n] != '\t' && line[n] != ',')
			n++;
		if (ip_prefix_parse(line, n, &prefix) != HN_OK)
			return bad_line(fault, HN_EFORMAT, name, number,
					tr("this line does not begin with a prefix (host bits zero)",
					   "行の先頭がプレフィックス(ホスト部は0)ではない"));
		const char *rest = line + n;
		size_t rest_len = len - n;
		if (rest_len > 0) {
			rest++;
			rest_len--;
		}
		import_trim(&rest, &rest_len);
		if (!copy_organisation(organisation, rest, rest_len))
			return bad_line(fault, HN_EFORMAT, name, number,
					tr("an organisation of 1 to 1023 bytes is expected behind the prefix",
					   "プレフィックスの後に組織名(1から1023バイト)が要る"));
		int rc = him_build_holdings(build, &prefix, organisation);
		if (rc != HN_OK)
			return bad_line(fault, rc, name, number, hn_strerror(rc));
	}
	return HN_OK;
}
