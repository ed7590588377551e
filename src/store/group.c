/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/lang.h"
#include "store/organisation.h"
#include "store/organisation_parts.h"

#define GROUP_TEXT_MAX (16u << 10)

static int tree_read(const struct form *f, struct group *out)
{
	static const char *const names[] = {"id", "names", "description", "keeper", "ended", NULL};
	const char *description = NULL;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = names_read(f, true);
	if (err == HN_OK)
		err = form_text(f, "description", false, 4096, &description);
	if (err == HN_OK)
		err = form_uuid(f, "keeper", true, &out->owner);
	if (err == HN_OK)
		err = json_get_bool(f->at, "ended", false, &out->ended, f->fault);
	return err;
}

int group_read(const char *text, size_t len, const struct uuid *id, struct group *out, struct fault *fault)
{
	struct group g = {.id = *id};
	json_t *object = NULL;
	int err = identified_read(text, len, GROUP_TEXT_MAX, id, &object, fault);
	if (err != HN_OK)
		return err;
	g.memory = arena_new_small(2 * GROUP_TEXT_MAX, len + 128);
	if (g.memory == NULL)
		err = fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	const struct form f = {.at = object, .arena = g.memory, .fault = fault};
	if (err == HN_OK)
		err = tree_read(&f, &g);
	if (err == HN_OK)
		err = canonical_text(&f, GROUP_TEXT_MAX, &g.text, &g.text_len);
	json_decref(object);
	if (err != HN_OK)
		group_clear(&g);
	else
		*out = g;
	return err;
}

void group_clear(struct group *g)
{
	arena_free(g->memory);
	memset(g, 0, sizeof(*g));
}
