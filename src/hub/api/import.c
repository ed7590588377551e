/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/exchange.h"

#include <string.h>

#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/objects.h"
#include "hub/exchange/handin.h"
#include "hub/exchange/importer.h"
#include "hub/exchange/report.h"
#include "hub/exchange/terms.h"
#include "hub/hub.h"
#include "hub/request/rights.h"
#include "store/directory.h"
#include "store/sources.h"

#define DAY_NS    (INT64_C(86400) * NS_SECOND)
#define PIECE_MAX (256u << 20) /* bytes that are made of one piece, or of one event */

/* Between pieces. */
struct importing {
	struct importer *importer;
	struct buf out;
};

static int terms(struct request *r, struct intake_terms *out)
{
	int err = terms_of_request(r, out);
	if (err == HN_OK)
		out->dry = request_query_flag(r, "dry");
	return err;
}

/* What is handed in again is known again: its times are the source's, or the day's. */
static int open_importer(struct request *r, struct importing *x)
{
	struct importer_terms t = {.name = ""};
	struct source source = {0};
	size_t len = 0;
	const char *format = request_query(r, "format", &len);
	int err = source_of_request(r, &source);
	if (err == HN_OK) {
		t.space = source.id;
		t.name = source.name;
		t.created_ns = source.made_us * 1000;
	} else if (err == HN_ENOENT && r->fault.place[0] == '\0') {
		err = directory_uuid(hub_of(r)->directory, DIRECTORY_ORGANISATION, r->who.asker->organisation,
				     &t.space);
		t.created_ns = r->received_ns - r->received_ns % DAY_NS;
	}
	t.imported_ns = t.created_ns;
	int number = format != NULL ? importer_format_value(format, len) : IMPORTER_STIX;
	if (err != HN_OK || number < 0)
		return err != HN_OK ? err : HN_EFORMAT;
	buf_init(&x->out, PIECE_MAX);
	return importer_new((enum importer_format)number, &t, &x->importer);
}

static int through(struct request *r, void *extra, const uint8_t *data, size_t len, bool last,
		   const char **out, size_t *out_len)
{
	struct importing *x = extra;
	int err = x->importer == NULL ? open_importer(r, x) : HN_OK;
	if (err != HN_OK)
		return err;
	buf_reset(&x->out);
	err = last ? importer_end(x->importer, &x->out, &r->fault)
		   : importer_feed(x->importer, data, len, &x->out, &r->fault);
	*out = x->out.data != NULL ? x->out.data : "";
	*out_len = x->out.len;
	return err;
}

static void free_importing(void *extra)
{
	struct importing *x = extra;
	importer_free(x->importer);
	buf_clear(&x->out);
}

/* The form of a hand-in's result, with what had no place. */
static int finish(struct request *r, struct handin *h)
{
	const struct importing *x = handin_extra(h);
	struct intake_result result;
	struct importer_report report;
	struct buf *body = answer_body(r);
	handin_result(h, &result);
	importer_report(x->importer, &report);
	request_count(r, result.objects);
	handin_result_write(body, &result, request_query_flag(r, "dry"));
	if (body->len > 0)
		body->len--; /* its last bracket */
	buf_adds(body, ",\"left_out\":");
	report_left_write(body, &report);
	buf_addc(body, '}');
	return answer_send(r, 200, NULL);
}

static const struct handin_how how = {
	.terms = terms,
	.finish = finish,
	.extra = sizeof(struct importing),
	.free_extra = free_importing,
	.through = through,
};

static int import_piece(struct request *r, const uint8_t *data, size_t len)
{
	return handin_piece(r, &how, data, len);
}

static int import_end(struct request *r)
{
	return handin_end(r, &how);
}

static const struct query_spec query[] = {
	{.name = "format",
	 .kind = QUERY_WORD,
	 .required = true,
	 .words = "stix|misp|csv|list",
	 .help_en = "what the body is",
	 .help_ja = "本文の形式"},
	HANDIN_QUERY,
	{0},
};

const struct route IMPORT_ROUTES[] = {
	{
		HANDIN_ROUTE,
		.pattern = "/api/v1/import",
		.operation = "importObjects",
		.handle = import_end,
		.takes = "application/json|application/stix+json|text/csv|text/plain",
		.piece = import_piece,
		.query = query,
		.answers = {{200, "import-result", NULL}},
		.summary_en = "Makes STIX of other forms and hands it in; tells what had no place",
		.summary_ja = "他形式をSTIXに変換して登録し、取り込めなかったものを示す",
	},
	{0},
};
