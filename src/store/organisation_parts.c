/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/organisation_parts.h"

#include <string.h>

#include "base/lang.h"

#define NAMES_MAX   16
#define WINDOWS_MAX 32
#define NAME_BYTES  512

int identified_read(const char *text, size_t len, size_t max, const struct uuid *id, json_t **out,
		    struct fault *fault)
{
	char own[UUID_TEXT_SIZE];
	json_t *object = NULL;
	const char *said = NULL;
	struct uuid other = *id;
	if (len > max)
		return fault_set(fault, HN_ELIMIT, "",
				 tr("is larger than %zu bytes", "は%zuバイトを超えている"), max);
	int err = json_object_read(text, len, &object, fault);
	if (err != HN_OK)
		return err;
	err = json_get_string(object, "id", false, &said, fault);
	if (err == HN_OK && said != NULL &&
	    (uuid_parse(said, strlen(said), &other) != HN_OK || uuid_compare(&other, id) != 0))
		err = fault_set(fault, HN_EFORMAT, "/id",
				tr("is not the identifier of this one", "がこの対象の識別子と一致しない"));
	uuid_format(id, own);
	if (err == HN_OK && json_object_set_new(object, "id", json_string(own)) != 0)
		err = fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	if (err != HN_OK)
		json_decref(object);
	else
		*out = object;
	return err;
}

int canonical_text(const struct form *f, size_t max, char **out, size_t *len_out)
{
	struct buf text;
	buf_init(&text, max);
	json_add(&text, f->at);
	int err = buf_err(&text);
	char *copy = err == HN_OK ? arena_text(f->arena, text.data, text.len) : NULL;
	if (err == HN_OK && copy == NULL)
		err = HN_ENOMEM;
	if (err == HN_OK) {
		*out = copy;
		*len_out = text.len;
	} else {
		(void)fault_set(f->fault, err, "", "%s", hn_strerror(err));
	}
	buf_clear(&text);
	return err;
}

/* Hiragana, katakana with their marks, middle dot and blanks (U+3000, U+3040..30FF, U+FF65..FF9F, space). */
static bool is_kana(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != 0; p += 3) {
		while (*p == ' ')
			p++;
		if (*p == 0)
			return true;
		unsigned code = p[1] == 0 || p[2] == 0
					? 0
					: (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		if ((p[0] & 0xf0) != 0xe0 || !(code == 0x3000 || (code >= 0x3040 && code <= 0x30ff) ||
					       (code >= 0xff65 && code <= 0xff9f)))
			return false;
	}
	return true;
}

/* A language tag in its short form (RFC 5646): "ja", "en", "zh-Hant". */
static bool is_language(const char *text)
{
	size_t len = strlen(text);
	if (len < 2 || len > 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z');
		if (!letter && (i < 2 || (text[i] != '-' && (text[i] < '0' || text[i] > '9'))))
			return false;
	}
	return true;
}

static int name_read(const struct form *f, void *item)
{
	static const char *const names[] = {"language", "name", "reading", NULL};
	const char *language = NULL;
	const char *name = NULL;
	const char *reading = NULL;
	(void)item;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_text(f, "language", true, 16, &language);
	if (err == HN_OK)
		err = form_text(f, "name", true, NAME_BYTES, &name);
	if (err == HN_OK)
		err = form_text(f, "reading", false, NAME_BYTES, &reading);
	if (err != HN_OK)
		return err;
	if (!is_language(language))
		return form_wrong(f, "language", "must be a language such as ja or en",
				  "はjaやenのような言語でなければならない");
	if (reading != NULL && !is_kana(reading))
		return form_wrong(f, "reading", "must be written in kana",
				  "は仮名で書かれていなければならない");
	return HN_OK;
}

int names_read(const struct form *f, bool required)
{
	void *list = NULL;
	size_t count = 0;
	int err = form_objects(f, "names", NAMES_MAX, 1, &list, &count, name_read);
	if (err == HN_OK && required && count == 0)
		err = form_wrong(f, "names", "must have at least one name", "には名称が1つ以上必要である");
	return err;
}

/* The 15 sectors of critical infrastructure under the action plan. */
static int critical_value(const char *word, size_t len)
{
	static const char *const words[] = {
		"information-communication",
		"finance",
		"aviation",
		"airports",
		"railways",
		"electric-power",
		"gas",
		"government",
		"medical",
		"water",
		"logistics",
		"chemistry",
		"credit",
		"petroleum",
		"ports",
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return 1 << i;
	return -1;
}

/* Core infrastructure (economic security law): designated businesses, by the nation's own words. */
static int core_ok(const struct form *f)
{
	const json_t *list = NULL;
	int err = json_get_array(f->at, "core", false, &list, f->fault);
	for (size_t i = 0; i < json_array_size(list) && err == HN_OK; i++) {
		const char *word = json_string_value(json_array_get(list, i));
		if (word == NULL || word[0] == '\0' || strlen(word) > 64 ||
		    strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(word))
			err = form_wrong(f, "core", "must hold words of small letters and hyphens",
					 "は英小文字とハイフンの語でなければならない");
	}
	return err;
}

int sectors_read(const struct form *f)
{
	static const char *const names[] = {"critical", "core", NULL};
	const json_t *sectors = NULL;
	unsigned bits = 0;
	int err = json_get_object(f->at, "sectors", false, &sectors, f->fault);
	if (err != HN_OK || sectors == NULL)
		return err;
	struct form inner = *f;
	inner.at = sectors;
	err = json_only(sectors, names, f->fault);
	if (err == HN_OK)
		err = form_words(&inner, "critical", false, critical_value, &bits);
	return form_within(f, "sectors", err == HN_OK ? core_ok(&inner) : err);
}

static int window_read(const struct form *f, void *item)
{
	static const char *const names[] = {"title", "mail", "telephone", "hours", "openpgp", "note", NULL};
	const char *text = NULL;
	(void)item;
	int err = json_only(f->at, names, f->fault);
	for (size_t i = 0; names[i] != NULL && err == HN_OK; i++)
		err = form_text(f, names[i], i == 0, 1024, &text);
	return err;
}

int contact_windows_read(const struct form *f)
{
	void *list = NULL;
	size_t count = 0;
	return form_objects(f, "contact_windows", WINDOWS_MAX, 1, &list, &count, window_read);
}
