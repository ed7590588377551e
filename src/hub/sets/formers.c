/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/formers.h"

#include <string.h>

#include "base/encode.h"
#include "base/utc.h"
#include "hub/edge/edge.h"
#include "hub/sets/bases.h"
#include "store/edges.h"
#include "store/set_files.h"

#define LEAST_NS  (5 * NS_SECOND)         /* beyond its spread */
#define SILENT_NS (120 * NS_SECOND)       /* an edge that says nothing for so long is away */
#define MOST_NS   (24 * 3600 * NS_SECOND) /* who has not fetched the new base by then gets that alone */

struct former {
	int64_t set;
	uint8_t digest[32];
	int64_t since_ns; /* it is new; where that was before this hub began, edges first come back to it */
	uint32_t spread_s;
	bool seen, used;
};

static struct {
	struct former at[FORMERS_MAX];
	size_t count;
	int64_t now_ns;
	bool began; /* to look */
} formers;

static int note(void *context, const struct set_standing *s)
{
	(void)context;
	struct former *f = formers.at;
	if (s->former_count == 0)
		return HN_OK;
	while (f < &formers.at[formers.count] &&
	       (f->set != s->number || memcmp(f->digest, s->former[0].digest, sizeof(f->digest)) != 0))
		f++;
	if (f == &formers.at[FORMERS_MAX])
		return HN_OK;
	if (f == &formers.at[formers.count]) {
		*f = (struct former){.set = s->number,
				     .since_ns = formers.now_ns + (formers.began ? 0 : SILENT_NS),
				     .spread_s = bases_spread_s(&s->files[0], edge_heads_followers())};
		memcpy(f->digest, s->former[0].digest, sizeof(f->digest));
		formers.count++;
	}
	f->seen = true;
	return HN_OK;
}

static void forget_unseen(void)
{
	size_t kept = 0;
	for (size_t i = 0; i < formers.count; i++)
		if (formers.at[i].seen)
			formers.at[kept++] = formers.at[i];
	formers.count = kept;
}

static int note_use(void *context, const struct edge_row *e)
{
	(void)context;
	bool here = e->health_us * 1000 > formers.now_ns - SILENT_NS;
	for (size_t i = 0; i < formers.count && here; i++) {
		char digest[65];
		hex_encode(formers.at[i].digest, 32, digest);
		if (!formers.at[i].used && strstr(e->health, digest) != NULL)
			formers.at[i].used = true;
	}
	return HN_OK;
}

int formers_over(struct reader *reader, int64_t now_ns, int64_t over[FORMERS_MAX], size_t *count)
{
	*count = 0;
	formers.now_ns = now_ns;
	for (size_t i = 0; i < formers.count; i++)
		formers.at[i].seen = formers.at[i].used = false;
	int err = set_files_standing(reader, 0, true, note, NULL);
	forget_unseen();
	formers.began = true;
	if (err == HN_OK && formers.count > 0)
		err = edges_each(reader, note_use, NULL);
	for (size_t i = 0; err == HN_OK && i < formers.count; i++) {
		int64_t age_ns = now_ns - formers.at[i].since_ns;
		int64_t least_ns = formers.at[i].spread_s * NS_SECOND + LEAST_NS;
		if (age_ns >= MOST_NS || (age_ns >= least_ns && !formers.at[i].used))
			over[(*count)++] = formers.at[i].set;
	}
	return err;
}
