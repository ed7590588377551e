/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>
#include <strings.h>

#include "base/cur.h"
#include "base/ip.h"
#include "resolver/blockpage.h"

#define Q_ONE     1000 /* a quality of 1 */
#define LABEL_MAX 63

/* A piece of the request. */
struct text {
	const char *at;
	size_t len;
};

/* What the header fields said so far. */
struct seen {
	bool host;
	bool language;
	int ja, en; /* qualities, -1: not named */
	int other;  /* of "*" */
	size_t ja_place, en_place;
	size_t places;
};

static bool is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool equals(struct text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static struct text trimmed(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Everything up to the byte, which is taken too; else all. */
static struct text until(struct text *rest, char c)
{
	const char *found = rest->len == 0 ? NULL : memchr(rest->at, c, rest->len);
	struct text t = {rest->at, found == NULL ? rest->len : (size_t)(found - rest->at)};
	size_t taken = t.len + (found == NULL ? 0 : 1);
	rest->at += taken;
	rest->len -= taken;
	return t;
}

/*
 * The next line without its end (RFC 9112, 2.2: a lone line feed ends one too). A carriage return or NUL
 * within is an attempt to be read differently by somebody else.
 */
static int next_line(struct cur *c, struct text *out)
{
	size_t left = cur_left(c);
	const uint8_t *at = cur_peek(c, left);
	const uint8_t *end = left == 0 ? NULL : memchr(at, '\n', left);
	if (end == NULL)
		return HN_ETRUNC;
	size_t len = (size_t)(end - at);
	const char *line = (const char *)cur_take(c, len + 1);
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len > 0 && (memchr(line, '\r', len) != NULL || memchr(line, '\0', len) != NULL))
		return HN_EFORMAT;
	*out = (struct text){line, len};
	return HN_OK;
}

/* Letters, digits, hyphens and underscores in labels of 1 to 63; one dot may end it. */
static int read_name(struct text t, char out[BLOCKPAGE_NAME_SIZE])
{
	size_t label = 0;
	char name[BLOCKPAGE_NAME_SIZE];

	if (t.len > 0 && t.at[t.len - 1] == '.')
		t.len--;
	if (t.len == 0 || t.len >= BLOCKPAGE_NAME_SIZE)
		return HN_EFORMAT;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
		if (c == '.' ? label == 0 : !good || ++label > LABEL_MAX)
			return HN_EFORMAT;
		if (c == '.')
			label = 0;
		name[i] = c;
	}
	if (label == 0)
		return HN_EFORMAT;
	name[t.len] = '\0';
	memcpy(out, name, t.len + 1);
	return HN_OK;
}

static bool is_port(struct text t)
{
	if (t.len > 5)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	return true;
}

/* uri-host [":" port] (RFC 9110, 7.2). An address is nobody's name. */
static int read_host(struct text value, char out[BLOCKPAGE_NAME_SIZE])
{
	struct ip ip;
	struct text rest = value;

	if (value.len > 0 && value.at[0] == '[') {
		struct text address = until(&rest, ']');
		bool port = rest.len == 0 ||
			    (rest.at[0] == ':' && is_port((struct text){rest.at + 1, rest.len - 1}));
		if (!port || address.len == value.len ||
		    ip_parse(address.at + 1, address.len - 1, &ip) != HN_OK || ip.version != 6)
			return HN_EFORMAT;
		out[0] = '\0';
		return HN_OK;
	}
	struct text host = until(&rest, ':');
	if (!is_port(rest))
		return HN_EFORMAT;
	if (ip_parse(host.at, host.len, &ip) == HN_OK) {
		out[0] = '\0';
		return HN_OK;
	}
	return read_name(host, out);
}

/* "q=0.8" in thousandths (RFC 9110, 12.4.2); what is no quality counts as 1. */
static int quality(struct text parameter)
{
	parameter = trimmed(parameter);
	if (parameter.len < 3 || strncasecmp(parameter.at, "q=", 2) != 0)
		return Q_ONE;
	if (parameter.at[2] != '0')
		return Q_ONE;
	int value = 0, unit = Q_ONE / 10;
	for (size_t i = 4; i < parameter.len && unit > 0; i++, unit /= 10)
		if (parameter.at[i] >= '0' && parameter.at[i] <= '9')
			value += (parameter.at[i] - '0') * unit;
	return value;
}

