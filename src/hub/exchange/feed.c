/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A file behind a URL: fetched where it changed, made into STIX, taken in as it comes. */
#include <stdio.h>
#include <string.h>

#include "hub/exchange/feeding.h"

static int fetch(struct fetch_run *run, const char *url, bool conditional, struct feeding *f)
{
	struct fetch_answer answer = {0};
	const struct fetch_request request = {
		.url = url,
		.etag = conditional ? run->state.etag : NULL,
		.modified = conditional ? run->state.modified : NULL,
		.bytes_max = run->source->fetch_bytes,
		.take = feeding_take,
		.context = f,
	};
	int err = fetch_get(run->session, &request, &answer, f->fault);
	run->bytes += answer.bytes;
	if (err == HN_OK && conditional && answer.status == 304)
		return HN_OK;
	if (err == HN_OK)
		err = fetch_run_status(run, &answer, f->fault);
	if (err == HN_OK)
		err = feeding_end(f);
	if (err == HN_OK && conditional) {
		(void)snprintf(run->state.etag, sizeof(run->state.etag), "%s", answer.etag);
		(void)snprintf(run->state.modified, sizeof(run->state.modified), "%s", answer.modified);
	}
	return err;
}

int feed_take(struct fetch_run *run, const char *url, bool conditional, struct fault *fault)
{
	struct feeding f;
	int err = feeding_init(&f, run, fault);
	if (err == HN_OK)
		err = fetch(run, url, conditional, &f);
	feeding_clear(&f);
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
