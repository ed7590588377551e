/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/config_private.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/uuid.h"

#define PATH_SIZE 160 /* bytes of "key.list[2].key" in a fault */

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one at hand */
	bool has_event;
	const char *name;
	struct config_memory *memory;
	struct fault *fault;
	char path[PATH_SIZE];
	size_t path_len;
	unsigned depth;
};

static unsigned line_of(const yaml_mark_t *mark)
{
	return (unsigned)mark->line + 1;
}

/* A fault at the event at hand. */
static int fault_here(struct reader *r, int err, const char *message)
{
	return config_fault(r->fault, err, r->name, line_of(&r->event.start_mark), r->path, "%s", message);
}

static int parser_fault(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return config_fault(r->fault, HN_ENOMEM, r->name, 0, "", "%s", hn_strerror(HN_ENOMEM));
	const yaml_mark_t *mark = p->error == YAML_READER_ERROR ? &p->mark : &p->problem_mark;
	return config_fault(r->fault, HN_EFORMAT, r->name, line_of(mark), "",
			    tr("not YAML: %s", "YAMLとして読めない: %s"),
			    p->problem == NULL ? "" : p->problem);
}

/* What may stand nowhere: anchors, aliases and tags make a file mean other than what is read in one place. */
static int refuse_references(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return fault_here(r, HN_EFORMAT,
				  tr("aliases (*name) are not taken; write the value again",
				     "エイリアス(*名前)は使えない。値をもう一度書くこと"));
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return fault_here(r, HN_EFORMAT,
				  tr("anchors (&name) are not taken", "アンカー(&名前)は使えない"));
	if (tag != NULL)
		return fault_here(r, HN_EFORMAT, tr("tags (!name) are not taken", "タグ(!名前)は使えない"));
	return HN_OK;
}

static int next_event(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
	return r->has_event ? refuse_references(r) : parser_fault(r);
}

/* Puts ".key", or "[index]" for no key, behind the path. @return what path_pop() takes */
static size_t path_push(struct reader *r, const char *key, size_t index)
{
	size_t before = r->path_len;
	size_t room = sizeof(r->path) - before;
	int n = key != NULL ? snprintf(r->path + before, room, "%s%.64s", before == 0 ? "" : ".", key)
			    : snprintf(r->path + before, room, "[%zu]", index);
	if (n > 0)
		r->path_len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

static void path_pop(struct reader *r, size_t before)
{
	r->path_len = before;
	r->path[before] = '\0';
}

/* Nothing in a value may steer a terminal or end a text early: C0, DEL and C1 (ISO 6429). */
static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xC2 && i + 1 < len && (unsigned char)text[i + 1] < 0xA0)
			return true;
	}
	return false;
}

