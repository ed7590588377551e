/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_spec.h"

#include "resolver/terms.h"

#include <stdlib.h>
#include <string.h>

/* Memory that goes with the spec; zeroed. NULL: none. */
static void *take(struct policy_spec_kept *kept, size_t count, size_t size)
{
	if (kept->block_count == kept->block_cap) {
		size_t cap = kept->block_cap == 0 ? 32 : kept->block_cap * 2;
		void **blocks = realloc(kept->blocks, cap * sizeof(*blocks));
		if (blocks == NULL)
			return NULL;
		kept->blocks = blocks;
		kept->block_cap = cap;
	}
	void *block = calloc(count + 1, size);
	if (block != NULL)
		kept->blocks[kept->block_count++] = block;
	return block;
}

/* @return false without memory; NULL stays NULL */
static bool keep_text(struct policy_spec_kept *kept, const char *text, const char **out)
{
	*out = NULL;
	if (text == NULL)
		return true;
	size_t len = strlen(text);
	char *copy = take(kept, len, 1);
	if (copy == NULL)
		return false;
	memcpy(copy, text, len);
	*out = copy;
	return true;
}

static bool keep_texts(struct policy_spec_kept *kept, const char *const texts[], size_t count,
		       const char *const **out)
{
	const char **copy = take(kept, count, sizeof(*copy));
	if (copy == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!keep_text(kept, texts[i], &copy[i]))
			return false;
	*out = copy;
	return true;
}

static bool keep_set(struct policy_spec_kept *kept, const struct policy_set_spec *from,
		     struct policy_set_spec *to)
{
	*to = *from;
	struct ip *sinkholes = take(kept, from->sinkhole_count, sizeof(*sinkholes));
	if (sinkholes == NULL)
		return false;
	if (from->sinkhole_count > 0)
		memcpy(sinkholes, from->sinkholes, from->sinkhole_count * sizeof(*sinkholes));
	to->sinkholes = sinkholes;
	return keep_text(kept, from->name, &to->name) && keep_text(kept, from->directory, &to->directory) &&
	       keep_text(kept, from->contact, &to->contact) &&
	       keep_text(kept, from->organisation, &to->organisation) &&
	       keep_texts(kept, from->paths, from->path_count, &to->paths) &&
	       keep_texts(kept, from->records, from->record_count, &to->records);
}

static bool keep_view(struct policy_spec_kept *kept, const struct policy_view_spec *from,
		      struct policy_view_spec *to)
{
	uint16_t *sets = take(kept, from->set_count, sizeof(*sets));
	if (sets == NULL)
		return false;
	if (from->set_count > 0)
		memcpy(sets, from->sets, from->set_count * sizeof(*sets));
	*to = (struct policy_view_spec){NULL, sets, from->set_count};
	return keep_text(kept, from->name, &to->name);
}

int policy_spec_keep(const struct policy_spec *spec, struct policy_spec_kept *out)
{
	struct policy_spec_kept kept = {
		.spec = {.set_count = spec->set_count, .view_count = spec->view_count}};
	kept.sets = take(&kept, spec->set_count, sizeof(*kept.sets));
	struct policy_view_spec *views = take(&kept, spec->view_count, sizeof(*views));
	bool done = kept.sets != NULL && views != NULL;
	for (size_t i = 0; done && i < spec->set_count; i++)
		done = keep_set(&kept, &spec->sets[i], &kept.sets[i]);
	for (size_t i = 0; done && i < spec->view_count; i++)
		done = keep_view(&kept, &spec->views[i], &views[i]);
	if (!done) {
		policy_spec_clear(&kept);
		return HN_ENOMEM;
	}
	kept.spec.sets = kept.sets;
	kept.spec.views = views;
	kept.spec.terms = terms_use(spec->terms);
	*out = kept;
	return HN_OK;
}

void policy_spec_clear(struct policy_spec_kept *kept)
{
	for (size_t i = 0; i < kept->block_count; i++)
		free(kept->blocks[i]);
	free(kept->blocks);
	terms_release(kept->spec.terms);
	*kept = (struct policy_spec_kept){0};
}
