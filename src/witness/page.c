/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/page.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "witness/form.h"
#include "witness/witness.h"

#define POLICY                                                                                               \
	"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
#define LASTING "; Path=/; HttpOnly; SameSite=Strict"

static const char style[] =
	":root{color-scheme:light "
	"dark;--ink:#1a1a1a;--paper:#fff;--line:#767676;--link:#0b4a9e;--bad:#a30000;"
	"--new:#0b5d1e;--soft:#f1f1f1}"
	"@media(prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--line:#8c8c8c;--link:#8ab8ff;"
	"--bad:#ff9a9a;--new:#8fe0a0;--soft:#262626}}"
	"*{box-sizing:border-box}body{margin:0;font:1rem/1.6 system-ui,'Noto Sans CJK "
	"JP',sans-serif;color:var(--ink);"
	"background:var(--paper)}header,main{max-width:80rem;margin:0 auto;padding:.5rem 1rem}"
	"nav ul{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;padding:0;margin:0;align-items:center}"
	"a{color:var(--link)}a[aria-current]{font-weight:bold;color:var(--ink)}"
	":focus-visible{outline:3px solid var(--link);outline-offset:2px}"
	".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:"
	"bold}"
	"th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;"
	"overflow-wrap:anywhere}th{background:var(--soft)}"
	".bad{color:var(--bad);font-weight:bold}.new{color:var(--new);font-weight:bold}"
	"p,code,pre,h2{overflow-wrap:anywhere}pre{white-space:pre-wrap}"
	"del{color:var(--bad)}label{display:block;margin:.5rem 0}"
	"input,textarea,button{font:inherit;color:inherit;background:var(--paper);border:1px solid "
	"var(--line);"
	"padding:.4rem "
	".6rem;min-height:2.75rem;max-width:100%}input,textarea{width:32rem}button{cursor:pointer;"
	"background:var(--soft)}nav button{min-height:2rem;padding:.1rem .6rem}"
	"section{border-top:1px solid var(--line);margin-top:1.5rem}"
	".skip{position:absolute;left:-99rem}.skip:focus{position:static}";

int page_style_get(struct request *r)
{
	buf_adds(answer_body(r), style);
	answer_cache(r, "max-age=3600");
	return answer_send(r, 200, "text/css; charset=utf-8");
}

static void add_menu(struct request *r)
{
	static const struct {
		const char *path, *en, *ja;
	} pages[] = {{"/", "Alarms", "警報"},
		     {"/applications", "Applications", "申請"},
		     {"/edges", "Edges", "エッジ"},
		     {"/hub", "Hub", "ハブ"}};
	struct buf *b = answer_body(r);
	buf_addf(b, "<nav aria-label=\"%s\"><ul>", tr("Pages", "ページ"));
	for (size_t i = 0; session_of(r)->signed_in && i < sizeof(pages) / sizeof(pages[0]); i++) {
		bool here = i == 0 ? strcmp(r->path, "/") == 0
				   : strncmp(r->path, pages[i].path, strlen(pages[i].path)) == 0;
		buf_addf(b, "<li><a href=\"%s\"%s>%s</a></li>", pages[i].path,
			 here ? " aria-current=\"page\"" : "",
			 r->lang == LANG_JA ? pages[i].ja : pages[i].en);
	}
	buf_adds(b, "<li>");
	page_form(r, "/language");
	buf_addf(b, "<button name=\"to\" value=\"%s\" lang=\"%s\">%s</button></form></li>",
		 r->lang == LANG_JA ? "en" : "ja", r->lang == LANG_JA ? "en" : "ja",
		 r->lang == LANG_JA ? "English" : "日本語");
	if (session_of(r)->signed_in) {
		buf_adds(b, "<li>");
		page_form(r, "/sign-out");
		buf_addf(b, "<button>%s (", tr("Sign out", "サインアウト"));
		html_text(b, session_of(r)->name);
		buf_adds(b, ")</button></form></li>");
	}
	buf_adds(b, "</ul></nav>");
}

