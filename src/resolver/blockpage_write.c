/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/utc.h"
#include "resolver/blockpage.h"

#define PAGE_MAX  16384 /* bytes; a few names, two texts of 255 and what stands around them */
#define DATE_SIZE 32

/* The one style sheet; the policy in the header names its digest, so that nothing else may be applied. */
static const char style[] =
	"body{font-family:sans-serif;line-height:1.7;max-width:40em;margin:2em auto;padding:0 "
	"1em;color:#1a1a1c;"
	"background:#fff}h1{font-size:1.5em;border-left:.4em solid #ce0000;padding-left:.6em}"
	"dt{font-weight:bold;margin-top:.8em}dd{margin:0;overflow-wrap:anywhere}"
	".small{color:#4d4d4d;font-size:.9em;border-top:1px solid #b4b4b4;margin-top:2em;padding-top:1em}";

/* What the page says in one language. */
struct texts {
	const char *lang;
	const char *title, *lead, *lead_elsewhere;
	const char *name, *listed, *by, *reason, *contact;
	const char *reasons[3]; /* policy, law, customer */
	const char *mistake, *entered, *noted;
	const char *idle_title, *idle;
};

static const struct texts en = {
	.lang = "en",
	.title = "This site has been blocked",
	.lead = "The protective DNS of the network you are using did not connect you to this site, because "
		"its name "
		"is used in attacks such as malware, phishing or fraud.",
	.lead_elsewhere = "The protective DNS of the network you are using did not connect you to this site, "
			  "because it leads to another name, address or name server that is used in attacks "
			  "such as malware, phishing or fraud.",
	.name = "Name",
	.listed = "Listed as",
	.by = "Blocked by",
	.reason = "Ground",
	.contact = "Where to appeal",
	.reasons = {"The security policy of the operator", "An order under the law",
		    "A request of the organisation that you belong to"},
	.mistake = "If you think that this is a mistake, please write to the contact above and give the name "
		   "shown here.",
	.entered = "If you have entered a password or opened a file on this site before, please tell the "
		   "information "
		   "security officer of your organisation.",
	.noted = "For this page only the listed name and the minute are noted. It uses no cookies.",
	.idle_title = "Nothing is offered here",
	.idle = "This server only explains why a site was blocked. The name you asked for, if any, is not "
		"itself listed at present. If you came here on the way to a site, that site leads to another "
		"name or to an address that is blocked.",
};

static const struct texts ja = {
	.lang = "ja",
	.title = "このサイトへの接続を遮断しました",
	.lead = "ご利用のネットワークのプロテクティブDNSが、このサイトへの接続を遮断しました。サイトの名前が"
		"、マルウェ"
		"アの配布、"
		"フィッシング、詐欺などの攻撃に使われているためです。",
	.lead_elsewhere =
		"ご利用のネットワークのプロテクティブDNSが、このサイトへの接続を遮断しました。サイト"
		"の名前の指す別の名前、アドレス又はネームサーバーが、マルウェアの配布、フィッシング、"
		"詐欺などの攻撃に使われているためです。",
	.name = "名前",
	.listed = "登録名",
	.by = "遮断を定めた組織",
	.reason = "遮断の根拠",
	.contact = "申立先",
	.reasons = {"運営組織のセキュリティ方針", "法令に基づく措置", "所属組織からの依頼"},
	.mistake = "誤って遮断されていると思われる場合は、表示された名前を添えて、上記の申立先までご連絡くだ"
		   "さい。",
	.entered = "以前にこのサイトでパスワードなどを入力した場合や、ファイルを開いた場合は、所属組織の情報"
		   "セキュリティ"
		   "担当者にご連絡ください。",
	.noted = "このページの表示に当たり記録するのは、登録名と時刻(分単位)のみです。Cookieは使用しません。",
	.idle_title = "このサーバーで提供しているものはありません",
	.idle = "このサーバーは、サイトへの接続が遮断された理由をご案内するものです。お求めの名前自体は、現在"
		"遮断の対象として登録されていません。サイトを開こうとしてこのページが表示された場合は、そのサ"
		"イ"
		"トの名前が指す別の名前又はアドレスが遮断されています。",
};

/* Text as it may stand between tags and in quoted attributes. */
static void add_escaped(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			buf_adds(b, "&amp;");
			break;
		case '<':
			buf_adds(b, "&lt;");
			break;
		case '>':
			buf_adds(b, "&gt;");
			break;
		case '"':
			buf_adds(b, "&quot;");
			break;
		case '\'':
			buf_adds(b, "&#39;");
			break;
		default:
			buf_addc(b, *text);
		}
}

