/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A file behind a URL: fetched where it changed, made into STIX, taken in as it comes. */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "hub/exchange/fetch_run.h"
#include "hub/exchange/importer.h"
#include "hub/exchange/terms.h"

#define PIECE_MAX (256u << 20)

struct feeding {
	struct importer *importer;
	struct intake *intake;
	struct buf out;
	struct fault *fault;
};

static int take(void *context, const void *data, size_t len)
{
	struct feeding *f = context;
	buf_reset(&f->out);
	int err = importer_feed(f->importer, data, len, &f->out, f->fault);
	return err == HN_OK
		       ? intake_feed(f->intake, f->out.data != NULL ? f->out.data : "", f->out.len, f->fault)
		       : err;
}

static int finish(struct feeding *f)
{
	buf_reset(&f->out);
	int err = importer_end(f->importer, &f->out, f->fault);
	if (err == HN_OK)
		err = intake_feed(f->intake, f->out.data != NULL ? f->out.data : "", f->out.len, f->fault);
	return err == HN_OK ? intake_end(f->intake, f->fault) : err;
}

static int fetch(struct fetch_run *run, const char *url, bool conditional, struct feeding *f)
{
	struct fetch_answer answer = {0};
	const struct fetch_request request = {
		.url = url,
		.etag = conditional ? run->state.etag : NULL,
		.modified = conditional ? run->state.modified : NULL,
		.bytes_max = run->source->fetch_bytes,
		.take = take,
		.context = f,
	};
	int err = fetch_get(run->session, &request, &answer, f->fault);
	run->bytes += answer.bytes;
	if (err == HN_OK && conditional && answer.status == 304)
		return HN_OK;
	if (err == HN_OK)
		err = fetch_run_status(run, &answer, f->fault);
	if (err == HN_OK)
		err = finish(f);
	if (err == HN_OK && conditional) {
		(void)snprintf(run->state.etag, sizeof(run->state.etag), "%s", answer.etag);
		(void)snprintf(run->state.modified, sizeof(run->state.modified), "%s", answer.modified);
	}
	return err;
}

int feed_take(struct fetch_run *run, const char *url, bool conditional, struct fault *fault)
{
	static const enum importer_format formats[SOURCE_KINDS] = {
		[SOURCE_STIX] = IMPORTER_STIX,
		[SOURCE_MISP] = IMPORTER_MISP,
		[SOURCE_CSV] = IMPORTER_CSV,
		[SOURCE_LIST] = IMPORTER_LIST,
	};
	const struct source *s = run->source;
	const struct importer_terms terms = {
		.space = s->id,
		.name = s->name,
		.created_ns = s->made_us * 1000,
		.imported_ns = s->made_us * 1000,
	};
	struct feeding f = {.fault = fault};
	struct intake_terms intake_terms;
	terms_of_source(s, &intake_terms);
	buf_init(&f.out, PIECE_MAX);
	int err = importer_new(formats[s->kind], &terms, &f.importer);
	if (err == HN_OK)
		err = intake_new(run->hub->store, &intake_terms, NULL, NULL, &f.intake);
	if (err == HN_OK)
		err = fetch(run, url, conditional, &f);
	intake_free(f.intake);
	importer_free(f.importer);
	buf_clear(&f.out);
	return err;
}

int feed_run(struct fetch_run *run, struct fault *fault)
{
	static const char manifest[] = "/manifest.json";
	const char *where = run->source->where;
	size_t len = strlen(where);
	size_t tail = sizeof(manifest) - 1;
	if (run->source->kind == SOURCE_MISP && len > tail && strcmp(where + len - tail, manifest) == 0)
		return misp_feed_run(run, fault);
	return feed_take(run, where, true, fault);
}