void page_begin(struct request *r, const char *title)
{
	struct buf *b = answer_body(r);
	buf_addf(b,
		 "<!DOCTYPE html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		 "content=\"width=device-width, initial-scale=1\"><title>",
		 r->lang == LANG_JA ? "ja" : "en");
	html_text(b, title);
	buf_addf(b,
		 " - Hinomi</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><a "
		 "class=\"skip\" "
		 "href=\"#main\">%s</a><header>",
		 tr("To the content", "本文へ"));
	add_menu(r);
	buf_adds(b, "</header><main id=\"main\"><h1>");
	html_text(b, title);
	buf_adds(b, "</h1>");
}

int page_end(struct request *r, unsigned status)
{
	buf_adds(answer_body(r), "</main></body></html>\n");
	answer_policy(r, POLICY);
	answer_header(r, "Referrer-Policy", "same-origin");
	return answer_send(r, status, "text/html; charset=utf-8");
}

int page_go(struct request *r, const char *path)
{
	answer_header(r, "Location", path);
	return answer_send(r, 303, "text/html; charset=utf-8");
}

int page_failed(struct request *r, int err, const char *back)
{
	struct buf *b = answer_body(r);
	buf_reset(b);
	page_begin(r, tr("It was not done", "実行されなかった"));
	buf_adds(b, "<p class=\"bad\" role=\"alert\">");
	html_text(b, r->fault.message[0] != '\0' ? r->fault.message : hn_strerror(err));
	buf_adds(b, "</p><p><a href=\"");
	html_text(b, back);
	buf_addf(b, "\">%s</a></p>", tr("Back", "戻る"));
	return page_end(r, err == HN_EAUTH ? 403 : err == HN_ENOENT ? 404 : err == HN_ELIMIT ? 429 : 409);
}

void page_cell(struct request *r, const char *text)
{
	buf_adds(answer_body(r), "<td>");
	html_text(answer_body(r), text);
	buf_adds(answer_body(r), "</td>");
}

void page_cell_number(struct request *r, int64_t number)
{
	buf_addf(answer_body(r), "<td>%lld</td>", (long long)number);
}

void page_cell_time(struct request *r, int64_t time_ns)
{
	char text[UTC_SIZE] = "";
	if (time_ns != 0)
		utc_format(time_ns, text);
	page_cell(r, text);
}

void page_table(struct request *r, const char *caption, const char *const heads[])
{
	struct buf *b = answer_body(r);
	buf_addf(b, "<div class=\"wide\" tabindex=\"0\"><table><caption>%s</caption><thead><tr>", caption);
	for (size_t i = 0; heads[i] != NULL; i++)
		buf_addf(b, "<th scope=\"col\">%s</th>", heads[i]);
	buf_adds(b, "</tr></thead><tbody>");
}

void page_table_end(struct request *r)
{
	buf_adds(answer_body(r), "</tbody></table></div>");
}

int page_fill(struct request *r, state_row_fn *row, const char *sql, const char *edge)
{
	struct state *s = ((struct witness *)r->program)->state;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	return state_end(s, state_each(s, row, r, sql, edge != NULL ? "t" : "", edge));
}

int page_checkpoint(struct request *r, const char *title, sqlite3_stmt *row)
{
	buf_addf(answer_body(r), "<h2>%s</h2><pre>", title);
	/* Line by line: a blank stands for what is no text. */
	for (const char *c = state_text(row, 0); *c != '\0'; c++) {
		const char one[2] = {*c, '\0'};
		if (*c == '\n')
			buf_addc(answer_body(r), '\n');
		else
			html_text(answer_body(r), one);
	}
	buf_adds(answer_body(r), "</pre>");
	return buf_err(answer_body(r));
}

