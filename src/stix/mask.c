/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/mask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stix/check.h"
#include "stix/write.h"

struct masker {
	const struct stix_object *o;
	const struct stix_tape *t;
	bool *gone; /* by token: this value is not shown */
	const struct uuid *id;
	struct buf *out;
};

/* ---- what goes ---- */

/* A list or object of which nothing is left goes too: the standard has no empty ones. Insides stand behind,
 * so the walk is from the end. */
static void empty_goes(struct masker *m)
{
	const struct stix_token *tokens = m->t->tokens;
	for (uint32_t i = m->t->count; i-- > 0;) {
		bool object = tokens[i].kind == JSON_TOKEN_OBJECT;
		if ((!object && tokens[i].kind != JSON_TOKEN_ARRAY) || tokens[i].next == i + 1)
			continue;
		bool left = false;
		for (uint32_t k = i + 1; !left && k < tokens[i].next; k = tokens[k].next)
			left = !m->gone[object ? k + 1 : k];
		if (!left)
			m->gone[i] = true;
	}
}

/* The next step of a selector. @return its length; *rest is behind its dot */
static size_t next_step(const char **rest, const char *end)
{
	const char *dot = memchr(*rest, '.', (size_t)(end - *rest));
	size_t len = (size_t)((dot == NULL ? end : dot) - *rest);
	*rest = dot == NULL ? end : dot + 1;
	return len;
}

/* Where a step leads, and which position it has among what is left of a list. @return 0: nowhere that is
 * shown */
static uint32_t follow(const struct masker *m, uint32_t at, const char *step, size_t len, uint32_t *position)
{
	const struct stix_token *tokens = m->t->tokens;
	if (tokens[at].kind == JSON_TOKEN_OBJECT) {
		uint32_t value = stix_tape_find(m->t, at, step, len);
		return value != 0 && m->gone[value] ? 0 : value;
	}
	unsigned long index = len < 3 ? 0 : strtoul(step + 1, NULL, 10);
	*position = 0;
	for (uint32_t i = at + 1; i < tokens[at].next; i = tokens[i].next, index--) {
		if (index == 0)
			return m->gone[i] ? 0 : i;
		*position += m->gone[i] ? 0 : 1;
	}
	return 0;
}

/* The selector as it is in what is left; out may be NULL. @return false: what it selects is gone */
static bool follow_selector(const struct masker *m, uint32_t token, struct buf *out)
{
	struct json_string s = stix_tape_string(m->t, token);
	const char *rest = (const char *)s.text, *end = rest + s.len;
	uint32_t at = 0, position = 0;
	while (rest < end) {
		const char *step = rest;
		size_t len = next_step(&rest, end);
		bool list = m->t->tokens[at].kind == JSON_TOKEN_ARRAY;
		at = follow(m, at, step, len, &position);
		if (at == 0)
			return false;
		if (out == NULL)
			continue;
		buf_adds(out, step == (const char *)s.text ? "" : ".");
		if (list)
			buf_addf(out, "[%u]", (unsigned)position);
		else
			buf_add(out, step, len);
	}
	return true;
}

/* A granular marking goes with the last part that it speaks of. */
static void markings_go(struct masker *m)
{
	const struct stix_token *tokens = m->t->tokens;
	uint32_t list = stix_tape_member(m->t, 0, "granular_markings");
	for (uint32_t i = list + 1; list != 0 && i < tokens[list].next; i = tokens[i].next) {
		uint32_t selectors = stix_tape_member(m->t, i, "selectors");
		bool left = false;
		for (uint32_t k = selectors + 1; selectors != 0 && k < tokens[selectors].next;
		     k = tokens[k].next) {
			if (follow_selector(m, k, NULL))
				left = true;
			else
				m->gone[k] = true;
		}
		if (!left)
			m->gone[i] = true;
	}
}

static int mark(struct masker *m, const struct stix_selector *hidden, size_t count)
{
	uint32_t id = stix_tape_member(m->t, 0, "id");
	for (size_t i = 0; i < count; i++) {
		uint32_t token;
		if (!stix_selector_token(m->t, hidden[i].text, hidden[i].len, &token))
			return HN_EFORMAT;
		if (token != id) /* that is another one anyhow */
			m->gone[token] = true;
	}
	empty_goes(m);
	markings_go(m);
	empty_goes(m);
	return m->gone[0] ? HN_ENOENT : HN_OK;
}

/* ---- what is left ---- */

static void write_name(struct masker *m, uint32_t name)
{
	size_t len;
	const char *text = stix_tape_name(m->t, name, &len);
	stix_write_string(text, len, m->out);
	buf_addc(m->out, ':');
}

static void write_scalar(struct masker *m, uint32_t token)
{
	const struct stix_token *k = &m->t->tokens[token];
	const char *quote = k->kind == JSON_TOKEN_STRING ? "\"" : "";
	buf_adds(m->out, quote);
	buf_add(m->out, m->t->bytes + k->at, k->len);
	buf_adds(m->out, quote);
}

/* The selectors of a granular marking, with the positions that lists have now. */
static void write_selectors(struct masker *m, uint32_t list)
{
	const struct stix_token *tokens = m->t->tokens;
	const char *comma = "";
	buf_addc(m->out, '[');
	for (uint32_t i = list + 1; i < tokens[list].next; i = tokens[i].next) {
		if (m->gone[i])
			continue;
		buf_adds(m->out, comma);
		comma = ",";
		buf_addc(m->out, '"');
		(void)follow_selector(m, i, m->out);
		buf_addc(m->out, '"');
	}
	buf_addc(m->out, ']');
}

struct open {
	uint32_t token;
	bool first;
};

