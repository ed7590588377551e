/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/console/console.h"

#include <string.h>

#include "base/lang.h"
#include "http/answer.h"

/* The page asks nobody but this hub, runs nothing that did not come with it, and stands in nobody's frame. */
#define POLICY                                                                                               \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "         \
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "                  \
	"require-trusted-types-for 'script'; trusted-types 'none'"
#define FOREVER "public, max-age=31536000, immutable"

static const struct console_file *find(const char *name)
{
	for (const struct console_file *f = CONSOLE_FILES; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void guard(struct request *r)
{
	answer_policy(r, POLICY);
	answer_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	answer_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	answer_header(r, "Referrer-Policy", "no-referrer");
	answer_header(r, "Permissions-Policy",
		      "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
		      "publickey-credentials-get=(self), publickey-credentials-create=(self)");
	answer_header(r, "X-Frame-Options", "DENY");
}

/* Every browser takes gzip, and who says nothing of encodings takes any (RFC 9110, 12.5.3). */
static int give(struct request *r, const struct console_file *f, const char *cache)
{
	guard(r);
	answer_header(r, "Content-Encoding", "gzip");
	answer_etag(r, f->etag);
	answer_cache(r, cache);
	buf_add(answer_body(r), f->data, f->len);
	return answer_send(r, 200, f->media);
}

static int missing(struct request *r)
{
	guard(r);
	buf_addf(answer_body(r),
		 "<!doctype html><html lang=\"%s\"><meta "
		 "charset=\"utf-8\"><title>Hinomi</title><h1>Hinomi</h1><p>%s</p>",
		 r->lang == LANG_JA ? "ja" : "en",
		 tr("This hub was built without its console. Install Node.js 18 or newer with npm and run "
		    "./x build. "
		    "The interface for programs is at /api/v1/openapi.json.",
		    "このハブはコンソールなしでビルドされている。Node.js 18以降とnpmを導入し、./x build "
		    "を実行すること。"
		    "プログラム用のインターフェースは /api/v1/openapi.json にある。"));
	return answer_send(r, 200, "text/html; charset=utf-8");
}

static int page_get(struct request *r)
{
	const struct console_file *page = find("index.html");
	return page ? give(r, page, "no-cache") : missing(r);
}

/* The name of a file has its digest in it, so that it is never another file. */
static int asset_get(struct request *r)
{
	char name[sizeof("assets/") + 128];
	const struct request_param *file = &r->params[0];
	if (file->len > 127)
		return HN_ENOENT;
	memcpy(name, "assets/", 7);
	memcpy(name + 7, file->text, file->len + 1);
	const struct console_file *f = find(name);
	return f ? give(r, f, FOREVER) : HN_ENOENT;
}

#define PAGE(path, name)                                                                                     \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = path, .operation = name,                                      \
		.flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_LAX_QUERY, .handle = page_get,                  \
		.gives = "text/html",                                                                        \
	}

const struct route CONSOLE_ROUTES[] = {
	PAGE("/", "getConsole"),
	PAGE("/sign-in", "getSignInPage"),
	PAGE("/situation", "getSituationPage"),
	PAGE("/threats", "getThreatsPage"),
	PAGE("/threats/extract", "getExtractPage"),
	PAGE("/threats/approvals", "getApprovalsPage"),
	PAGE("/threats/objects/{object:stix}", "getObjectPage"),
	PAGE("/threats/sets/{set:uuid}", "getSetPage"),
	PAGE("/threats/sets/{set:uuid}/approvals/{approval:uuid}", "getApprovalPage"),
	PAGE("/authorisations", "getAuthorisationsPage"),
	PAGE("/authorisations/{id:uuid}", "getAuthorisationPage"),
	PAGE("/edges", "getEdgesPage"),
	PAGE("/edges/{id:uuid}", "getEdgePage"),
	PAGE("/directory", "getDirectoryPage"),
	PAGE("/directory/organisations/{id:uuid}", "getOrganisationPage"),
	PAGE("/directory/people/{id:uuid}", "getPersonPage"),
	PAGE("/account", "getAccountPage"),
	{.method = HTTP_GET,
	 .pattern = "/assets/{file:name}",
	 .operation = "getConsoleFile",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_UNLIMITED,
	 .handle = asset_get,
	 .gives = "text/javascript|text/css|image/svg+xml"},
	{0},
};
