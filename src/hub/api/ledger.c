/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/tables.h"
#include "hub/http/answer.h"
#include "hub/hub.h"
#include "hub/record/record.h"

static int checkpoint(struct request *r)
{
	int rc = record_checkpoint(r->hub->record, answer_body(r));
	answer_cache(r, "no-cache");
	return rc == HN_OK ? answer_send(r, 200, "text/plain; charset=utf-8") : rc;
}

const struct route LEDGER_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/ledger/checkpoint",
	 .operation = "getCheckpoint",
	 .flags = ROUTE_PUBLIC,
	 .handle = checkpoint,
	 .gives = "text/plain",
	 .answers = {{200, NULL, "text/plain"}},
	 .tag = "ledger",
	 .summary_en = "The ledger's last checkpoint, a signed note (C2SP tlog-tiles)",
	 .summary_ja = "台帳の最新のチェックポイント(署名付きノート、C2SP tlog-tiles)"},
	{0},
};
