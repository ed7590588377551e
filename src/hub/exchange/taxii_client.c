/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * The client of TAXII 2.1: objects of a collection added after what was taken in last, a page at a time. A
 * page is read whole before anything of it is stored; where the next one begins is kept behind its objects,
 * which are known again should a page come twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/lang.h"
#include "hub/exchange/fetch_run.h"
#include "hub/exchange/taxii_discover.h"
#include "hub/exchange/terms.h"

#define PAGE_LIMIT 1000
#define PAGE_BYTES (64u << 20)
#define PAGES_MAX  1000000u

/* What a page says beside its objects. */
struct page {
	struct buf body;
	bool more;
	char next[SOURCE_CURSOR_MAX];
	struct fetch_answer answer;
};

static int take(void *context, const void *data, size_t len)
{
	struct page *page = context;
	buf_add(&page->body, data, len);
	return buf_err(&page->body);
}

/* Everything but letters, digits and "-._~:" as %XX. */
static void add_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char b = (unsigned char)*text;
		if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
		    strchr("-._~:", b) != NULL)
			buf_addc(out, (char)b);
		else
			buf_addf(out, "%%%02X", b);
	}
}

static void make_url(const struct fetch_run *run, struct buf *out)
{
	const char *where = run->source->collection[0] != '\0' ? run->state.place : run->source->where;
	size_t len = strlen(where);
	buf_addf(out, "%s%sobjects/?limit=%d", where, len > 0 && where[len - 1] == '/' ? "" : "/",
		 PAGE_LIMIT);
	if (run->state.added_after[0] != '\0') {
		buf_adds(out, "&added_after=");
		add_escaped(out, run->state.added_after);
	}
	if (run->state.next[0] != '\0') {
		buf_adds(out, "&next=");
		add_escaped(out, run->state.next);
	}
}

/* ---- a page ---- */

static int read_next(struct page *page, const struct json_string *s)
{
	struct buf scratch;
	const char *text;
	size_t len;
	buf_init(&scratch, SOURCE_CURSOR_MAX * (size_t)6);
	int err = json_text(s, &scratch, &text, &len);
	if (err == HN_OK && (len >= sizeof(page->next) || memchr(text, '\0', len) != NULL))
		err = HN_ELIMIT;
	if (err == HN_OK)
		(void)snprintf(page->next, sizeof(page->next), "%.*s", (int)len, text);
	buf_clear(&scratch);
	return err;
}

static int read_member(struct page *page, struct json_reader *r)
{
	bool more = json_text_is(&r->string, "more");
	bool next = json_text_is(&r->string, "next");
	enum json_token token;
	int err = json_next(r, &token);
	if (err == HN_OK && more)
		page->more = token == JSON_TOKEN_TRUE;
	if (err == HN_OK && next && token == JSON_TOKEN_STRING)
		err = read_next(page, &r->string);
	return err == HN_OK ? json_skip(r, token) : err;
}

/* An envelope (TAXII 2.1, 3.7): an object, which may be empty. */
static int read_envelope(struct page *page, struct fault *fault)
{
	struct json_reader r;
	enum json_token token;
	json_reader_init(&r, cur_of((const uint8_t *)page->body.data, page->body.len), JSON_READER_DEPTH_MAX,
			 false);
	int err = json_next(&r, &token);
	if (err == HN_OK && token != JSON_TOKEN_OBJECT)
		return fault_set(fault, HN_EFORMAT, "", "%s",
				 tr("the page is no TAXII envelope", "ページがTAXIIのエンベロープではない"));
	while (err == HN_OK && (err = json_next(&r, &token)) == HN_OK && token == JSON_TOKEN_NAME)
		err = read_member(page, &r);
	if (err == HN_OK)
		err = json_next(&r, &token); /* nothing stands behind it */
	if (err == HN_ELIMIT && r.err == HN_OK)
		return fault_set(fault, HN_EFORMAT, "/next", "%s", tr("too long", "長すぎる"));
	return r.err != HN_OK ? json_fault(&r, fault) : err;
}

