/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/console/console.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

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

/* Whether a weight is zero: "q=0", "q=0.000". */
static bool is_refused(const char *at, const char *end)
{
	const char *q = memmem(at, (size_t)(end - at), "q=", 2);
	if (q == NULL)
		return false;
	for (q += 2; q < end && (*q == '0' || *q == '.' || *q == ' '); q++)
		;
	return q == end;
}

/* RFC 9110, 12.5.3. Who says nothing of encodings could take any, but often cannot. */
static bool takes_gzip(const struct request *r)
{
	size_t len = 0;
	const char *at = request_header(r, "Accept-Encoding", &len);
	const char *end = at != NULL ? at + len : NULL;
	bool any = false;
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;
		while (at < stop && (*at == ' ' || *at == '\t'))
			at++;
		size_t word = 0;
		while (at + word < stop && strchr("; \t", at[word]) == NULL)
			word++;
		if (word == 4 && strncasecmp(at, "gzip", 4) == 0)
			return !is_refused(at + word, stop);
		if (word == 1 && *at == '*')
			any = !is_refused(at + word, stop);
		at = comma != NULL ? comma + 1 : end;
	}
	return any;
}

static int unpack(const struct console_file *f, struct buf *out)
{
	uint8_t piece[16384];
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)f->data, .avail_in = (unsigned)f->len};
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return HN_ENOMEM;
	int rc = Z_OK;
	while (rc == Z_OK) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = inflate(&z, Z_NO_FLUSH);
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	}
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END ? buf_err(out) : HN_EIO;
}

static int give(struct request *r, const struct console_file *f, const char *cache)
{
	char etag[80];
	bool packed = takes_gzip(r);
	guard(r);
	answer_header(r, "Vary", "Accept-Encoding");
	(void)snprintf(etag, sizeof(etag), "%s%s", f->etag, packed ? "" : "-identity");
	answer_etag(r, etag);
	answer_cache(r, cache);
	if (packed) {
		answer_header(r, "Content-Encoding", "gzip");
		buf_add(answer_body(r), f->data, f->len);
		return answer_send(r, 200, f->media);
	}
	int err = unpack(f, answer_body(r));
	return err == HN_OK ? answer_send(r, 200, f->media) : err;
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
	PAGE("/threats/holds", "getHoldsPage"),
	PAGE("/threats/holds/{hold:uuid}", "getHoldPage"),
	PAGE("/threats/objects/{object:stix}", "getObjectPage"),
	PAGE("/threats/sets/{set:uuid}", "getSetPage"),
	PAGE("/threats/sets/{set:uuid}/approvals/{approval:uuid}", "getApprovalPage"),
	PAGE("/authorisations", "getAuthorisationsPage"),
	PAGE("/authorisations/{id:uuid}", "getAuthorisationPage"),
	PAGE("/edges", "getEdgesPage"),
	PAGE("/edges/{id:uuid}", "getEdgePage"),
	PAGE("/directory", "getDirectoryPage"),
	PAGE("/directory/groups/{id:uuid}", "getGroupPage"),
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
