/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/cookie.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/answer.h"
#include "http/request.h"

/* The prefix binds the first to this very host and to TLS (draft-ietf-httpbis-rfc6265bis, 4.1.3.2). */
#define NAME_SECURE "__Host-hinomi"
#define NAME_PLAIN  "hinomi"
#define CHALLENGE   "-challenge"

static const char *name_of(const struct request *r)
{
	return request_secure(r) ? NAME_SECURE : NAME_PLAIN;
}

static const char *challenge_of(const struct request *r)
{
	return request_secure(r) ? NAME_SECURE CHALLENGE : NAME_PLAIN CHALLENGE;
}

int cookie_find(const char *text, size_t len, const char *name, const char **value_out, size_t *len_out)
{
	const char *found = NULL;
	size_t found_len = 0;
	size_t name_len = strlen(name);
	for (const char *at = text, *end = text + len; at < end;) {
		const char *stop = memchr(at, ';', (size_t)(end - at));
		const char *last = stop ? stop : end;
		while (at < last && *at == ' ')
			at++;
		if ((size_t)(last - at) > name_len && memcmp(at, name, name_len) == 0 &&
		    at[name_len] == '=') {
			if (found)
				return HN_EFORMAT;
			found = at + name_len + 1;
			found_len = (size_t)(last - found);
		}
		at = stop ? stop + 1 : end;
	}
	if (!found)
		return HN_ENOENT;
	if (found_len > COOKIE_MAX)
		return HN_ELIMIT;
	*value_out = found;
	*len_out = found_len;
	return HN_OK;
}

bool cookie_origin_is(const char *origin, size_t len, bool secure, const char *host, size_t host_len)
{
	const char *scheme = secure ? "https://" : "http://";
	size_t scheme_len = strlen(scheme);
	return host_len > 0 && len == scheme_len + host_len && memcmp(origin, scheme, scheme_len) == 0 &&
	       strncasecmp(origin + scheme_len, host, host_len) == 0;
}

static int find(const struct request *r, const char *name, const char **value_out, size_t *len_out)
{
	size_t len = 0;
	const char *text = request_header(r, "Cookie", &len);
	return text ? cookie_find(text, len, name, value_out, len_out) : HN_ENOENT;
}

int cookie_session(const struct request *r, const char **value_out, size_t *len_out)
{
	return find(r, name_of(r), value_out, len_out);
}

int cookie_challenge(const struct request *r, const char **value_out, size_t *len_out)
{
	return find(r, challenge_of(r), value_out, len_out);
}

static void give(struct request *r, const char *name, const char *value, int64_t seconds)
{
	char text[COOKIE_MAX + 128];
	(void)snprintf(text, sizeof(text), "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", name,
		       value ? value : "", value ? (long long)seconds : 0LL,
		       request_secure(r) ? "; Secure" : "");
	answer_header(r, "Set-Cookie", text);
}

void cookie_answer(struct request *r, const char *value, int64_t seconds)
{
	give(r, name_of(r), value, seconds);
}

void cookie_answer_challenge(struct request *r, const char *value, int64_t seconds)
{
	give(r, challenge_of(r), value, seconds);
}

bool cookie_same_origin(const struct request *r)
{
	static const char same[] = "same-origin";
	size_t len = 0, host_len = 0;
	const char *site = request_header(r, "Sec-Fetch-Site", &len);
	if (site && (len != sizeof(same) - 1 || memcmp(site, same, len) != 0))
		return false;
	const char *origin = request_header(r, "Origin", &len);
	const char *host = request_header(r, "Host", &host_len);
	return !origin || (host && cookie_origin_is(origin, len, request_secure(r), host, host_len));
}
