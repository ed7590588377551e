/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/config_events.h"
#include "base/config_private.h"
#include "base/file.h"
#include "base/lang.h"

/* The scalar at hand, as a value of the row. */
static int take_scalar(struct config_reader *r, const struct config_key *row, const char *place,
		       struct config_value *out)
{
	const char *text = (const char *)r->event.data.scalar.value;
	size_t len = r->event.data.scalar.length;
	bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && (len == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return config_fault_here(r, HN_EFORMAT,
					 tr("has no value; give one or leave the key out",
					    "値がない。値を書くか、キーごと省くこと"));
	if (len > CONFIG_TEXT_MAX)
		return config_fault_here(r, HN_ELIMIT, tr("over 4096 bytes", "4096バイトを超えている"));
	if (config_has_control(text, len))
		return config_fault_here(r, HN_EFORMAT,
					 tr("holds a control character", "制御文字が含まれている"));
	*out = (struct config_value){.row = row,
				     .text = text,
				     .len = len,
				     .name = r->name,
				     .place = place,
				     .memory = r->memory,
				     .fault = r->fault};
	return HN_OK;
}

static int read_scalar(struct config_reader *r, const struct config_key *row, void *at)
{
	char place[CONFIG_PLACE_SIZE];
	struct config_value value;

	if (r->event.type != YAML_SCALAR_EVENT)
		return config_fault_here(
			r, HN_EFORMAT,
			tr("takes one value, not a list or mapping", "値は一つ。リストやマッピングは不可"));
	config_place(r->name, config_line_here(r), r->path, place);
	int rc = take_scalar(r, row, place, &value);
	return rc == HN_OK ? config_value_read(&value, at) : rc;
}

static int enter(struct config_reader *r)
{
	if (++r->depth > CONFIG_DEPTH_MAX)
		return config_fault_here(r, HN_ELIMIT, tr("nested too deep", "入れ子が深すぎる"));
	return HN_OK;
}

static int read_mapping(struct config_reader *r, const struct config_key keys[], unsigned char *out);
static int read_value(struct config_reader *r, const struct config_key *row, unsigned char *at);

/* Room for one more item: doubles, so that copies cost no more than the items. */
static int grow(struct config_reader *r, struct config_list *list, size_t item_size, size_t *cap)
{
	if (list->count < *cap)
		return HN_OK;
	size_t wanted = *cap == 0 ? 4 : *cap * 2;
	unsigned char *items = config_memory_take(r->memory, wanted * item_size);
	if (items == NULL)
		return config_fault_here(r, HN_ENOMEM, hn_strerror(HN_ENOMEM));
	if (list->count > 0)
		memcpy(items, list->items, list->count * item_size);
	list->items = items;
	*cap = wanted;
	return HN_OK;
}

static int refuse_count(struct config_reader *r, const struct config_key *row)
{
	char message[128];
	if (row->max == 0)
		(void)snprintf(message, sizeof(message), tr("takes %llu items or more", "%llu個以上が必要"),
			       (unsigned long long)row->min);
	else
		(void)snprintf(message, sizeof(message), tr("takes %llu to %llu items", "%lluから%llu個まで"),
			       (unsigned long long)row->min, (unsigned long long)row->max);
	return config_fault_here(r, HN_ELIMIT, message);
}

static int read_items(struct config_reader *r, const struct config_key *row, struct config_list *list)
{
	size_t cap = 0;
	for (;;) {
		int rc = grow(r, list, row->item->size, &cap);
		if (rc == HN_OK)
			rc = config_next_event(r);
		if (rc != HN_OK)
			return rc;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return list->count < row->min ? refuse_count(r, row) : HN_OK;
		if (row->max != 0 && list->count == row->max)
			return refuse_count(r, row);
		size_t before = config_path_push(r, NULL, list->count);
		rc = read_value(r, row->item, (unsigned char *)list->items + list->count * row->item->size);
		if (rc != HN_OK)
			return rc;
		config_path_pop(r, before);
		list->count++;
	}
}

static int expect_list(struct config_reader *r)
{
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return config_fault_here(r, HN_EFORMAT, tr("takes a list", "リストを指定すること"));
	return enter(r);
}

static int read_list(struct config_reader *r, const struct config_key *row, struct config_list *out)
{
	struct config_list list = {0};
	int rc = expect_list(r);
	if (rc == HN_OK)
		rc = read_items(r, row, &list);
	if (rc != HN_OK)
		return rc;
	r->depth--;
	*out = list;
	return HN_OK;
}

static int read_words(struct config_reader *r, const struct config_key *row, unsigned *out)
{
	const struct config_key word = {.kind = CONFIG_WORD, .size = sizeof(int), .words = row->words};
	unsigned all = 0;
	int rc = expect_list(r);
	while (rc == HN_OK) {
		int one = 0;
		rc = config_next_event(r);
		if (rc != HN_OK || r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		rc = read_scalar(r, &word, &one);
		if (rc == HN_OK && (all & (unsigned)one) != 0)
			rc = config_fault_here(r, HN_EFORMAT, tr("the same twice", "同じ値が二度ある"));
		if (rc == HN_OK)
			all |= (unsigned)one;
	}
	if (rc == HN_OK && all == 0)
		rc = config_fault_here(r, HN_EFORMAT, tr("an empty list", "リストが空である"));
	if (rc != HN_OK)
		return rc;
	r->depth--;
	*out = all;
	return HN_OK;
}

/* Called for rows whose depth the table bounds, and never deeper than CONFIG_DEPTH_MAX. */
static int read_value(struct config_reader *r, const struct config_key *row, unsigned char *at)
{
	switch (row->kind) {
	case CONFIG_LIST:
		return read_list(r, row, (struct config_list *)(void *)at);
	case CONFIG_WORDS:
		return read_words(r, row, (unsigned *)(void *)at);
	case CONFIG_MAPPING:
		return read_mapping(r, row->keys, at);
	default:
		return read_scalar(r, row, at);
	}
}

/* Defaults stand in the table as in a file, so that one reader knows all forms. */
static int set_defaults(struct config_reader *r, const struct config_key keys[], unsigned char *out)
{
	for (const struct config_key *row = keys; row->name != NULL || row->kind == CONFIG_LINE; row++) {
		int rc = HN_OK;
		if (row->kind == CONFIG_MAPPING)
			rc = set_defaults(r, row->keys, out + row->offset);
		if (row->preset != NULL) {
			const struct config_value value = {.row = row,
							   .text = row->preset,
							   .len = strlen(row->preset),
							   .name = "",
							   .place = row->name,
							   .memory = r->memory,
							   .fault = r->fault};
			rc = config_value_read(&value, out + row->offset);
			assert(rc != HN_EFORMAT);
		}
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static void refuse_key(struct config_reader *r, const struct config_key keys[])
{
	struct buf known;
	buf_init(&known, 420);
	for (const struct config_key *row = keys; row->name != NULL || row->kind == CONFIG_LINE; row++)
		if (row->name != NULL)
			buf_addf(&known, "%s%s", known.len == 0 ? "" : ", ", row->name);
	(void)config_fault(r->fault, HN_EFORMAT, r->name, config_line_here(r), r->path,
			   tr("unknown key; known here: %s", "不明なキー。ここで使えるのは %s"),
			   known.data == NULL ? "" : known.data);
	buf_clear(&known);
}

/* The row of the key at hand, whose name is put behind the path. @return NULL, with a fault of HN_EFORMAT */
static const struct config_key *find_key(struct config_reader *r, const struct config_key keys[],
					 uint64_t *seen)
{
	const char *key = (const char *)r->event.data.scalar.value;
	if (r->event.type != YAML_SCALAR_EVENT || strlen(key) != r->event.data.scalar.length ||
	    config_has_control(key, strlen(key))) {
		(void)config_fault_here(r, HN_EFORMAT, tr("a key is one word", "キーは一語で書くこと"));
		return NULL;
	}
	(void)config_path_push(r, key, 0);
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		if (keys[i].name == NULL || strcmp(keys[i].name, key) != 0)
			continue;
		if ((*seen >> i & 1) != 0) {
			(void)config_fault_here(r, HN_EFORMAT, tr("stands twice", "同じキーが二度ある"));
			return NULL;
		}
		*seen |= UINT64_C(1) << i;
		return &keys[i];
	}
	refuse_key(r, keys);
	return NULL;
}

/* What is written in any case: the line, and that nothing required is missing. */
static int finish_mapping(struct config_reader *r, const struct config_key keys[], unsigned char *out,
			  unsigned line, uint64_t seen)
{
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		if (keys[i].kind == CONFIG_LINE)
			memcpy(out + keys[i].offset, &line, sizeof(line));
		else if ((keys[i].flags & CONFIG_REQUIRED) != 0 && (seen >> i & 1) == 0) {
			(void)config_path_push(r, keys[i].name, 0);
			return config_fault(r->fault, HN_EFORMAT, r->name, line, r->path, "%s",
					    tr("is missing", "必須のキーがない"));
		}
	}
	return HN_OK;
}

static int read_mapping(struct config_reader *r, const struct config_key keys[], unsigned char *out)
{
	unsigned line = config_line_here(r);
	uint64_t seen = 0;

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return config_fault_here(r, HN_EFORMAT,
					 tr("takes keys with values", "キーと値の組を指定すること"));
	int rc = enter(r);
	if (rc == HN_OK)
		rc = set_defaults(r, keys, out);
	while (rc == HN_OK) {
		size_t before = r->path_len;
		rc = config_next_event(r);
		if (rc != HN_OK || r->event.type == YAML_MAPPING_END_EVENT)
			break;
		const struct config_key *row = find_key(r, keys, &seen);
		rc = row == NULL ? HN_EFORMAT : config_next_event(r);
		if (rc == HN_OK)
			rc = read_value(r, row, out + row->offset);
		if (rc == HN_OK)
			config_path_pop(r, before);
	}
	r->depth--;
	return rc == HN_OK ? finish_mapping(r, keys, out, line, seen) : rc;
}

static bool empty_document(const yaml_event_t *e)
{
	return e->type == YAML_STREAM_END_EVENT ||
	       (e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
		e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

/* Nothing, or one document that is a mapping. */
static int read_stream(struct config_reader *r, const struct config_key keys[], unsigned char *out)
{
	int rc = config_next_event(r); /* the stream's start */
	if (rc == HN_OK)
		rc = config_next_event(r);
	if (rc == HN_OK && r->event.type == YAML_DOCUMENT_START_EVENT)
		rc = config_next_event(r);
	if (rc != HN_OK)
		return rc;
	bool ended = r->event.type == YAML_STREAM_END_EVENT;
	if (empty_document(&r->event)) {
		rc = set_defaults(r, keys, out);
		if (rc == HN_OK)
			rc = finish_mapping(r, keys, out, 0, 0);
	} else {
		rc = read_mapping(r, keys, out);
	}
	if (rc != HN_OK || ended)
		return rc;
	rc = config_next_event(r); /* the document's end */
	if (rc == HN_OK)
		rc = config_next_event(r);
	if (rc == HN_OK && r->event.type != YAML_STREAM_END_EVENT)
		rc = config_fault_here(r, HN_EFORMAT, tr("a second document begins", "二つ目の文書がある"));
	return rc;
}

int config_parse(const char *name, const char *text, size_t len, const struct config_key keys[], void *out,
		 struct config_memory **memory_out, struct fault *fault)
{
	struct config_reader r = {.name = name, .fault = fault};

	*memory_out = NULL;
	config_table_check(keys);
	if (len > CONFIG_SIZE_MAX)
		return config_fault(fault, HN_ELIMIT, name, 0, "", "%s",
				    tr("larger than 1 MiB", "1 MiBを超えている"));
	r.memory = config_memory_new();
	if (r.memory == NULL || yaml_parser_initialize(&r.parser) == 0) {
		config_memory_free(r.memory);
		return config_fault(fault, HN_ENOMEM, name, 0, "", "%s", hn_strerror(HN_ENOMEM));
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(len == 0 ? "" : text), len);
	int rc = read_stream(&r, keys, out);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (rc != HN_OK) {
		config_memory_free(r.memory);
		return rc;
	}
	*memory_out = r.memory;
	return HN_OK;
}

int config_read(const char *path, const struct config_key keys[], void *out,
		struct config_memory **memory_out, struct fault *fault)
{
	struct buf text;

	*memory_out = NULL;
	buf_init(&text, CONFIG_SIZE_MAX);
	int rc = file_read(path, &text);
	if (rc == HN_ELIMIT)
		rc = config_fault(fault, rc, path, 0, "", "%s", tr("larger than 1 MiB", "1 MiBを超えている"));
	else if (rc != HN_OK)
		rc = config_fault(fault, rc, path, 0, "", tr("cannot be read: %s", "読めない: %s"),
				  rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	else
		rc = config_parse(path, text.data, text.len, keys, out, memory_out, fault);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_clear(&text);
	return rc;
}
