/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/patterns.h"

#include <hs.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/authorization.h"
#include "base/buf.h"
#include "base/lang.h"

#define EXPRESSION_MAX (4u * PATTERN_WINDOW + 16)

struct patterns {
	const struct pattern_source *sources;
	size_t count;
	hs_database_t *database[POSITION_COUNT]; /* NULL: no pattern there */
	size_t window[POSITION_COUNT];
	size_t longest[POSITION_COUNT];
};

struct patterns_scratch {
	hs_scratch_t *scratch;
};

/* A fixed-length expression; each byte is written as \xHH, any byte as a dot. */
static void expression(const struct pattern_source *source, struct buf *out)
{
	for (size_t i = 0; i < source->len; i++) {
		if (source->mask[i] != 0)
			buf_addf(out, "\\x%02x", source->bytes[i]);
		else
			buf_addc(out, '.');
	}
}

static int compile_position(struct patterns *p, unsigned position, struct fault *fault)
{
	const char **expressions = calloc(p->count + 1, sizeof(*expressions));
	struct buf *texts = calloc(p->count + 1, sizeof(*texts));
	unsigned *flags = calloc(p->count + 1, sizeof(*flags));
	unsigned *ids = calloc(p->count + 1, sizeof(*ids));
	unsigned n = 0;
	int rc = HN_OK;

	if (expressions == NULL || texts == NULL || flags == NULL || ids == NULL) {
		rc = HN_ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < p->count && rc == HN_OK; i++) {
		const struct pattern_source *source = &p->sources[i];
		if (source->position != position)
			continue;
		buf_init(&texts[n], EXPRESSION_MAX);
		expression(source, &texts[n]);
		rc = buf_err(&texts[n]);
		expressions[n] = texts[n].data;
		flags[n] = HS_FLAG_DOTALL;
		ids[n++] = (unsigned)i;
		size_t end = (size_t)source->offset_max + source->len;
		if (end > p->window[position])
			p->window[position] = end;
		if (source->len > p->longest[position])
			p->longest[position] = source->len;
	}
	if (rc == HN_OK && n > 0) {
		hs_compile_error_t *error = NULL;
		if (hs_compile_multi(expressions, flags, ids, n, HS_MODE_BLOCK, NULL, &p->database[position],
				     &error) != HS_SUCCESS) {
			unsigned bad = error->expression >= 0 ? ids[error->expression] : ids[0];
			rc = fault_set(fault, HN_ELIMIT, p->sources[bad].id,
				       tr("cannot be compiled: %s", "コンパイルできない: %s"),
				       error->message);
			(void)hs_free_compile_error(error);
		}
	}
out:
	for (unsigned i = 0; texts != NULL && i < n; i++)
		buf_clear(&texts[i]);
	free(texts);
	free(expressions);
	free(flags);
	free(ids);
	return rc;
}

void patterns_sources(const struct authorization *a, struct pattern_source *out)
{
	for (size_t i = 0; i < a->pattern_count; i++) {
		const struct pattern *from = &a->patterns[i];
		out[i] = (struct pattern_source){.id = from->id,
						 .position = from->position,
						 .offset_min = from->offset_min,
						 .offset_max = from->offset_max,
						 .len = from->len,
						 .bytes = from->bytes,
						 .mask = from->mask};
	}
}

int patterns_new(const struct pattern_source *sources, size_t count, struct patterns **out,
		 struct fault *fault)
{
	struct patterns *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	p->sources = sources;
	p->count = count;
	for (unsigned position = 0; position < POSITION_COUNT; position++) {
		int rc = compile_position(p, position, fault);
		if (rc != HN_OK) {
			patterns_free(p);
			return rc;
		}
	}
	*out = p;
	return HN_OK;
}

void patterns_free(struct patterns *p)
{
	if (p == NULL)
		return;
	for (unsigned position = 0; position < POSITION_COUNT; position++)
		(void)hs_free_database(p->database[position]);
	free(p);
}

int patterns_scratch_new(const struct patterns *p, struct patterns_scratch **out)
{
	struct patterns_scratch *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	for (unsigned position = 0; position < POSITION_COUNT; position++) {
		if (p->database[position] == NULL)
			continue;
		if (hs_alloc_scratch(p->database[position], &s->scratch) != HS_SUCCESS) {
			patterns_scratch_free(s);
			return HN_ENOMEM;
		}
	}
	*out = s;
	return HN_OK;
}

void patterns_scratch_free(struct patterns_scratch *s)
{
	if (s == NULL)
		return;
	(void)hs_free_scratch(s->scratch);
	free(s);
}

size_t patterns_window(const struct patterns *p, unsigned position)
{
	return p->window[position];
}

struct finding {
	const struct patterns *patterns;
	size_t base; /* where in the position the scan began */
	bool found;
	unsigned id;
	unsigned long long end;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *context)
{
	struct finding *f = context;
	const struct pattern_source *source = &f->patterns->sources[id];
	size_t begin = f->base + (size_t)to - source->len;

	(void)from;
	(void)flags;
	if (f->found && to > f->end)
		return 1; /* matches come in the order of their ends */
	if (begin < source->offset_min || begin > source->offset_max || (f->found && id > f->id))
		return 0;
	f->found = true;
	f->id = id;
	f->end = to;
	return 0;
}

bool patterns_find(const struct patterns *p, struct patterns_scratch *scratch, unsigned position,
		   const uint8_t *data, size_t len, size_t from, uint32_t *pattern_out, uint16_t *offset_out)
{
	struct finding f = {.patterns = p};
	if (len > p->window[position])
		len = p->window[position];
	/* A pattern may span what was looked at before and what is new. */
	f.base = from >= p->longest[position] ? from - p->longest[position] + 1 : 0;
	if (p->database[position] == NULL || len <= f.base)
		return false;
	(void)hs_scan(p->database[position], (const char *)data + f.base, (unsigned)(len - f.base), 0,
		      scratch->scratch, on_match, &f);
	if (!f.found)
		return false;
	*pattern_out = f.id;
	*offset_out = (uint16_t)(f.base + f.end - p->sources[f.id].len);
	return true;
}
