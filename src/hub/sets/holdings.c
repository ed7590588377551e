/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/holdings.h"

#include <string.h>

#include "base/siphash.h"
#include "base/utc.h"
#include "hub/sets/compile.h"
#include "hub/sets/sets.h"
#include "match/build.h"
#include "match/him_each.h"
#include "store/directory.h"
#include "store/owners.h"

#define FILES_KNOWN 64

/* What a table says, whatever the order of its rows. */
struct sum {
	uint64_t parts[2], count;
};

static struct {
	struct owners *owners; /* the image that `now` is the sum of */
	struct sum now;
	struct {
		uint8_t digest[32];
		struct sum sum;
	} files[FILES_KNOWN];
	size_t next; /* to be replaced */
} known;

static void add(struct sum *s, const struct ip_prefix *prefix, const char *holder)
{
	static const uint8_t keys[2][SIPHASH_KEY] = {{1}, {2}};
	uint8_t row[2 + 16 + UUID_TEXT_SIZE] = {prefix->addr.version, prefix->len};
	size_t len = prefix->addr.version == 4 ? 4 : 16, text = strnlen(holder, UUID_TEXT_SIZE);
	memcpy(row + 2, prefix->addr.bytes, len);
	memcpy(row + 2 + len, holder, text);
	for (size_t i = 0; i < 2; i++)
		s->parts[i] += siphash24(keys[i], row, 2 + len + text);
	s->count++;
}

/* ---- as the directory says ---- */

struct telling {
	int (*fn)(void *context, const struct ip_prefix *prefix, const char *holder);
	void *context;
};

static int tell(void *context, const struct ip_prefix *prefix, int64_t organisation)
{
	const struct telling *t = context;
	struct uuid id;
	char text[UUID_TEXT_SIZE];
	if (directory_uuid(sets_directory(), DIRECTORY_ORGANISATION, organisation, &id) != HN_OK)
		return HN_OK;
	uuid_format(&id, text);
	return t->fn(t->context, prefix, text);
}

static int each_now(struct owners *owners,
		    int (*fn)(void *context, const struct ip_prefix *, const char *holder), void *context)
{
	struct telling t = {fn, context};
	return owners_each_prefix(owners, tell, &t);
}

static int build_one(void *context, const struct ip_prefix *prefix, const char *holder)
{
	return him_build_holdings(context, prefix, holder);
}

int holdings_add(struct him_build *b)
{
	struct owners *owners;
	if (sets_directory() == NULL)
		return HN_OK;
	int err = owners_get(sets_directory(), utc_now_ns() / 1000, &owners);
	if (err != HN_OK)
		return err;
	err = each_now(owners, build_one, b);
	owners_unref(owners);
	return err;
}

static int sum_one(void *context, const struct ip_prefix *prefix, const char *holder)
{
	add(context, prefix, holder);
	return HN_OK;
}

/* The image is made anew when organisations change, and kept here, so that another has another address. */
static int sum_now(struct sum *out)
{
	struct owners *owners;
	struct sum now = {.count = 0};
	int err = owners_get(sets_directory(), utc_now_ns() / 1000, &owners);
	if (err != HN_OK)
		return err;
	if (owners != known.owners) {
		err = each_now(owners, sum_one, &now);
		if (err == HN_OK) {
			owners_unref(known.owners);
			known.owners = owners;
			known.now = now;
			owners = NULL;
		}
	}
	owners_unref(owners);
	*out = known.now;
	return err;
}

/* ---- as a file says ---- */

struct reading {
	const struct him *him;
	struct sum sum;
};

static int read_one(void *context, const struct him_entry *e)
{
	struct reading *r = context;
	struct ip_prefix prefix;
	const char *holder;
	int err = him_holding(r->him, e, &prefix, &holder);
	if (err == HN_OK)
		add(&r->sum, &prefix, holder);
	return err;
}

static int read_file(const struct set_file *f, struct sum *out)
{
	struct him_file file;
	struct him him;
	struct reading r = {.him = &him};
	struct him_place place = {.table = HIM_TABLE_HOLDINGS};
	uint32_t buckets = UINT32_MAX;
	int err = compile_map(f, &file);
	if (err != HN_OK)
		return err;
	err = him_open(file.data, file.size, &him, NULL);
	if (err == HN_OK && him.tables[HIM_TABLE_HOLDINGS].home > 0)
		err = him_each_from(&him, &place, &buckets, read_one, &r);
	him_unmap(&file);
	*out = r.sum;
	return err;
}

static int sum_file(const struct set_file *f, struct sum *out)
{
	for (size_t i = 0; i < FILES_KNOWN; i++)
		if (memcmp(known.files[i].digest, f->digest, sizeof(f->digest)) == 0) {
			*out = known.files[i].sum;
			return HN_OK;
		}
	int err = read_file(f, out);
	if (err == HN_OK) {
		size_t at = known.next++ % FILES_KNOWN;
		memcpy(known.files[at].digest, f->digest, sizeof(f->digest));
		known.files[at].sum = *out;
	}
	return err;
}

int holdings_are_current(const struct set_file files[], size_t count, bool *out)
{
	struct sum now = {.count = 0}, said = {.count = 0};
	*out = true;
	if (sets_directory() == NULL)
		return HN_OK;
	int err = sum_now(&now);
	for (size_t i = count; err == HN_OK && now.count > 0 && said.count == 0 && i-- > 0;)
		err = sum_file(&files[i], &said);
	*out = now.count == 0 || memcmp(&now, &said, sizeof(now)) == 0;
	return err;
}

void holdings_end(void)
{
	owners_unref(known.owners);
	known.owners = NULL;
	memset(known.files, 0, sizeof(known.files));
}
