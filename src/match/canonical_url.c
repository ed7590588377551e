/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* URLs (RFC 3986) as keys. */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "match/canonical.h"

struct piece {
	const char *at;
	size_t len;
};

struct url {
	struct piece scheme, host, port, rest; /* rest: path and query */
};

/* Takes what stands before the first of the stop characters. */
static struct piece take_until(struct piece *from, const char *stops)
{
	size_t n = 0;
	while (n < from->len && strchr(stops, from->at[n]) == NULL)
		n++;
	struct piece taken = {from->at, n};
	from->at += n;
	from->len -= n;
	return taken;
}

static bool scheme_valid(const struct piece *p)
{
	for (size_t i = 0; i < p->len; i++) {
		char c = p->at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return false;
	}
	return p->len > 0;
}

static const char *find_scheme_end(const char *text, size_t len)
{
	return memmem(text, len, "://", 3);
}

/* Splits authority into host and port; user information is dropped. */
static int split_authority(struct piece authority, struct url *out)
{
	const char *at = memrchr(authority.at, '@', authority.len);
	if (at != NULL) {
		authority.len -= (size_t)(at + 1 - authority.at);
		authority.at = at + 1;
	}
	if (authority.len > 0 && authority.at[0] == '[') {
		const char *end = memchr(authority.at, ']', authority.len);
		if (end == NULL)
			return HN_EFORMAT;
		out->host = (struct piece){authority.at, (size_t)(end + 1 - authority.at)};
	} else {
		struct piece copy = authority;
		out->host = take_until(&copy, ":");
	}
	struct piece rest = {authority.at + out->host.len, authority.len - out->host.len};
	out->port = (struct piece){rest.at, 0};
	if (rest.len == 0)
		return HN_OK;
	if (rest.at[0] != ':')
		return HN_EFORMAT;
	out->port = (struct piece){rest.at + 1, rest.len - 1};
	return HN_OK;
}

static int split(const char *text, size_t len, struct url *out)
{
	const char *scheme_end = find_scheme_end(text, len);
	struct piece left = {text, len};
	*out = (struct url){0};
	if (scheme_end != NULL) {
		struct piece scheme = {text, (size_t)(scheme_end - text)};
		if (scheme_valid(&scheme)) {
			out->scheme = scheme;
			left = (struct piece){scheme_end + 3, len - scheme.len - 3};
		}
	}
	struct piece before_fragment = take_until(&left, "#");
	struct piece authority = take_until(&before_fragment, "/?");
	out->rest = before_fragment;
	return split_authority(authority, out);
}

/* Appends bytes while there is room; one byte is always left to tell that there was not. */
struct sink {
	uint8_t bytes[ENTRY_KEY_MAX + 1];
	size_t len;
};

static void sink_add(struct sink *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len && s->len < sizeof(s->bytes); i++)
		s->bytes[s->len++] = (uint8_t)text[i];
}

static int add_host(const struct url *u, struct sink *s)
{
	struct canonical host;
	struct ip ip;
	char text[IP_TEXT_SIZE];
	if (u->host.len > 1 && u->host.at[0] == '[') {
		if (ip_parse(u->host.at + 1, u->host.len - 2, &ip) != HN_OK || ip.version != 6)
			return HN_EFORMAT;
		ip_format(&ip, text);
		sink_add(s, "[", 1);
		sink_add(s, text, strlen(text));
		sink_add(s, "]", 1);
		return HN_OK;
	}
	if (ip_parse(u->host.at, u->host.len, &ip) == HN_OK && ip.version == 4) {
		ip_format(&ip, text);
		sink_add(s, text, strlen(text));
		return HN_OK;
	}
	if (u->host.at == NULL || u->host.len == 0)
		return HN_EFORMAT;
	if (memchr(u->host.at, '\\', u->host.len) != NULL || memchr(u->host.at, '*', u->host.len) != NULL)
		return HN_EFORMAT;
	int rc = canonical_name(u->host.at, u->host.len, &host);
	if (rc != HN_OK)
		return rc;
	for (size_t at = 0; at < host.key.len; at += 1u + host.bytes[at]) {
		if (at > 0)
			sink_add(s, ".", 1);
		sink_add(s, (const char *)host.bytes + at + 1, host.bytes[at]);
	}
	return HN_OK;
}

static bool scheme_is(const struct url *u, const char *name)
{
	return u->scheme.len == strlen(name) && strncasecmp(u->scheme.at, name, u->scheme.len) == 0;
}

static int add_port(const struct url *u, struct sink *s)
{
	unsigned port = 0;
	if (u->port.len == 0)
		return HN_OK;
	if (u->port.len > 5)
		return HN_EFORMAT;
	for (size_t i = 0; i < u->port.len; i++) {
		if (u->port.at[i] < '0' || u->port.at[i] > '9')
			return HN_EFORMAT;
		port = 10 * port + (unsigned)(u->port.at[i] - '0');
	}
	if (port == 0 || port > 65535)
		return HN_EFORMAT;
	bool any = u->scheme.len == 0;
	if ((port == 80 && (any || scheme_is(u, "http"))) || (port == 443 && (any || scheme_is(u, "https"))))
		return HN_OK;
	char text[8];
	int n = snprintf(text, sizeof(text), ":%u", port);
	sink_add(s, text, (size_t)n);
	return HN_OK;
}

static void add_rest(const struct url *u, struct sink *s)
{
	static const char hex[] = "0123456789ABCDEF";
	if (u->rest.len == 0 || u->rest.at[0] != '/')
		sink_add(s, "/", 1);
	for (size_t i = 0; i < u->rest.len; i++) {
		unsigned char c = (unsigned char)u->rest.at[i];
		const char escaped[] = {'%', hex[c >> 4], hex[c & 15]};
		if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>')
			sink_add(s, escaped, sizeof(escaped));
		else
			sink_add(s, u->rest.at + i, 1);
	}
}

int canonical_url(const char *text, size_t len, struct canonical *out)
{
	struct url u;
	struct sink s = {.len = 0};
	if (len == 0 || memchr(text, '\0', len) != NULL)
		return HN_EFORMAT;
	int rc = split(text, len, &u);
	if (rc == HN_OK)
		rc = add_host(&u, &s);
	if (rc == HN_OK)
		rc = add_port(&u, &s);
	if (rc != HN_OK)
		return rc;
	add_rest(&u, &s);
	if (s.len > ENTRY_KEY_MAX)
		return HN_ELIMIT;
	memcpy(out->bytes, s.bytes, s.len);
	out->key = (struct entry_key){ENTRY_URL, (uint16_t)s.len, out->bytes};
	return HN_OK;
}