void page_form(struct request *r, const char *action)
{
	buf_addf(answer_body(r),
		 "<form method=\"post\" action=\"%s\"><input type=\"hidden\" name=\"csrf\" value=\"%s\">",
		 action, session_of(r)->csrf);
}

bool page_form_holds(struct request *r)
{
	char csrf[SESSION_TOKEN_SIZE];
	size_t len;
	const char *site = request_header(r, "Sec-Fetch-Site", &len);
	if (site != NULL && !(len == 11 && memcmp(site, "same-origin", 11) == 0))
		return false;
	return r->body.data != NULL &&
	       form_field(r->body.data, r->body.len, "csrf", SESSION_TOKEN_SIZE - 1, csrf) == HN_OK &&
	       session_made(session_of(r), csrf);
}

/* ---- signing in ---- */

int page_sign_in_get(struct request *r)
{
	page_begin(r, tr("Sign in", "サインイン"));
	page_form(r, "/sign-in");
	buf_addf(
		answer_body(r),
		"<label>%s<br><input name=\"name\" autocomplete=\"username\" required "
		"maxlength=\"64\"></label>"
		"<label>%s<br><input type=\"password\" name=\"passphrase\" autocomplete=\"current-password\" "
		"required></label><button>%s</button></form>",
		tr("Name", "名前"), tr("Passphrase", "パスフレーズ"), tr("Sign in", "サインイン"));
	return page_end(r, 200);
}

static void set_cookie(struct request *r, const char *name, const char *value, bool ends)
{
	const struct witness *w = r->program;
	char text[256];
	(void)snprintf(text, sizeof(text), "%s=%s" LASTING "%s%s", name, value,
		       w->config->http.certificate != NULL ? "; Secure" : "", ends ? "; Max-Age=0" : "");
	answer_header(r, "Set-Cookie", text);
}

int page_sign_in_post(struct request *r)
{
	const struct witness *w = r->program;
	char name[ACCOUNT_NAME_MAX + 1], token[SESSION_TOKEN_SIZE];
	char *passphrase = sodium_malloc(ACCOUNT_PASSPHRASE_MAX + 1);
	int err = passphrase == NULL ? HN_ENOMEM : !page_form_holds(r) ? HN_EAUTH : HN_OK;
	if (err == HN_OK)
		err = form_field(r->body.data, r->body.len, "name", ACCOUNT_NAME_MAX, name);
	if (err == HN_OK)
		err = form_field(r->body.data, r->body.len, "passphrase", ACCOUNT_PASSPHRASE_MAX, passphrase);
	if (err == HN_OK)
		err = account_verify(w->state, name, passphrase);
	sodium_free(passphrase);
	if (r->body.data != NULL)
		sodium_memzero(r->body.data, r->body.len);
	if (err != HN_OK) {
		(void)fault_set(&r->fault, err, "", "%s",
				err == HN_ELIMIT ? tr("too many attempts; wait a minute",
						      "試行が多すぎる。1分後に再度試すこと")
						 : tr("name and passphrase do not fit",
						      "名前とパスフレーズが一致しない"));
		return page_failed(r, err, "/sign-in");
	}
	session_begin(name, token);
	set_cookie(r, "hinomi_witness", token, false);
	return page_go(r, "/");
}

int page_sign_out_post(struct request *r)
{
	if (!page_form_holds(r))
		return page_failed(r, HN_EAUTH, "/");
	session_end(session_of(r)->token);
	set_cookie(r, "hinomi_witness", "", true);
	return page_go(r, "/sign-in");
}

int page_language_post(struct request *r)
{
	char to[4];
	if (!page_form_holds(r) || form_field(r->body.data, r->body.len, "to", 2, to) != HN_OK)
		return page_failed(r, HN_EAUTH, "/");
	set_cookie(r, "hinomi_lang", strcmp(to, "ja") == 0 ? "ja" : "en", false);
	return page_go(r, "/");
}