static void add_item(struct buf *b, const char *term, const char *text, bool link)
{
	buf_addf(b, "<dt>%s</dt><dd>", term);
	if (link && strncmp(text, "https://", 8) == 0) {
		buf_adds(b, "<a rel=\"noreferrer noopener\" href=\"");
		add_escaped(b, text);
		buf_adds(b, "\">");
		add_escaped(b, text);
		buf_adds(b, "</a>");
	} else {
		add_escaped(b, text);
	}
	buf_adds(b, "</dd>\n");
}

static const char *reason_text(const struct texts *t, enum policy_reason reason)
{
	if (reason == POLICY_CENSORED)
		return t->reasons[1];
	return t->reasons[reason == POLICY_FILTERED ? 2 : 0];
}

static void add_finding(struct buf *b, const struct texts *t, const struct blockpage_request *request,
			const struct resolver_blockpage *config, const struct blockpage_finding *f)
{
	const char *organisation = request->ja ? config->organisation_ja : config->organisation_en;
	const char *contact = request->ja ? config->contact_ja : config->contact_en;

	buf_addf(b, "<h1>%s</h1>\n<p>%s</p>\n<dl>\n", t->title, f->elsewhere ? t->lead_elsewhere : t->lead);
	add_item(b, t->name, request->name, false);
	if (f->listed[0] != '\0' && strcmp(f->listed, request->name) != 0)
		add_item(b, t->listed, f->listed, false);
	add_item(b, t->by, f->organisation[0] == '\0' ? organisation : f->organisation, false);
	add_item(b, t->reason, reason_text(t, f->reason), false);
	add_item(b, t->contact, f->contact[0] == '\0' ? contact : f->contact, true);
	buf_addf(b, "</dl>\n<p>%s</p>\n<p>%s</p>\n", t->mistake, t->entered);
	buf_addf(b, "<p class=\"small\">%s<br>", t->noted);
	add_escaped(b, organisation);
	buf_adds(b, "</p>\n");
}

static void add_page(struct buf *b, const struct blockpage_request *request,
		     const struct resolver_blockpage *config, const struct blockpage_finding *f)
{
	const struct texts *t = request->ja ? &ja : &en;
	buf_addf(b,
		 "<!DOCTYPE html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" "
		 "content=\"noindex\">"
		 "<title>%s</title><style>%s</style></head>\n<body>\n",
		 t->lang, f != NULL ? t->title : t->idle_title, style);
	if (f != NULL) {
		add_finding(b, t, request, config, f);
	} else {
		buf_addf(b, "<h1>%s</h1>\n<p>%s</p>\n<dl>\n", t->idle_title, t->idle);
		add_item(b, t->contact, request->ja ? config->contact_ja : config->contact_en, true);
		buf_adds(b, "</dl>\n<p class=\"small\">");
		add_escaped(b, request->ja ? config->organisation_ja : config->organisation_en);
		buf_adds(b, "</p>\n");
	}
	buf_adds(b, "</body>\n</html>\n");
}

/* IMF-fixdate (RFC 9110, 5.6.7), which is English whatever the locale. */
static void date(int64_t now_ns, char out[DATE_SIZE])
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(now_ns / NS_SECOND);
	struct tm tm = {0};
	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(out, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
		       tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
		       tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

static const char *status(const struct blockpage_finding *f)
{
	if (f == NULL)
		return "404 Not Found";
	return f->reason == POLICY_CENSORED ? "451 Unavailable For Legal Reasons" : "403 Forbidden";
}

void blockpage_write(const struct blockpage_request *request, const struct resolver_blockpage *config,
		     const struct blockpage_finding *finding, int64_t now_ns, struct buf *out)
{
	char when[DATE_SIZE];
	uint8_t digest[SHA256_SIZE];
	struct buf page;

	buf_init(&page, PAGE_MAX);
	add_page(&page, request, config, finding);
	date(now_ns, when);
	sha256(style, sizeof(style) - 1, digest);
	buf_addf(out, "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: text/html; charset=utf-8\r\n",
		 status(finding), when);
	buf_addf(out, "Content-Language: %s\r\nVary: Accept-Language\r\nContent-Length: %zu\r\n",
		 request->ja ? "ja" : "en", page.len);
	buf_adds(
		out,
		"Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-");
	base64_add(out, digest, sizeof(digest));
	buf_adds(out, "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
		      "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
		      "Connection: close\r\n\r\n");
	if (!request->head)
		buf_add(out, page.data, page.len);
	if (buf_err(&page) != HN_OK)
		out->err = buf_err(&page);
	buf_clear(&page);
}