struct walk {
	struct open open[JSON_READER_DEPTH_MAX];
	unsigned depth;
	uint32_t extensions, id, granular; /* these members of the object itself */
	bool marked;                       /* it is written that it is masked */
};

static void write_comma(struct masker *m, struct open *o)
{
	if (!o->first)
		buf_addc(m->out, ',');
	o->first = false;
}

static const char masked_extension[] =
	"\"" STIX_MASKED_EXTENSION "\":{\"extension_type\":\"property-extension\",\"masked\":true}";

/* Behind the members of the object itself, or of its extensions. */
static void write_mark(struct masker *m, struct walk *w, uint32_t token)
{
	struct open *o = &w->open[w->depth - 1];
	if (w->marked || (token != 0 && token != w->extensions))
		return;
	w->marked = true;
	write_comma(m, o);
	if (m->o->spec == STIX_2_0)
		buf_adds(m->out, "\"" STIX_MASKED_PROPERTY "\":true");
	else if (token == 0)
		buf_addf(m->out, "\"extensions\":{%s}", masked_extension);
	else
		buf_adds(m->out, masked_extension);
}

static void close_one(struct masker *m, struct walk *w)
{
	uint32_t token = w->open[w->depth - 1].token;
	write_mark(m, w, token);
	buf_addc(m->out, m->t->tokens[token].kind == JSON_TOKEN_OBJECT ? '}' : ']');
	w->depth--;
}

static bool is_name(const struct masker *m, uint32_t name, const char *text)
{
	size_t len;
	const char *have = stix_tape_name(m->t, name, &len);
	return len == strlen(text) && memcmp(have, text, len) == 0;
}

/* Whether the list of selectors of a granular marking stands here: /granular_markings/N/selectors. */
static bool are_selectors(const struct masker *m, const struct walk *w, uint32_t value)
{
	return w->depth == 3 && w->open[1].token == w->granular && is_name(m, value - 1, "selectors");
}

/* Writes one value or begins a container. @return the token that comes next */
static uint32_t write_value(struct masker *m, struct walk *w, uint32_t token)
{
	const struct stix_token *k = &m->t->tokens[token];
	if (token == w->id) {
		char uuid[UUID_TEXT_SIZE];
		uuid_format(m->id, uuid);
		buf_addf(m->out, "\"%.*s--%s\"", (int)m->o->id.type_len, m->o->id.type, uuid);
		return k->next;
	}
	if (k->kind != JSON_TOKEN_OBJECT && k->kind != JSON_TOKEN_ARRAY) {
		write_scalar(m, token);
		return k->next;
	}
	if (w->depth == 3 && are_selectors(m, w, token)) {
		write_selectors(m, token);
		return k->next;
	}
	buf_addc(m->out, k->kind == JSON_TOKEN_OBJECT ? '{' : '[');
	w->open[w->depth++] = (struct open){token, true};
	return token + 1;
}

static void write_all(struct masker *m)
{
	const struct stix_token *tokens = m->t->tokens;
	struct walk w = {.id = stix_tape_member(m->t, 0, "id"),
			 .granular = stix_tape_member(m->t, 0, "granular_markings"),
			 .extensions = stix_tape_member(m->t, 0, "extensions")};
	if (m->o->spec == STIX_2_0)
		w.extensions = 0;
	w.marked = w.extensions != 0 ? stix_tape_member(m->t, w.extensions, STIX_MASKED_EXTENSION) != 0 &&
					       !m->gone[w.extensions]
				     : stix_tape_member(m->t, 0, STIX_MASKED_PROPERTY) != 0;
	uint32_t i = write_value(m, &w, 0);
	while (w.depth > 0) {
		struct open *o = &w.open[w.depth - 1];
		if (i == tokens[o->token].next) {
			close_one(m, &w);
			continue;
		}
		bool member = tokens[i].kind == JSON_TOKEN_NAME;
		uint32_t value = member ? i + 1 : i;
		if (m->gone[value]) {
			i = tokens[i].next;
			continue;
		}
		write_comma(m, o);
		if (member)
			write_name(m, i);
		i = write_value(m, &w, value);
	}
}

/* What a required part was hidden from is no STIX any more. */
static int check_rendition(const struct stix_object *o, struct cur text)
{
	const struct stix_limits wide = {.size_max = SIZE_MAX,
					 .depth_max = JSON_READER_DEPTH_MAX,
					 .list_max = SIZE_MAX,
					 .refs_max = SIZE_MAX,
					 .values_max = SIZE_MAX,
					 .tokens_max = UINT32_MAX};
	struct stix_object rendition;
	stix_object_init(&rendition);
	int rc = stix_object_read(&rendition, text, o->spec, &wide, NULL);
	stix_object_clear(&rendition);
	return rc == HN_OK || rc == HN_ENOMEM ? rc : HN_ENOENT;
}

int stix_mask(const struct stix_object *o, const struct stix_selector *hidden, size_t count,
	      const struct uuid *id, struct buf *out)
{
	struct masker m = {.o = o, .t = &o->memory->tape, .id = id, .out = out};
	size_t before = out->len;
	m.gone = calloc(m.t->count, sizeof(*m.gone));
	if (m.gone == NULL)
		return HN_ENOMEM;
	int rc = mark(&m, hidden, count);
	if (rc == HN_OK) {
		write_all(&m);
		rc = buf_err(out);
	}
	if (rc == HN_OK)
		rc = check_rendition(o, cur_of(out->data + before, out->len - before));
	if (rc != HN_OK && out->len > before) {
		out->len = before;
		out->data[before] = '\0';
	}
	free(m.gone);
	return rc;
}
