/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What a server's answers say. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authority/field.h"
#include "base/lang.h"
#include "bus/client_inside.h"

#define RETRY_S_MAX 86400

bool answer_retry_after(const char *line, size_t len, int64_t *out_ms)
{
	static const char name[] = "retry-after:";
	char number[24];
	if (len <= sizeof(name) || strncasecmp(line, name, sizeof(name) - 1) != 0)
		return false;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(len - sizeof(name) + 1),
		       line + sizeof(name) - 1);
	long seconds = strtol(number, NULL, 10);
	*out_ms = seconds < 0 ? 0 : (seconds > RETRY_S_MAX ? RETRY_S_MAX : seconds) * 1000L;
	return true;
}

int answer_err(long status)
{
	static const struct {
		long status;
		int err;
	} known[] = {{401, HN_EAUTH},  {403, HN_EAUTH},  {404, HN_ENOENT}, {409, HN_ESTATE}, {410, HN_ENOENT},
		     {413, HN_ELIMIT}, {429, HN_EEXIST}, {503, HN_EEXIST}, {507, HN_ENOSPC}};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].err;
	return status >= 500 ? HN_EIO : status >= 200 && status < 300 ? HN_OK : HN_EFORMAT;
}

void answer_problem(const char *text, size_t len, struct client_result *r)
{
	const char *title = "", *detail = "";
	json_t *o;
	(void)fault_set(&r->fault, r->err, "", tr("the server answers %ld", "サーバーの応答は%ld"),
			r->status);
	if (len == 0 || json_object_read(text, len, &o, NULL) != HN_OK)
		return;
	if (json_get_string(o, "title", false, &title, NULL) == HN_OK &&
	    json_get_string(o, "detail", false, &detail, NULL) == HN_OK && field_text_ok(title, 200) &&
	    (detail[0] == '\0' || field_text_ok(detail, 250)))
		(void)fault_set(&r->fault, r->err, "", "%ld %s%s%s", r->status, title,
				detail[0] == '\0' ? "" : ": ", detail);
	json_decref(o);
}

int answer_standing(const json_t *o, struct client_standing *out, struct fault *fault)
{
	struct client_standing s = {.known = true};
	int64_t through;
	int err = field_uuid(o, "epoch", &s.epoch, fault);
	if (err == HN_OK)
		err = json_get_int(o, "through", true, 0, (int64_t)BATCH_SEQ_MAX, &through, fault);
	if (err != HN_OK)
		return err;
	s.through = (uint64_t)through;
	*out = s;
	return HN_OK;
}

int answer_streams(const json_t *o, struct client_standing out[STREAM_COUNT], struct fault *fault)
{
	const json_t *streams;
	int err = json_get_object(o, "streams", true, &streams, fault);
	for (enum stream s = 0; err == HN_OK && s < STREAM_COUNT; s++) {
		const json_t *one = json_object_get(streams, stream_name(s));
		if (json_is_object(one))
			err = answer_standing(one, &out[s], fault);
	}
	return err;
}
