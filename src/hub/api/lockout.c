/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/lockout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/hub.h"
#include "hub/identity/identity.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"

/* Who asks is an administrator; of whom one may not know is not there. */

static int lockout_get(struct request *r)
{
	char login[PERSON_LOGIN_MAX + 1];
	char last[UTC_SIZE];
	struct lockout_standing standing;
	struct buf *b = answer_body(r);
	int err = account_login(r, &r->params[0].uuid, login);
	if (err != HN_OK)
		return err;
	identity_lockout(hub_of(r)->identity, login, r->received_ns / 1000, &standing);
	buf_addf(b, "{\"failures\":%u,\"wait\":%" PRId64, standing.failures,
		 (standing.wait_us + 999999) / 1000000);
	if (standing.last_us != 0) {
		utc_format(standing.last_us * 1000, last);
		buf_addf(b, ",\"last\":\"%s\"", last);
	}
	buf_addc(b, '}');
	return answer_send(r, 200, NULL);
}

/* What is lifted has its entry. */
static int lift(struct writing *w, struct request *r, void *context)
{
	char person[UUID_TEXT_SIZE];
	char record[128];
	uuid_format(&r->params[0].uuid, person);
	(void)snprintf(record, sizeof(record), "{\"person\":\"%s\",\"change\":\"lockout-lifted\"}", person);
	int err = request_note(w, r, "hub.credential-changed", record, strlen(record));
	if (err != HN_OK)
		return err;
	identity_lift(hub_of(r)->identity, context);
	return answer_send(r, 204, NULL);
}

static int lockout_delete(struct request *r)
{
	char *login = arena_alloc(r->arena, PERSON_LOGIN_MAX + 1);
	if (login == NULL)
		return HN_ENOMEM;
	int err = account_login(r, &r->params[0].uuid, login);
	return err == HN_OK ? request_change(r, lift, login) : err;
}

const struct route LOCKOUT_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/people/{person:uuid}/lockout",
	 .operation = "getLockout",
	 .scopes = SCOPE_MANAGE,
	 .roles = ROLE_ADMINISTRATOR,
	 .handle = lockout_get,
	 .answers = {{200, "lockout", NULL}},
	 .tag = "people",
	 .summary_en = "Failed sign-ins of a day at this hub, and the seconds to wait before the next",
	 .summary_ja = "このハブにおける1日間のサインイン失敗数と、次に試せるまでの秒数"},
	{.method = HTTP_DELETE,
	 .pattern = "/api/v1/people/{person:uuid}/lockout",
	 .operation = "liftLockout",
	 .scopes = SCOPE_MANAGE,
	 .roles = ROLE_ADMINISTRATOR,
	 .handle = lockout_delete,
	 .answers = {{204, NULL, NULL}},
	 .tag = "people",
	 .summary_en = "Forgets them: the person may try at once. What networks did is not forgotten",
	 .summary_ja = "失敗を取り消し、直ちに試せるようにする。ネットワークごとの失敗は取り消さない"},
	{0},
};