/* The scalar at hand, as a value of the row. */
static int take_scalar(struct reader *r, const struct config_key *row, const char *place,
		       struct config_value *out)
{
	const char *text = (const char *)r->event.data.scalar.value;
	size_t len = r->event.data.scalar.length;
	bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && (len == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return fault_here(r, HN_EFORMAT,
				  tr("has no value; give one or leave the key out",
				     "値がない。値を書くか、キーごと省くこと"));
	if (len > CONFIG_TEXT_MAX)
		return fault_here(r, HN_ELIMIT, tr("over 4096 bytes", "4096バイトを超えている"));
	if (has_control(text, len))
		return fault_here(r, HN_EFORMAT, tr("holds a control character", "制御文字が含まれている"));
	*out = (struct config_value){.row = row,
				     .text = text,
				     .len = len,
				     .name = r->name,
				     .place = place,
				     .memory = r->memory,
				     .fault = r->fault};
	return HN_OK;
}

static int read_scalar(struct reader *r, const struct config_key *row, void *at)
{
	char place[CONFIG_PLACE_SIZE];
	struct config_value value;

	if (r->event.type != YAML_SCALAR_EVENT)
		return fault_here(
			r, HN_EFORMAT,
			tr("takes one value, not a list or mapping", "値は一つ。リストやマッピングは不可"));
	config_place(r->name, line_of(&r->event.start_mark), r->path, place);
	int rc = take_scalar(r, row, place, &value);
	return rc == HN_OK ? config_value_read(&value, at) : rc;
}

static int enter(struct reader *r)
{
	if (++r->depth > CONFIG_DEPTH_MAX)
		return fault_here(r, HN_ELIMIT, tr("nested too deep", "入れ子が深すぎる"));
	return HN_OK;
}

static int read_mapping(struct reader *r, const struct config_key keys[], unsigned char *out);
static int read_value(struct reader *r, const struct config_key *row, unsigned char *at);

/* Room for one more item: doubles, so that copies cost no more than the items. */
static int grow(struct reader *r, struct config_list *list, size_t item_size, size_t *cap)
{
	if (list->count < *cap)
		return HN_OK;
	size_t wanted = *cap == 0 ? 4 : *cap * 2;
	unsigned char *items = config_memory_take(r->memory, wanted * item_size);
	if (items == NULL)
		return fault_here(r, HN_ENOMEM, hn_strerror(HN_ENOMEM));
	if (list->count > 0)
		memcpy(items, list->items, list->count * item_size);
	list->items = items;
	*cap = wanted;
	return HN_OK;
}

static int refuse_count(struct reader *r, const struct config_key *row)
{
	char message[128];
	if (row->max == 0)
		(void)snprintf(message, sizeof(message), tr("takes %llu items or more", "%llu個以上が必要"),
			       (unsigned long long)row->min);
	else
		(void)snprintf(message, sizeof(message), tr("takes %llu to %llu items", "%lluから%llu個まで"),
			       (unsigned long long)row->min, (unsigned long long)row->max);
	return fault_here(r, HN_ELIMIT, message);
}

static int read_items(struct reader *r, const struct config_key *row, struct config_list *list)
{
	size_t cap = 0;
	for (;;) {
		int rc = grow(r, list, row->item->size, &cap);
		if (rc == HN_OK)
			rc = next_event(r);
		if (rc != HN_OK)
			return rc;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return list->count < row->min ? refuse_count(r, row) : HN_OK;
		if (row->max != 0 && list->count == row->max)
			return refuse_count(r, row);
		size_t before = path_push(r, NULL, list->count);
		rc = read_value(r, row->item, (unsigned char *)list->items + list->count * row->item->size);
		if (rc != HN_OK)
			return rc;
		path_pop(r, before);
		list->count++;
	}
}

static int expect_list(struct reader *r)
{
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return fault_here(r, HN_EFORMAT, tr("takes a list", "リストを指定すること"));
	return enter(r);
}

static int read_list(struct reader *r, const struct config_key *row, struct config_list *out)
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

static int read_words(struct reader *r, const struct config_key *row, unsigned *out)
{
	const struct config_key word = {.kind = CONFIG_WORD, .size = sizeof(int), .words = row->words};
	unsigned all = 0;
	int rc = expect_list(r);
	while (rc == HN_OK) {
		int one = 0;
		rc = next_event(r);
		if (rc != HN_OK || r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		rc = read_scalar(r, &word, &one);
		if (rc == HN_OK && (all & (unsigned)one) != 0)
			rc = fault_here(r, HN_EFORMAT, tr("the same twice", "同じ値が二度ある"));
		if (rc == HN_OK)
			all |= (unsigned)one;
	}
	if (rc == HN_OK && all == 0)
		rc = fault_here(r, HN_EFORMAT, tr("an empty list", "リストが空である"));
	if (rc != HN_OK)
		return rc;
	r->depth--;
	*out = all;
	return HN_OK;
}

/* Called for rows whose depth the table bounds, and never deeper than CONFIG_DEPTH_MAX. */
static int read_value(struct reader *r, const struct config_key *row, unsigned char *at)
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
static int set_defaults(struct reader *r, const struct config_key keys[], unsigned char *out)
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

static void refuse_key(struct reader *r, const struct config_key keys[])
{
	struct buf known;
	buf_init(&known, 420);
	for (const struct config_key *row = keys; row->name != NULL || row->kind == CONFIG_LINE; row++)
		if (row->name != NULL)
			buf_addf(&known, "%s%s", known.len == 0 ? "" : ", ", row->name);
	(void)config_fault(r->fault, HN_EFORMAT, r->name, line_of(&r->event.start_mark), r->path,
			   tr("unknown key; known here: %s", "不明なキー。ここで使えるのは %s"),
			   known.data == NULL ? "" : known.data);
	buf_clear(&known);
}

/* The row of the key at hand, whose name is put behind the path. @return NULL, with a fault of HN_EFORMAT */
static const struct config_key *find_key(struct reader *r, const struct config_key keys[], uint64_t *seen)
{
	const char *key = (const char *)r->event.data.scalar.value;
	if (r->event.type != YAML_SCALAR_EVENT || strlen(key) != r->event.data.scalar.length ||
	    has_control(key, strlen(key))) {
		(void)fault_here(r, HN_EFORMAT, tr("a key is one word", "キーは一語で書くこと"));
		return NULL;
	}
	(void)path_push(r, key, 0);
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		if (keys[i].name == NULL || strcmp(keys[i].name, key) != 0)
			continue;
		if ((*seen >> i & 1) != 0) {
			(void)fault_here(r, HN_EFORMAT, tr("stands twice", "同じキーが二度ある"));
			return NULL;
		}
		*seen |= UINT64_C(1) << i;
		return &keys[i];
	}
	refuse_key(r, keys);
	return NULL;
}

/* What is written in any case: the line, and that nothing required is missing. */
static int finish_mapping(struct reader *r, const struct config_key keys[], unsigned char *out, unsigned line,
			  uint64_t seen)
{
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		if (keys[i].kind == CONFIG_LINE)
			memcpy(out + keys[i].offset, &line, sizeof(line));
		else if ((keys[i].flags & CONFIG_REQUIRED) != 0 && (seen >> i & 1) == 0) {
			(void)path_push(r, keys[i].name, 0);
			return config_fault(r->fault, HN_EFORMAT, r->name, line, r->path, "%s",
					    tr("is missing", "必須のキーがない"));
		}
	}
	return HN_OK;
}

