/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/common.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disguise.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/request/request_store.h"
#include "store/asker.h"
#include "store/label_form.h"
#include "store/store.h"

int common_body(struct request *r, const char *const names[], struct form *f_out)
{
	json_t *object = NULL;
	int err = json_object_read(r->body.data, r->body.len, &object, &r->fault);
	if (err != HN_OK)
		return err;
	r->state = object;
	*f_out = (struct form){.at = object, .arena = r->arena, .fault = &r->fault};
	return json_only(object, names, &r->fault);
}

void common_end(struct request *r)
{
	json_decref(r->state);
	r->state = NULL;
}

#define DIGITS  16
#define LARGEST (INT64_C(1) << 56) /* no number of ours: what is undone to more was not given by us */

static uint8_t numbers_key[SIPHASH_KEY];

void common_key(const uint8_t key[SIPHASH_KEY])
{
	memcpy(numbers_key, key, sizeof(numbers_key));
}

static bool own_number(const char *text, size_t len, int64_t *out)
{
	if (len != DIGITS || strspn(text, "0123456789abcdef") < len)
		return false;
	char copy[DIGITS + 1];
	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = (int64_t)disguise_undo(numbers_key, strtoull(copy, NULL, 16));
	return true;
}

int common_cursor(struct request *r, int64_t *out)
{
	size_t len;
	const char *text = request_query(r, "cursor", &len);
	if (text != NULL && (!own_number(text, len, out) || *out < 0 || *out > LARGEST))
		return fault_set(&r->fault, HN_EFORMAT, "cursor", "%s",
				 tr("is not what a 'next' member gave", "next が返した値ではない"));
	return HN_OK;
}

void common_etag(int64_t revision, char out[COMMON_ETAG_SIZE])
{
	(void)snprintf(out, COMMON_ETAG_SIZE, "%016" PRIx64, disguise(numbers_key, (uint64_t)revision));
}

void common_tag(struct request *r, int64_t revision)
{
	char etag[COMMON_ETAG_SIZE];
	common_etag(revision, etag);
	answer_etag(r, etag);
}

void common_next(struct buf *b, int64_t last)
{
	buf_addf(b, ",\"next\":\"%016" PRIx64 "\"", disguise(numbers_key, (uint64_t)last));
}

void common_list_end(struct buf *b, bool more, int64_t last)
{
	buf_addc(b, ']');
	if (more)
		common_next(b, last);
	buf_addc(b, '}');
}

int common_if_match(struct request *r, int64_t *out)
{
	size_t len;
	const char *text = request_header(r, "If-Match", &len);
	*out = -1;
	if (text == NULL || (len == 1 && text[0] == '*'))
		return HN_OK;
	if (len > 2 && text[0] == '"' && text[len - 1] == '"') {
		const char *dot = memchr(text, '.', len);
		size_t digits = dot != NULL ? (size_t)(dot - text) - 1 : len - 2;
		if (own_number(text + 1, digits, out))
			return HN_OK;
	}
	(void)answer_problem(r, 412, "changed", NULL);
	return HN_ESTATE;
}

int common_put(struct request *r, common_read_fn read, const void *context, size_t text_max,
	       int64_t *revision_out)
{
	size_t len = 0;
	char etag[COMMON_ETAG_SIZE];
	struct buf seen;
	const char *none = request_header(r, "If-None-Match", &len);
	*revision_out = 0;
	if (none != NULL && len == 1 && none[0] == '*')
		return HN_OK;
	buf_init(&seen, text_max);
	int err = read(r, context, &seen, revision_out);
	buf_clear(&seen);
	if (err != HN_OK)
		return err;
	common_etag(*revision_out, etag);
	return request_if_match(r, etag, true);
}

int common_get(struct request *r, common_read_fn read, const void *context)
{
	int64_t revision = 0;
	int err = read(r, context, answer_body(r), &revision);
	if (err != HN_OK)
		return err;
	common_tag(r, revision);
	return answer_send(r, 200, NULL);
}

int common_made(struct request *r, const char *path, const struct uuid *id)
{
	char location[128], text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	(void)snprintf(location, sizeof(location), "%s/%s", path, text);
	buf_addf(answer_body(r), "{\"id\":\"%s\"}", text);
	return answer_created(r, location);
}

int common_put_answer(struct request *r, const char *path, const struct uuid *id, bool made, int64_t revision)
{
	common_tag(r, revision);
	return made ? common_made(r, path, id) : answer_send(r, 204, NULL);
}

int common_note(struct writing *w, struct request *r, const char *kind, const char *name,
		const struct uuid *id)
{
	char record[128], text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	int len = snprintf(record, sizeof(record), "{\"%s\":\"%s\"}", name, text);
	return request_note(w, r, kind, record, (size_t)len);
}

int common_marking(struct request *r, const struct form *f, struct label *out)
{
	const json_t *object = NULL;
	label_init(out, r->who.asker->organisation);
	int err = json_get_object(f->at, "marking", false, &object, f->fault);
	if (err != HN_OK || object == NULL)
		return err;
	struct reader *reader;
	err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	const struct form inner = {.at = object, .arena = f->arena, .fault = f->fault};
	err = label_form_read(&inner, reader_db(reader), r->who.asker->organisation, out);
	reader_end(reader);
	return form_within(f, "marking", err == HN_ENOENT ? HN_EFORMAT : err);
}

void common_text(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, ",\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

void common_time(struct buf *b, const char *name, int64_t us)
{
	char text[UTC_SIZE];
	if (us == 0)
		return;
	utc_format(us * 1000, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

void common_uuid(struct buf *b, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}
