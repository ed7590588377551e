/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/form.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"

#define NAME_MAX_BYTES 64 /* of our members' names */

int form_within(const struct form *f, const char *name, int err)
{
	if (err == HN_OK || f->fault == NULL)
		return err;
	char place[sizeof(f->fault->place)];
	(void)snprintf(place, sizeof(place), "/%.*s%.160s", NAME_MAX_BYTES + 24, name, f->fault->place);
	memcpy(f->fault->place, place, sizeof(place));
	return err;
}

/* The same for an element of a list. */
static int under(struct fault *fault, int err, const char *name, size_t index)
{
	char place[NAME_MAX_BYTES + 24];
	(void)snprintf(place, sizeof(place), "%.*s/%zu", NAME_MAX_BYTES, name, index);
	const struct form f = {.fault = fault};
	return form_within(&f, place, err);
}

int form_wrong(const struct form *f, const char *name, const char *en, const char *ja)
{
	char place[NAME_MAX_BYTES + 2];
	(void)snprintf(place, sizeof(place), "/%.*s", NAME_MAX_BYTES, name);
	return fault_set(f->fault, HN_EFORMAT, place, "%s", lang_get() == LANG_JA ? ja : en);
}

static bool text_ok(const char *text, size_t max)
{
	size_t len = strlen(text);
	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

int form_text(const struct form *f, const char *name, bool required, size_t max, const char **out)
{
	const char *text = NULL;
	int err = json_get_string(f->at, name, required, &text, f->fault);
	if (err != HN_OK || text == NULL)
		return err;
	if (!text_ok(text, max)) {
		char place[NAME_MAX_BYTES + 2];
		(void)snprintf(place, sizeof(place), "/%.*s", NAME_MAX_BYTES, name);
		return fault_set(f->fault, HN_EFORMAT, place,
				 tr("must have 1 to %zu bytes and no control characters",
				    "は制御文字を含まない1から%zuバイトの文字列でなければならない"),
				 max);
	}
	*out = text;
	return HN_OK;
}

int form_time(const struct form *f, const char *name, int64_t *us_out)
{
	const char *text = NULL;
	int64_t ns = 0;
	int err = json_get_string(f->at, name, false, &text, f->fault);
	if (err != HN_OK || text == NULL)
		return err;
	if (utc_parse(text, strlen(text), &ns) != HN_OK)
		return form_wrong(f, name, "must be a time such as 2026-11-21T09:00:00Z",
				  "は2026-11-21T09:00:00Zのような時刻でなければならない");
	*us_out = ns / 1000;
	return HN_OK;
}

int form_uuid(const struct form *f, const char *name, bool required, struct uuid *out)
{
	const char *text = NULL;
	int err = json_get_string(f->at, name, required, &text, f->fault);
	if (err != HN_OK || text == NULL)
		return err;
	if (uuid_parse(text, strlen(text), out) != HN_OK)
		return form_wrong(f, name, "must be a UUID", "はUUIDでなければならない");
	return HN_OK;
}

int form_word(const struct form *f, const char *name, bool required,
	      int (*value)(const char *word, size_t len), int *out)
{
	const char *word = NULL;
	int err = json_get_string(f->at, name, required, &word, f->fault);
	if (err != HN_OK || word == NULL)
		return err;
	int number = value(word, strlen(word));
	if (number < 0)
		return form_wrong(f, name, "is not a word that stands here", "に使えない語である");
	*out = number;
	return HN_OK;
}

int form_words(const struct form *f, const char *name, bool required,
	       int (*bit)(const char *word, size_t len), unsigned *bits_out)
{
	const json_t *list = NULL;
	int err = json_get_array(f->at, name, required, &list, f->fault);
	if (err != HN_OK || list == NULL)
		return err;
	unsigned bits = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *word = json_array_get(list, i);
		int value =
			json_is_string(word) ? bit(json_string_value(word), json_string_length(word)) : -1;
		if (value <= 0 || (bits & (unsigned)value) != 0) {
			if (f->fault != NULL)
				f->fault->place[0] = '\0';
			return under(f->fault,
				     fault_set(f->fault, HN_EFORMAT, "",
					       tr("is not a word that stands here, or stands twice",
						  "は使えない語であるか、重複している")),
				     name, i);
		}
		bits |= (unsigned)value;
	}
	*bits_out = bits;
	return HN_OK;
}

int form_period(const struct form *f, int64_t *from_us, int64_t *until_us)
{
	int err = form_time(f, "from", from_us);
	if (err == HN_OK)
		err = form_time(f, "until", until_us);
	if (err == HN_OK && *until_us != 0 && *until_us <= *from_us)
		return form_wrong(f, "until", "must be later than `from`",
				  "は`from`より後でなければならない");
	return err;
}

static int too_many(const struct form *f, const char *name, size_t max)
{
	char place[NAME_MAX_BYTES + 2];
	(void)snprintf(place, sizeof(place), "/%.*s", NAME_MAX_BYTES, name);
	return fault_set(f->fault, HN_ELIMIT, place,
			 tr("must not have more than %zu elements", "の要素は%zu個までである"), max);
}

static int no_memory(const struct form *f)
{
	return fault_set(f->fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
}

int form_objects(const struct form *f, const char *name, size_t max, size_t size, void **out,
		 size_t *count_out, int (*item)(const struct form *f, void *item))
{
	const json_t *list = NULL;
	int err = json_get_array(f->at, name, false, &list, f->fault);
	size_t count = json_array_size(list);
	if (err != HN_OK || count == 0)
		return err;
	if (count > max)
		return too_many(f, name, max);
	uint8_t *items = arena_alloc(f->arena, count * size);
	if (items == NULL)
		return no_memory(f);
	for (size_t i = 0; i < count && err == HN_OK; i++) {
		struct form inner = *f;
		inner.at = json_array_get(list, i);
		if (!json_is_object(inner.at))
			err = fault_set(f->fault, HN_EFORMAT, "",
					tr("must be an object", "はオブジェクトでなければならない"));
		else
			err = item(&inner, items + i * size);
		if (err != HN_OK)
			return under(f->fault, err, name, i);
	}
	*out = items;
	*count_out = count;
	return HN_OK;
}

static bool has_uuid(const struct uuid *list, size_t count, const struct uuid *one)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_compare(&list[i], one) == 0)
			return true;
	return false;
}

int form_uuids(const struct form *f, const char *name, size_t max, struct uuid **out, size_t *count_out)
{
	const json_t *list = NULL;
	int err = json_get_array(f->at, name, false, &list, f->fault);
	size_t count = json_array_size(list);
	if (err != HN_OK || count == 0)
		return err;
	if (count > max)
		return too_many(f, name, max);
	struct uuid *uuids = arena_alloc(f->arena, count * sizeof(uuids[0]));
	if (uuids == NULL)
		return no_memory(f);
	for (size_t i = 0; i < count; i++) {
		const json_t *text = json_array_get(list, i);
		if (!json_is_string(text) ||
		    uuid_parse(json_string_value(text), json_string_length(text), &uuids[i]) != HN_OK ||
		    has_uuid(uuids, i, &uuids[i]))
			return under(f->fault,
				     fault_set(f->fault, HN_EFORMAT, "",
					       tr("must be a UUID that stands here once",
						  "は重複のないUUIDでなければならない")),
				     name, i);
	}
	*out = uuids;
	*count_out = count;
	return HN_OK;
}
