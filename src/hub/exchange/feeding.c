/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/feeding.h"

#include "hub/exchange/terms.h"

#define PIECE_MAX (256u << 20)

int feeding_init(struct feeding *f, struct fetch_run *run, struct fault *fault)
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
	struct intake_terms intake_terms;
	*f = (struct feeding){.run = run, .fault = fault};
	terms_of_source(s, &intake_terms);
	intake_terms.dry = run->trial;
	buf_init(&f->out, PIECE_MAX);
	int err = importer_new(formats[s->format], &terms, &f->importer);
	return err == HN_OK ? intake_new(run->hub->store, &intake_terms, NULL, NULL, &f->intake) : err;
}

/* Whether an error of the intake is about what it was given, and not about quota, disk or database. */
static int judge(struct feeding *f, int err)
{
	f->wrong = err == HN_EFORMAT || err == HN_ETRUNC;
	return err;
}

static int hand_on(struct feeding *f)
{
	return judge(f, intake_feed(f->intake, f->out.data != NULL ? f->out.data : "", f->out.len, f->fault));
}

int feeding_take(void *context, const void *data, size_t len)
{
	struct feeding *f = context;
	buf_reset(&f->out);
	int err = importer_feed(f->importer, data, len, &f->out, f->fault);
	f->wrong = err != HN_OK && err != HN_ENOMEM;
	return err == HN_OK ? hand_on(f) : err;
}

int feeding_end(struct feeding *f)
{
	buf_reset(&f->out);
	int err = importer_end(f->importer, &f->out, f->fault);
	f->wrong = err != HN_OK && err != HN_ENOMEM;
	if (err == HN_OK)
		err = hand_on(f);
	if (err == HN_OK)
		err = judge(f, intake_end(f->intake, f->fault));
	if (err == HN_OK)
		fetch_run_tell(f->run, f->intake, f->importer);
	return err;
}

void feeding_clear(struct feeding *f)
{
	intake_free(f->intake);
	importer_free(f->importer);
	buf_clear(&f->out);
}
