/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "resolver/root_files.h"

#define FIELDS_MAX 64
#define DNS_PORT   53

/* A line of a zone file: words between blanks, the owner first. */
struct record {
	char text[ROOT_LINE_MAX];
	const char *fields[FIELDS_MAX];
	size_t count;
};

typedef int take_record(const struct record *r, struct root_data *out);

static int fault_at(struct fault *fault, int err, const char *name, unsigned line, const char *message)
{
	char place[sizeof(((struct fault *)0)->place)];
	snprintf(place, sizeof(place), "%s:%u", name, line);
	return fault_set(fault, err, place, "%s", message);
}

void root_data_clear(struct root_data *d)
{
	for (size_t i = 0; i < d->anchor_count; i++)
		free(d->anchors[i]);
	*d = (struct root_data){0};
}

static bool same_server(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->ip.version == b->ip.version &&
	       memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0;
}

bool root_data_equal(const struct root_data *a, const struct root_data *b)
{
	if (a->anchor_count != b->anchor_count || a->server_count != b->server_count)
		return false;
	for (size_t i = 0; i < a->anchor_count; i++)
		if (strcmp(a->anchors[i], b->anchors[i]) != 0)
			return false;
	for (size_t i = 0; i < a->server_count; i++)
		if (!same_server(&a->servers[i], &b->servers[i]))
			return false;
	return true;
}

/* Splits at blanks, up to a comment. @return HN_ELIMIT: too many words or too long; HN_EFORMAT: a character
 * that is no text, or a parenthesis, which would go on over the line's end */
static int record_split(const char *line, size_t len, struct record *r)
{
	r->count = 0;
	const char *comment = memchr(line, ';', len);
	if (comment != NULL)
		len = (size_t)(comment - line);
	if (len >= sizeof(r->text))
		return HN_ELIMIT;
	bool inside = false;
	for (size_t i = 0; i < len; i++) {
		bool blank = line[i] == ' ' || line[i] == '\t' || line[i] == '\r';
		if (!blank && (line[i] <= ' ' || line[i] >= 0x7f || line[i] == '(' || line[i] == ')'))
			return HN_EFORMAT;
		r->text[i] = line[i];
		if (blank)
			r->text[i] = 0;
		if (!blank && !inside) {
			if (r->count == FIELDS_MAX)
				return HN_ELIMIT;
			r->fields[r->count++] = &r->text[i];
		}
		inside = !blank;
	}
	r->text[len] = 0;
	return HN_OK;
}

/* Where the type stands, after owner, time to live and class in either order. */
static size_t type_at(const struct record *r)
{
	size_t at = 1;
	while (at < r->count && at < 3 &&
	       (strcasecmp(r->fields[at], "IN") == 0 ||
		strspn(r->fields[at], "0123456789") == strlen(r->fields[at])))
		at++;
	return at;
}

static int take_anchor(const struct record *r, struct root_data *out)
{
	size_t type = type_at(r);
	/* Three numbers and at least one word of hex digits or base64. */
	if (type + 5 > r->count ||
	    (strcasecmp(r->fields[type], "DS") != 0 && strcasecmp(r->fields[type], "DNSKEY") != 0))
		return HN_EFORMAT;
	if (out->anchor_count == ROOT_ANCHORS_MAX)
		return HN_ELIMIT;
	struct buf line;
	buf_init(&line, (size_t)2 * ROOT_LINE_MAX);
	buf_addf(&line, "%s IN", r->fields[0]);
	for (size_t i = type; i < r->count; i++)
		buf_addf(&line, " %s", r->fields[i]);
	char *copy = line.err == HN_OK ? strdup(line.data) : NULL;
	buf_clear(&line);
	if (copy == NULL)
		return HN_ENOMEM;
	out->anchors[out->anchor_count++] = copy;
	return HN_OK;
}

static int take_server(const struct record *r, struct root_data *out)
{
	size_t type = type_at(r);
	if (type + 2 != r->count)
		return HN_EFORMAT;
	if (strcasecmp(r->fields[type], "NS") == 0)
		return HN_OK;
	struct endpoint server = {.port = DNS_PORT};
	const char *address = r->fields[type + 1];
	if (ip_parse(address, strlen(address), &server.ip) != HN_OK)
		return HN_EFORMAT;
	if (strcasecmp(r->fields[type], server.ip.version == 4 ? "A" : "AAAA") != 0)
		return HN_EFORMAT;
	if (out->server_count == ROOT_SERVERS_MAX)
		return HN_ELIMIT;
	out->servers[out->server_count++] = server;
	return HN_OK;
}

static int parse(const char *name, const char *text, size_t len, take_record *take, const char *message,
		 struct root_data *out, struct fault *fault)
{
	struct record *r = malloc(sizeof(*r));
	if (r == NULL)
		return fault_set(fault, HN_ENOMEM, name, "%s", hn_strerror(HN_ENOMEM));
	const char *end = text + len;
	int err = HN_OK;
	for (unsigned line = 1; text < end && err == HN_OK; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((stop == NULL ? end : stop) - text);
		err = record_split(text, line_len, r);
		if (err == HN_OK && r->count > 0)
			err = take(r, out);
		if (err == HN_EFORMAT)
			err = fault_at(fault, err, name, line, message);
		else if (err != HN_OK)
			err = fault_at(fault, err, name, line, hn_strerror(err));
		text += line_len + 1;
	}
	free(r);
	return err;
}

int root_anchors_parse(const char *name, const char *text, size_t len, struct root_data *out,
		       struct fault *fault)
{
	int err = parse(name, text, len, take_anchor,
			tr("a DS or DNSKEY record on one line must stand here",
			   "ここには、1行に書かれた DS 又は DNSKEY レコードが必要です"),
			out, fault);
	if (err == HN_OK && out->anchor_count == 0)
		return fault_set(fault, HN_EFORMAT, name,
				 tr("holds no trust anchor", "トラストアンカーがありません"));
	return err;
}

int root_hints_parse(const char *name, const char *text, size_t len, struct root_data *out,
		     struct fault *fault)
{
	int err = parse(
		name, text, len, take_server,
		tr("an NS, A or AAAA record must stand here", "ここには NS、A 又は AAAA レコードが必要です"),
		out, fault);
	if (err == HN_OK && out->server_count == 0)
		return fault_set(fault, HN_EFORMAT, name,
				 tr("holds no server's address", "サーバのアドレスがありません"));
	return err;
}