static bool is_language(struct text range, const char *word)
{
	return equals(range, word) ||
	       (range.len > 2 && range.at[2] == '-' && strncasecmp(range.at, word, 2) == 0);
}

static void read_language(struct text value, struct seen *seen)
{
	seen->language = true;
	while (value.len > 0) {
		struct text item = until(&value, ',');
		struct text range = trimmed(until(&item, ';'));
		int q = quality(item);
		size_t place = seen->places++;
		if (is_language(range, "ja") && q > seen->ja) {
			seen->ja = q;
			seen->ja_place = place;
		} else if (is_language(range, "en") && q > seen->en) {
			seen->en = q;
			seen->en_place = place;
		} else if (equals(range, "*")) {
			seen->other = q;
		}
	}
}

static bool prefers_ja(const struct seen *seen)
{
	int ja = seen->ja >= 0 ? seen->ja : seen->other;
	int en = seen->en >= 0 ? seen->en : seen->other;
	if (!seen->language)
		return true;
	if (ja != en)
		return ja > en;
	return ja > 0 && seen->ja >= 0 && (seen->en < 0 || seen->ja_place < seen->en_place);
}

/* method SP request-target SP HTTP-version (RFC 9112, 3). */
static int read_request_line(struct text line, struct blockpage_request *r, struct text *target, bool *old)
{
	struct text method = until(&line, ' ');
	*target = until(&line, ' ');
	for (size_t i = 0; i < method.len; i++)
		if (!is_token_char(method.at[i]))
			return HN_EFORMAT;
	if (method.len == 0 || target->len == 0)
		return HN_EFORMAT;
	*old = equals(line, "HTTP/1.0");
	if (line.len != 8 || strncmp(line.at, "HTTP/", 5) != 0)
		return HN_EFORMAT;
	if (!*old && !equals(line, "HTTP/1.1"))
		return HN_EUNSUPPORTED;
	r->head = method.len == 4 && memcmp(method.at, "HEAD", 4) == 0;
	bool known = r->head || (method.len == 3 && memcmp(method.at, "GET", 3) == 0) ||
		     (method.len == 4 && memcmp(method.at, "POST", 4) == 0);
	return known ? HN_OK : HN_EUNSUPPORTED;
}

static int read_field(struct text line, struct blockpage_request *r, struct seen *seen)
{
	struct text name = until(&line, ':');
	struct text value = trimmed(line);

	if (name.len == 0 || name.at + name.len == line.at) /* no colon */
		return HN_EFORMAT;
	for (size_t i = 0; i < name.len; i++)
		if (!is_token_char(name.at[i])) /* also a folded line's space */
			return HN_EFORMAT;
	if (equals(name, "accept-language"))
		read_language(value, seen);
	if (!equals(name, "host"))
		return HN_OK;
	if (seen->host)
		return HN_EFORMAT;
	seen->host = true;
	return read_host(value, r->name);
}

/* "http://host/path": what a proxy is asked, whose host counts (RFC 9112, 3.2.2). */
static int read_target(struct text target, struct blockpage_request *r)
{
	if (target.len < 7 || strncasecmp(target.at, "http://", 7) != 0)
		return HN_OK;
	size_t len = 7;
	while (len < target.len && strchr("/?#", target.at[len]) == NULL)
		len++;
	return read_host((struct text){target.at + 7, len - 7}, r->name);
}

int blockpage_request_read(const char *data, size_t len, struct blockpage_request *out)
{
	struct blockpage_request r = {0};
	struct seen seen = {.ja = -1, .en = -1};
	struct cur c = cur_of(data, len);
	struct text line, target;
	bool old;

	int rc = next_line(&c, &line);
	if (rc == HN_OK)
		rc = read_request_line(line, &r, &target, &old);
	if (rc != HN_OK)
		return rc;
	for (;;) {
		rc = next_line(&c, &line);
		if (rc != HN_OK)
			return rc;
		if (line.len == 0)
			break;
		rc = read_field(line, &r, &seen);
		if (rc != HN_OK)
			return rc;
	}
	if (!seen.host && !old)
		return HN_EFORMAT;
	rc = read_target(target, &r);
	if (rc != HN_OK)
		return rc;
	r.ja = prefers_ja(&seen);
	*out = r;
	return HN_OK;
}
