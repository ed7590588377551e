/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/paging.h"

#include <inttypes.h>

#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/hub.h"

/* What is narrowed to something that is not there holds nothing. @return whether the list may hold something
 */
static bool read_within(struct request *r, const char *name, enum directory_thing inside, int64_t *out)
{
	size_t len = 0;
	struct uuid id;
	const char *text = name == NULL ? NULL : request_query(r, name, &len);
	*out = 0;
	if (text == NULL)
		return true;
	if (uuid_parse(text, len, &id) != HN_OK)
		return false;
	*out = directory_number(hub_of(r)->directory, inside, &id);
	return *out != 0;
}

int paging_list(struct request *r, enum directory_thing thing, const char *member, const char *within,
		enum directory_thing inside)
{
	struct buf *b = answer_body(r);
	int64_t after = 0;
	int64_t narrow = 0;
	bool more = false;
	int err = common_cursor(r, &after);
	if (err != HN_OK)
		return err;
	buf_addf(b, "{\"%s\":[", member);
	if (read_within(r, within, inside, &narrow))
		err = directory_list(hub_of(r)->directory, r->who.asker, r->received_ns / 1000, thing, narrow,
				     after, request_query_number(r, "limit", 100), b, &after, &more);
	common_list_end(b, more, after);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}
