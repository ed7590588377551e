/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/edges.h"

#include <string.h>

#include "base/utc.h"
#include "witness/record.h"

#define REASON_MAX 2000

int edges_silent(struct state *s, int64_t interval_ns, int64_t began_ns, int64_t now_ns, state_row_fn *row,
		 void *context)
{
	/* Who was heard within two seconds is silent by no interval: most need no look at their receipts. */
	return state_each(
		s, row, context,
		"SELECT id, max(CASE kind WHEN 'sensor' THEN receipt_at ELSE heard END, ?2) AS since FROM "
		"edges "
		"WHERE revoked = 0 AND since < ?3 - 2000000000 AND since < ?3 - 2 * " EDGES_INTERVAL,
		"iii", interval_ns, began_ns, now_ns);
}

int edges_revoke(struct state *s, const char *id, const char *who, const char *reason)
{
	size_t len = strlen(reason);
	if (len == 0 || len > REASON_MAX || strspn(reason, " \t\r\n") == len)
		return HN_EFORMAT;
	int err = state_run(s, "UPDATE edges SET revoked = ? WHERE id = ? AND revoked = 0", "it",
			    utc_now_ns(), id);
	if (err == HN_OK && state_changed(s) == 0)
		err = HN_ENOENT;
	return err == HN_OK
		       ? record_put(s, "witness.edge-revoked",
				    json_pack("{s:s, s:s, s:s}", "edge", id, "who", who, "reason", reason))
		       : err;
}
