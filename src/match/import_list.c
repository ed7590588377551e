/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Plain lists, one value a line, and hosts files. */
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "match/import_form.h"

#define LOOK_LINES 64 /* lines by which a hosts file is known */

/* Cuts a comment that stands behind white space, or a ';' or ',' behind a value that is no URL. */
static size_t first_field(const char *line, size_t len)
{
	bool url = false;
	for (size_t i = 0; i < len; i++) {
		char c = line[i];
		if (c == ' ' || c == '\t')
			return i;
		if (c == '/')
			url = true;
		if (!url && i > 0 && (c == ';' || c == ','))
			return i;
	}
	return len;
}

/* What stands behind the first field: a comment, one more column such as a count, or text after a ';' or ','.
 */
static bool is_remark(const char *rest, size_t len)
{
	import_trim(&rest, &len);
	if (len == 0 || import_is_comment(rest, len) || rest[0] == ',' || rest[0] == '(')
		return true;
	for (size_t i = 0; i < len; i++)
		if (rest[i] == ' ' || rest[i] == '\t')
			return false;
	return true;
}

/* The zone in one line of a blocker's or resolver's configuration, all of which mean "this name and all
 * below". */
static bool zone_of_rule(const char **text, size_t *len)
{
	static const struct {
		const char *head, *tail;
	} rules[] = {
		{"||", "^"},      {"address=/", "/"},       {"server=/", "/"},
		{"local=/", "/"}, {"local-zone: \"", "\""},
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t head = strlen(rules[i].head);
		if (*len <= head || memcmp(*text, rules[i].head, head) != 0)
			continue;
		const char *from = *text + head;
		const char *end = memchr(from, rules[i].tail[0], *len - head);
		if (end == NULL)
			return false;
		/* A modifier ("^$third-party") makes it another rule; a target ("/192.0.2.1") is not ours. */
		if (i == 0 && end + 1 != *text + *len)
			return false;
		*text = from;
		*len = (size_t)(end - from);
		return true;
	}
	return false;
}

static int read_list_line(struct import *im, const char *line, size_t len, const struct entry_meta *meta)
{
	const char *zone = line;
	size_t zone_len = len;
	if (zone_of_rule(&zone, &zone_len))
		return import_zone(im, zone, zone_len, meta);
	size_t field = first_field(line, len);
	if (!is_remark(line + field, len - field))
		return import_leave_out(im, IMPORT_NOT_INDICATOR, meta->object, line, len, "");
	return import_value(im, line, field, IMPORT_ANY, meta);
}

static bool next_word(const char **rest, size_t *len, const char **word, size_t *word_len)
{
	import_trim(rest, len);
	if (*len == 0 || import_is_comment(*rest, *len))
		return false;
	size_t n = 0;
	while (n < *len && (*rest)[n] != ' ' && (*rest)[n] != '\t')
		n++;
	*word = *rest;
	*word_len = n;
	*rest += n;
	*len -= n;
	return true;
}

/* The addresses by which hosts files lead names nowhere. */
static bool leads_nowhere(const char *word, size_t len)
{
	struct ip ip;
	if (ip_parse(word, len, &ip) != HN_OK)
		return false;
	static const uint8_t zero[16];
	if (ip.version == 4)
		return ip.bytes[0] == 127 || memcmp(ip.bytes, zero, 4) == 0;
	return memcmp(ip.bytes, zero, 15) == 0 && ip.bytes[15] <= 1;
}

/* Names that a hosts file holds for its own machine. */
static bool is_own_name(const char *word, size_t len)
{
	static const char *const own[] = {
		"localhost",       "localhost.localdomain", "local",          "broadcasthost",
		"0.0.0.0",         "ip6-localhost",         "ip6-loopback",   "ip6-localnet",
		"ip6-mcastprefix", "ip6-allnodes",          "ip6-allrouters", "ip6-allhosts"};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == len && memcmp(own[i], word, len) == 0)
			return true;
	return false;
}

static int read_hosts_line(struct import *im, const char *line, size_t len, const struct entry_meta *meta)
{
	const char *word;
	size_t word_len;
	const char *rest = line;
	size_t rest_len = len;

	if (!next_word(&rest, &rest_len, &word, &word_len))
		return HN_OK;
	if (!leads_nowhere(word, word_len)) {
		struct ip ip;
		bool mapping = ip_parse(word, word_len, &ip) == HN_OK;
		if (!mapping)
			return read_list_line(im, line, len, meta);
		bool own = false;
		const char *name = word;
		size_t name_len = word_len;
		if (next_word(&rest, &rest_len, &name, &name_len))
			own = is_own_name(name, name_len);
		if (own) {
			im->summary->other++;
			return HN_OK;
		}
		return import_leave_out(
			im, IMPORT_NOT_INDICATOR, meta->object, line, len,
			tr("leads a name to an address of its own", "名前を別のアドレスに向けている"));
	}
	while (next_word(&rest, &rest_len, &word, &word_len)) {
		int rc = HN_OK;
		if (is_own_name(word, word_len))
			im->summary->other++;
		else
			rc = import_value(im, word, word_len, IMPORT_ANY, meta);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int read_lines(struct import *im, struct cur in,
		      int (*read_line)(struct import *im, const char *line, size_t len,
				       const struct entry_meta *meta))
{
	struct entry_meta meta = import_no_meta();
	const char *line;
	size_t len;

	for (uint64_t number = 1; import_line(&in, &line, &len); number++) {
		int rc;
		import_trim(&line, &len);
		if (len == 0 || import_is_comment(line, len))
			continue;
		import_at_line(im, number, &meta);
		if (len > im->limits->line_max)
			rc = import_leave_out(im, IMPORT_TOO_LONG, meta.object, line, len, "");
		else
			rc = read_line(im, line, len, &meta);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int read_list(struct import *im, struct cur in)
{
	return read_lines(im, in, read_list_line);
}

static int read_hosts(struct import *im, struct cur in)
{
	return read_lines(im, in, read_hosts_line);
}

static bool recognise_list(struct cur in)
{
	return !import_is_json(in);
}

/* One of the first lines leads a name nowhere. */
static bool recognise_hosts(struct cur in)
{
	const char *line, *word;
	size_t len, word_len;
	for (unsigned n = 0; n < LOOK_LINES && import_line(&in, &line, &len);) {
		if (!next_word(&line, &len, &word, &word_len))
			continue;
		n++;
		if (leads_nowhere(word, word_len) && next_word(&line, &len, &word, &word_len))
			return true;
	}
	return false;
}

const struct import_form IMPORT_LIST = {"list", recognise_list, read_list};
const struct import_form IMPORT_HOSTS = {"hosts", recognise_hosts, read_hosts};