static int read_mapping(struct reader *r, const struct config_key keys[], unsigned char *out)
{
	unsigned line = line_of(&r->event.start_mark);
	uint64_t seen = 0;

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fault_here(r, HN_EFORMAT, tr("takes keys with values", "キーと値の組を指定すること"));
	int rc = enter(r);
	if (rc == HN_OK)
		rc = set_defaults(r, keys, out);
	while (rc == HN_OK) {
		size_t before = r->path_len;
		rc = next_event(r);
		if (rc != HN_OK || r->event.type == YAML_MAPPING_END_EVENT)
			break;
		const struct config_key *row = find_key(r, keys, &seen);
		rc = row == NULL ? HN_EFORMAT : next_event(r);
		if (rc == HN_OK)
			rc = read_value(r, row, out + row->offset);
		if (rc == HN_OK)
			path_pop(r, before);
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
static int read_stream(struct reader *r, const struct config_key keys[], unsigned char *out)
{
	int rc = next_event(r); /* the stream's start */
	if (rc == HN_OK)
		rc = next_event(r);
	if (rc == HN_OK && r->event.type == YAML_DOCUMENT_START_EVENT)
		rc = next_event(r);
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
	rc = next_event(r); /* the document's end */
	if (rc == HN_OK)
		rc = next_event(r);
	if (rc == HN_OK && r->event.type != YAML_STREAM_END_EVENT)
		rc = fault_here(r, HN_EFORMAT, tr("a second document begins", "二つ目の文書がある"));
	return rc;
}

/* A table that is not sound is our own bug. */
static void check_table(const struct config_key keys[])
{
	static const size_t sizes[] = {
		[CONFIG_TEXT] = sizeof(char *),
		[CONFIG_PATH] = sizeof(char *),
		[CONFIG_SIZE] = sizeof(uint64_t),
		[CONFIG_DURATION] = sizeof(int64_t),
		[CONFIG_BOOL] = sizeof(bool),
		[CONFIG_WORD] = sizeof(int),
		[CONFIG_WORDS] = sizeof(unsigned),
		[CONFIG_ADDRESS] = sizeof(struct ip),
		[CONFIG_ENDPOINT] = sizeof(struct endpoint),
		[CONFIG_PREFIX] = sizeof(struct ip_prefix),
		[CONFIG_UUID] = sizeof(struct uuid),
		[CONFIG_DIGEST] = sizeof(struct config_digest),
		[CONFIG_LIST] = sizeof(struct config_list),
		[CONFIG_LINE] = sizeof(unsigned),
	};
	for (size_t i = 0; keys[i].name != NULL || keys[i].kind == CONFIG_LINE; i++) {
		const struct config_key *row = &keys[i];
		assert(i < CONFIG_KEYS_MAX);
		if (row->kind == CONFIG_INTEGER)
			assert(row->size == 2 || row->size == 4 || row->size == 8);
		else if (row->kind == CONFIG_MAPPING)
			check_table(row->keys);
		else
			assert(row->size == sizes[row->kind]);
		assert((row->kind != CONFIG_WORD && row->kind != CONFIG_WORDS) || row->words != NULL);
		if (row->kind == CONFIG_LIST) {
			assert(row->item->kind != CONFIG_LIST && row->item->size > 0);
			if (row->item->kind == CONFIG_MAPPING)
				check_table(row->item->keys);
		}
	}
}

int config_parse(const char *name, const char *text, size_t len, const struct config_key keys[], void *out,
		 struct config_memory **memory_out, struct fault *fault)
{
	struct reader r = {.name = name, .fault = fault};

	*memory_out = NULL;
	check_table(keys);
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
