/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/config_keep.h"

#include <string.h>

#include "base/config_compare.h"

/* What a request, a run or a question about health reads each time. All else is of the start. */
static const char *const free_keys[] = {"cosigners", "disk_least", "fetch_inside", "sign_in.session",
					"sign_in.second_factor"};

static void on_difference(void *context, const char *name)
{
	struct buf *kept = context;
	for (size_t i = 0; i < sizeof(free_keys) / sizeof(free_keys[0]); i++)
		if (strcmp(name, free_keys[i]) == 0)
			return;
	if (kept->len > 0)
		buf_adds(kept, ", ");
	buf_adds(kept, name);
}

int hub_config_keep(struct hub_config *newer, const struct hub_config *first, struct buf *kept)
{
	struct hub_config c = *first;
	config_compare(HUB_KEYS, first, newer, on_difference, kept);
	c.file = newer->file;
	c.memory = newer->memory;
	c.before = newer->before;
	c.cosigners = newer->cosigners;
	c.disk_least = newer->disk_least;
	c.fetch_inside = newer->fetch_inside;
	c.sign_in.line = newer->sign_in.line;
	c.sign_in.session_ns = newer->sign_in.session_ns;
	c.sign_in.second_factor = newer->sign_in.second_factor;
	*newer = c;
	return buf_err(kept);
}
