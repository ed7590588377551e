/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/version.h"
#include "http/answer.h"
#include "hub/api/tables.h"
#include "hub/config.h"
#include "hub/hub.h"

static int root(struct request *r)
{
	struct buf *b = answer_body(r);
	buf_adds(b, "{\"name\":");
	buf_json_string(b, hub_of(r)->config->name, __builtin_strlen(hub_of(r)->config->name));
	buf_addf(b, ",\"version\":\"%s\",\"openapi\":\"/api/v1/openapi.json\",\"taxii\":\"/taxii2/\"}",
		 HINOMI_VERSION);
	return answer_send(r, 200, NULL);
}

const struct route ROOT_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1",
	 .operation = "getRoot",
	 .flags = ROUTE_PUBLIC,
	 .handle = root,
	 .answers = {{200, "root", NULL}},
	 .tag = "system",
	 .summary_en = "What this hub is and where to read on",
	 .summary_ja = "このハブの名前と案内"},
	{0},
};
