/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/taxii/taxii.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/request/request_store.h"
#include "store/statuses.h"

void taxii_time(int64_t time_ns, char out[TAXII_TIME_SIZE])
{
	char text[UTC_SIZE];
	utc_format(time_ns, text); /* with microseconds */
	size_t len = strlen(text) - 1;
	if (time_ns % 1000 != 0) {
		(void)snprintf(out, TAXII_TIME_SIZE, "%.*s%03dZ", (int)len, text, (int)(time_ns % 1000));
		return;
	}
	if (memcmp(text + len - 3, "000", 3) == 0)
		len -= 3;
	(void)snprintf(out, TAXII_TIME_SIZE, "%.*sZ", (int)len, text);
}

void taxii_problem(struct request *r, unsigned status, const char *title, const char *detail)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&r->uid, id);
	struct buf *b = answer_body(r);
	buf_adds(b, "{\"title\":");
	buf_json_string(b, title, strlen(title));
	if (detail != NULL && detail[0] != '\0') {
		buf_adds(b, ",\"description\":");
		buf_json_string(b, detail, strlen(detail));
	}
	buf_addf(b, ",\"error_id\":\"%s\",\"http_status\":\"%u\"}", id, status);
	answer_media(r, TAXII_MEDIA);
}

bool taxii_lost(struct request *r, unsigned status, const char *title, const char *detail)
{
	static const char root[] = "/taxii2";
	size_t len = sizeof(root) - 1;
	if (r->path == NULL || strncmp(r->path, root, len) != 0 ||
	    (r->path[len] != '\0' && r->path[len] != '/'))
		return false;
	taxii_problem(r, status, title, detail);
	return true;
}

int taxii_find_collection(struct request *r, struct reader *reader, bool write, struct collection *out)
{
	struct collection c;
	int err = collections_find(reader, r->params[0].text, r->params[0].len, &c);
	if (err != HN_OK)
		return err;
	if (write ? !c.can_write : !c.can_read) {
		(void)answer_problem(
			r, 403, "not-allowed",
			write ? tr("this collection is read-only for you", "このコレクションには書き込めない")
			      : tr("this collection is write-only for you",
				   "このコレクションは読み出せない"));
		return HN_ESTATE;
	}
	*out = c;
	return HN_OK;
}

int taxii_discovery(struct request *r)
{
	buf_adds(answer_body(r),
		 "{\"title\":\"Hinomi\",\"description\":\"Threat information of this centre, as far as you "
		 "may see it\",\"default\":\"" TAXII_ROOT "/\",\"api_roots\":[\"" TAXII_ROOT "/\"]}");
	return answer_send(r, 200, TAXII_MEDIA);
}

int taxii_root(struct request *r)
{
	buf_addf(answer_body(r),
		 "{\"title\":\"Hinomi\",\"versions\":[\"" TAXII_MEDIA "\"],\"max_content_length\":%u}",
		 TAXII_CONTENT_MAX);
	return answer_send(r, 200, TAXII_MEDIA);
}

int taxii_status(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = statuses_get(reader, &r->params[0].uuid, r->received_ns / 1000, answer_body(r));
	reader_end(reader);
	return err == HN_OK ? answer_send(r, 200, TAXII_MEDIA) : err;
}

/* ---- collections ---- */

static void write_collection(struct buf *b, const struct collection *c)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&c->uuid, id);
	buf_addf(b, "{\"id\":\"%s\",\"title\":", id);
	buf_json_string(b, c->title, strlen(c->title));
	if (c->description[0] != '\0') {
		buf_adds(b, ",\"description\":");
		buf_json_string(b, c->description, strlen(c->description));
	}
	if (c->alias[0] != '\0')
		buf_addf(b, ",\"alias\":\"%s\"", c->alias);
	buf_addf(b,
		 ",\"can_read\":%s,\"can_write\":%s,\"media_types\":[\"application/stix+json;version=2.1\","
		 "\"application/stix+json;version=2.0\"]}",
		 c->can_read ? "true" : "false", c->can_write ? "true" : "false");
}

static int add_collection(void *context, const struct collection *c)
{
	struct buf *b = context;
	buf_adds(b, b->len == 0 ? "{\"collections\":[" : ",");
	write_collection(b, c);
	return buf_err(b);
}

int taxii_collections(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	struct buf *b = answer_body(r);
	err = collections_list(reader, add_collection, b);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	buf_adds(b, b->len == 0 ? "{}" : "]}");
	return answer_send(r, 200, TAXII_MEDIA);
}

int taxii_collection(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	struct collection c;
	err = collections_find(reader, r->params[0].text, r->params[0].len, &c);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	write_collection(answer_body(r), &c);
	return answer_send(r, 200, TAXII_MEDIA);
}