static int store_page(struct fetch_run *run, const struct page *page, struct fault *fault)
{
	struct intake_terms terms;
	struct intake *intake;
	terms_of_source(run->source, &terms);
	terms.dry = run->trial;
	int err = intake_new(run->hub->store, &terms, NULL, NULL, &intake);
	if (err != HN_OK)
		return err;
	err = intake_feed(intake, page->body.data, page->body.len, fault);
	if (err == HN_OK)
		err = intake_end(intake, fault);
	if (err == HN_OK)
		fetch_run_tell(run, intake, NULL);
	intake_free(intake);
	return err;
}

static int fetch_page(struct fetch_run *run, struct page *page, struct fault *fault)
{
	struct buf url;
	buf_init(&url, 8192);
	make_url(run, &url);
	int err = buf_err(&url);
	const struct fetch_request request = {
		.url = url.data,
		.accept = TAXII_MEDIA,
		.bytes_max = run->source->fetch_bytes < PAGE_BYTES ? run->source->fetch_bytes : PAGE_BYTES,
		.take = take,
		.context = page,
	};
	if (err == HN_OK)
		err = fetch_get(run->session, &request, &page->answer, fault);
	run->bytes += page->answer.bytes;
	if (err == HN_OK)
		err = fetch_run_status(run, &page->answer, fault);
	if (err == HN_OK)
		err = page->body.len == 0 ? HN_OK : read_envelope(page, fault);
	if (err == HN_OK && page->body.len > 0)
		err = store_page(run, page, fault);
	buf_clear(&url);
	return err;
}

/* Where the next page begins. @return whether there is one */
static bool go_on(struct fetch_run *run, const struct page *page)
{
	struct source_state *s = &run->state;
	bool counts = page->answer.added_last[0] != '\0';
	if (page->more && page->next[0] != '\0') {
		(void)snprintf(s->next, sizeof(s->next), "%s", page->next);
		return true;
	}
	/* Without `next` (it is optional) the time goes on; where that does not rise, there is no way on. */
	bool rises = counts && strcmp(page->answer.added_last, s->added_after) != 0;
	if (counts)
		(void)snprintf(s->added_after, sizeof(s->added_after), "%s", page->answer.added_last);
	s->next[0] = '\0';
	return page->more && rises;
}

static int one_page(struct fetch_run *run, bool *more, struct fault *fault)
{
	struct page page = {.more = false};
	buf_init(&page.body, PAGE_BYTES);
	int err = fetch_page(run, &page, fault);
	if (err == HN_OK) {
		*more = go_on(run, &page);
		err = fetch_run_keep(run);
	}
	buf_clear(&page.body);
	return err;
}

/* A server that forgot its `next` (restarted, expired): from the time on, once; objects are known again. */
static bool starts_over(struct fetch_run *run, const struct fault *fault, bool *once)
{
	bool forgot =
		strncmp(fault->message, "HTTP 400", 8) == 0 || strncmp(fault->message, "HTTP 404", 8) == 0;
	if (*once || !forgot || run->state.next[0] == '\0')
		return false;
	*once = true;
	run->state.next[0] = '\0';
	return true;
}

static int run_pages(struct fetch_run *run, struct fault *fault)
{
	/* A loop of any length is found by comparing with a cursor of some time ago (Brent). */
	char before[SOURCE_CURSOR_MAX] = "";
	unsigned compare_at = 1;
	bool more = true;
	bool once = false;
	for (unsigned pages = 1; more; pages++) {
		int err = one_page(run, &more, fault);
		if (err == HN_EIO && starts_over(run, fault, &once))
			continue;
		if (err != HN_OK)
			return err;
		if (more && run->state.next[0] != '\0' && strcmp(run->state.next, before) == 0) {
			run->state.next[0] = '\0';
			return fault_set(
				fault, HN_EFORMAT, "/next", "%s",
				tr("the server's pages run in a circle", "サーバーのページが循環している"));
		}
		if (pages >= PAGES_MAX)
			return fault_set(fault, HN_ELIMIT, "", "%s",
					 tr("too many pages", "ページが多すぎる"));
		if (pages == compare_at) {
			(void)snprintf(before, sizeof(before), "%s", run->state.next);
			compare_at *= 2;
		}
	}
	return HN_OK;
}

int taxii_client_run(struct fetch_run *run, struct fault *fault)
{
	int err = run->source->collection[0] != '\0' ? taxii_discover(run, fault) : HN_OK;
	return err == HN_OK ? run_pages(run, fault) : err;
}
