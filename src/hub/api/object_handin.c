/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>

#include "http/answer.h"
#include "hub/api/objects.h"
#include "hub/exchange/handin.h"
#include "hub/exchange/report.h"
#include "hub/exchange/terms.h"

/* What came of what was handed in: the API's own form of an intake's result. */
void handin_result_write(struct buf *b, const struct intake_result *result, bool dry)
{
	const uint64_t *n = result->outcomes;
	buf_addf(b,
		 "{\"objects\":%" PRIu64 ",\"new\":%" PRIu64 ",\"newer\":%" PRIu64 ",\"older\":%" PRIu64
		 ",\"same\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"dry\":%s,\"failures\":[",
		 result->objects, n[OBJECT_NEW], n[OBJECT_NEWER], n[OBJECT_OLDER], n[OBJECT_SAME],
		 result->failed, dry ? "true" : "false");
	report_failures_write(b, result->failures, result->failure_count);
	buf_addf(b, "]%s}", result->failed > result->failure_count ? ",\"more_failures\":true" : "");
}

static int terms(struct request *r, struct intake_terms *out)
{
	int err = terms_of_request(r, out);
	if (err == HN_OK)
		out->dry = request_query_flag(r, "dry");
	return err;
}

/* Each object is idempotent by its identifier and version, so the answer needs no keeping. */
static int finish(struct request *r, struct handin *h)
{
	struct intake_result result;
	handin_result(h, &result);
	request_count(r, result.objects);
	handin_result_write(answer_body(r), &result, request_query_flag(r, "dry"));
	return answer_send(r, 200, NULL);
}

static const struct handin_how how = {.terms = terms, .finish = finish};

int objects_post_piece(struct request *r, const uint8_t *data, size_t len)
{
	return handin_piece(r, &how, data, len);
}

int objects_post(struct request *r)
{
	return handin_end(r, &how);
}
