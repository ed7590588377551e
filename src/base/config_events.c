/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config_events.h"

#include <stdio.h>

#include "base/lang.h"

static unsigned line_of(const yaml_mark_t *mark)
{
	return (unsigned)mark->line + 1;
}

unsigned config_line_here(const struct config_reader *r)
{
	return line_of(&r->event.start_mark);
}

int config_fault_here(struct config_reader *r, int err, const char *message)
{
	return config_fault(r->fault, err, r->name, config_line_here(r), r->path, "%s", message);
}

static int parser_fault(struct config_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return config_fault(r->fault, HN_ENOMEM, r->name, 0, "", "%s", hn_strerror(HN_ENOMEM));
	const yaml_mark_t *mark = p->error == YAML_READER_ERROR ? &p->mark : &p->problem_mark;
	return config_fault(r->fault, HN_EFORMAT, r->name, line_of(mark), "",
			    tr("not YAML: %s", "YAMLとして読めない: %s"), config_problem(p->problem));
}

/* What may stand nowhere: anchors, aliases and tags make a file mean other than what is read in one place. */
static int refuse_references(struct config_reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return config_fault_here(r, HN_EFORMAT,
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
		return config_fault_here(r, HN_EFORMAT,
					 tr("anchors (&name) are not taken", "アンカー(&名前)は使えない"));
	if (tag != NULL)
		return config_fault_here(r, HN_EFORMAT,
					 tr("tags (!name) are not taken", "タグ(!名前)は使えない"));
	return HN_OK;
}

int config_next_event(struct config_reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
	return r->has_event ? refuse_references(r) : parser_fault(r);
}

size_t config_path_push(struct config_reader *r, const char *key, size_t index)
{
	size_t before = r->path_len;
	size_t room = sizeof(r->path) - before;
	int n = key != NULL ? snprintf(r->path + before, room, "%s%.64s", before == 0 ? "" : ".", key)
			    : snprintf(r->path + before, room, "[%zu]", index);
	if (n > 0)
		r->path_len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

void config_path_pop(struct config_reader *r, size_t before)
{
	r->path_len = before;
	r->path[before] = '\0';
}

bool config_has_control(const char *text, size_t len)
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
