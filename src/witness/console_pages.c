/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/console_pages.h"

#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "http/answer.h"
#include "witness/page.h"

#define FORM      "application/x-www-form-urlencoded"
#define FORM_MAX  16384
#define LARGE_MAX ((size_t)12 << 20)
#define PAGE(pattern_, operation_, handle_)                                                                  \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = pattern_, .operation = operation_,                            \
		.flags = ROUTE_PUBLIC | ROUTE_HIDDEN, .handle = handle_, .gives = "text/html"                \
	}
#define CHANGE(pattern_, operation_, handle_, max_)                                                          \
	{                                                                                                    \
		.method = HTTP_POST, .pattern = pattern_, .operation = operation_,                           \
		.flags = ROUTE_PUBLIC | ROUTE_HIDDEN, .handle = handle_, .takes = FORM, .body_max = max_,    \
		.gives = "text/html"                                                                         \
	}

/* Who has not signed in is led to where one does. */
#define GUARD(name)                                                                                          \
	static int guard_##name(struct request *r)                                                           \
	{                                                                                                    \
		return session_of(r)->signed_in ? page_##name(r) : page_go(r, "/sign-in");                   \
	}
/* The same for what changes something: the form must have been made for who asks. */
#define GUARD_FORM(name)                                                                                     \
	static int guard_##name(struct request *r)                                                           \
	{                                                                                                    \
		if (!session_of(r)->signed_in)                                                               \
			return page_go(r, "/sign-in");                                                       \
		return page_form_holds(r) ? page_##name(r) : page_failed(r, HN_EAUTH, "/");                  \
	}

GUARD(alarms_get)
GUARD(applications_get)
GUARD(application_get)
GUARD(edges_get)
GUARD(edge_get)
GUARD(hub_get)
GUARD_FORM(acknowledge_post)
GUARD_FORM(sign_post)
GUARD_FORM(take_post)
GUARD_FORM(refuse_post)
GUARD_FORM(revoke_edge_post)
GUARD_FORM(revoke_post)

const struct route CONSOLE_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/metrics",
	 .operation = "metrics",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_UNLIMITED,
	 .handle = console_metrics_get,
	 .gives = "text/plain"},
	{.method = HTTP_GET,
	 .pattern = "/healthz",
	 .operation = "health",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_UNLIMITED,
	 .handle = console_health_get},
	{.method = HTTP_GET,
	 .pattern = "/style.css",
	 .operation = "style",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN,
	 .handle = page_style_get,
	 .gives = "text/css"},
	PAGE("/", "alarms", guard_alarms_get),
	PAGE("/sign-in", "signInPage", page_sign_in_get),
	PAGE("/applications", "applications", guard_applications_get),
	PAGE("/applications/{id:uuid}", "application", guard_application_get),
	PAGE("/edges", "edges", guard_edges_get),
	PAGE("/edges/{id:uuid}", "edge", guard_edge_get),
	PAGE("/hub", "hub", guard_hub_get),
	CHANGE("/sign-in", "signIn", page_sign_in_post, FORM_MAX),
	CHANGE("/sign-out", "signOut", page_sign_out_post, FORM_MAX),
	CHANGE("/language", "language", page_language_post, FORM_MAX),
	CHANGE("/alarms/{number:number}/acknowledge", "acknowledge", guard_acknowledge_post, FORM_MAX),
	CHANGE("/applications/{id:uuid}/sign", "sign", guard_sign_post, FORM_MAX),
	CHANGE("/applications/{id:uuid}/take", "take", guard_take_post, LARGE_MAX),
	CHANGE("/applications/{id:uuid}/refuse", "refuse", guard_refuse_post, FORM_MAX),
	CHANGE("/edges/{id:uuid}/revoke", "revokeEdge", guard_revoke_edge_post, FORM_MAX),
	CHANGE("/revocations", "revoke", guard_revoke_post, FORM_MAX),
	{0},
};

/* A cookie's value. @return NULL: it is not there */
static const char *cookie(const struct request *r, const char *name, size_t *len_out)
{
	size_t len, name_len = strlen(name);
	const char *at = request_header(r, "Cookie", &len);
	while (at != NULL && len > 0) {
		const char *end = memchr(at, ';', len);
		size_t part = end != NULL ? (size_t)(end - at) : len;
		if (part > name_len && memcmp(at, name, name_len) == 0 && at[name_len] == '=') {
			*len_out = part - name_len - 1;
			return at + name_len + 1;
		}
		size_t taken = part + (end != NULL);
		at += taken;
		len -= taken;
		while (len > 0 && *at == ' ') {
			at++;
			len--;
		}
	}
	return NULL;
}

int console_identify(struct request *r)
{
	size_t len = 0;
	struct session *s = arena_alloc(r->arena, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	const char *token = cookie(r, "hinomi_witness", &len);
	session_find(token, token != NULL ? len : 0, s);
	r->own = s;
	r->who =
		(struct request_identity){.signed_in = s->signed_in, .how = s->signed_in ? "password" : NULL};
	const char *lang = cookie(r, "hinomi_lang", &len);
	if (lang != NULL && len == 2)
		r->lang = memcmp(lang, "ja", 2) == 0 ? LANG_JA : LANG_EN;
	lang_set_thread(r->lang);
	return HN_OK;
}

bool console_allowed(const struct request *r)
{
	return r->who.signed_in;
}
