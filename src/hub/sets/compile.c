/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/compile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "bus/head.h"
#include "hub/edge/edge.h"
#include "hub/sets/bases.h"
#include "hub/sets/holdings.h"
#include "hub/sets/sets.h"
#include "match/build.h"
#include "match/him.h"
#include "match/merge.h"
#include "match/set.h"

void sets_file_name(const uint8_t digest[32], char out[SETS_PATH_SIZE])
{
	hex_encode(digest, 32, out);
	memcpy(out + 64, ".him", 5);
}

static int take(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct him_build *b = context;
	return meta == NULL ? him_build_remove(b, key) : him_build_add(b, key, meta);
}

/* Finishes and writes under the digest's name. A file that is there already has the same bytes. */
static int write_file(struct him_build *b, struct set_file *out)
{
	const uint8_t *data;
	size_t size;
	char name[SETS_PATH_SIZE];
	int err = him_build_finish(b, &data, &size, out->digest);
	if (err != HN_OK)
		return err;
	sets_file_name(out->digest, name);
	out->size = (int64_t)size;
	err = file_write_whole_at(sets_dir(), name, data, size, 0640, false);
	return err == HN_EEXIST ? HN_OK : err;
}

static int new_build(const struct set_standing *s, struct him_build **out)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&s->id, id);
	return him_build_new(id, NULL, out);
}

int compile_base(struct reader *reader, const struct set_standing *s, struct set_file *out)
{
	struct him_build *b;
	int err = new_build(s, &b);
	if (err != HN_OK)
		return err;
	err = set_files_entries(reader, s->number, take, b);
	if (err == HN_OK)
		err = s->action == SET_SELECT ? holdings_add(b) : HN_OK;
	out->change = s->change;
	if (err == HN_OK)
		err = write_file(b, out);
	him_build_free(b);
	return err;
}

int compile_lacks(const struct set_standing *s, const struct set_file files[], size_t count, bool *out)
{
	bool current = true;
	int err = s->action == SET_SELECT ? holdings_are_current(files, count, &current) : HN_OK;
	*out = files[count - 1].change < s->change || !current;
	return err;
}

int compile_overlay(struct reader *reader, const struct set_standing *s, const struct set_file files[],
		    size_t count, struct set_file *out)
{
	struct him_build *b;
	bool current = true;
	int err = s->action == SET_SELECT ? holdings_are_current(files, count, &current) : HN_OK;
	if (err == HN_OK)
		err = new_build(s, &b);
	if (err != HN_OK)
		return err;
	him_build_base(b, files[0].digest);
	err = set_files_changes(reader, s->number, files[count - 1].change, s->change, take, b);
	if (err == HN_OK && !current)
		err = holdings_add(b);
	out->change = s->change;
	if (err == HN_OK)
		err = write_file(b, out);
	him_build_free(b);
	return err;
}

/* ---- merging ---- */

int compile_map(const struct set_file *f, struct him_file *out)
{
	char name[SETS_PATH_SIZE], path[64 + SETS_PATH_SIZE];
	sets_file_name(f->digest, name);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", sets_dir(), name);
	return him_map(path, out, NULL);
}

static int open_files(const struct him_file files[], size_t count, struct set **out)
{
	const void *data[SET_FILES_MAX];
	size_t sizes[SET_FILES_MAX];
	for (size_t i = 0; i < count; i++) {
		data[i] = files[i].data;
		sizes[i] = files[i].size;
	}
	return set_open_bytes(data, sizes, count, out, NULL);
}

int compile_open(const struct set_standing *s, struct compile_opened *out)
{
	int err = HN_OK;
	*out = (struct compile_opened){.set = NULL};
	for (size_t i = 0; err == HN_OK && i < s->file_count; i++)
		err = compile_map(&s->files[i], &out->files[i]);
	return err == HN_OK ? open_files(out->files, s->file_count, &out->set) : err;
}

void compile_close(struct compile_opened *opened)
{
	set_close(opened->set);
	opened->set = NULL;
	for (size_t i = 0; i < SET_FILES_MAX; i++)
		him_unmap(&opened->files[i]);
}

int compile_merged(const struct set_standing *s, struct set_file *out)
{
	struct compile_opened opened;
	struct him_build *b = NULL;
	out->change = s->files[s->file_count - 1].change;
	int err = compile_open(s, &opened);
	if (err == HN_OK)
		err = merge_set(opened.set, NULL, &b);
	if (err == HN_OK) {
		err = write_file(b, out);
		him_build_free(b);
	}
	compile_close(&opened);
	return err;
}

/* ---- the head ---- */

static void name_files(const struct set_file files[], size_t count, struct head_file out[])
{
	for (size_t i = 0; i < count; i++) {
		memcpy(out[i].digest, files[i].digest, sizeof(out[i].digest));
		out[i].size = (uint64_t)files[i].size;
	}
}

int compile_head(const struct set_standing *s, const struct key *key, int64_t issued_us, struct buf *out)
{
	static const enum head_action actions[] = {
		[SET_WATCH] = HEAD_WATCH, [SET_BLOCK] = HEAD_BLOCK, [SET_SELECT] = HEAD_SELECT};
	struct head h = {.kind = HEAD_SET,
			 .version = (uint64_t)s->version,
			 .issued_ns = issued_us * 1000,
			 .expires_ns = s->expires_us * 1000,
			 .action = actions[s->action],
			 .has_base = s->file_count > 0,
			 .file_count = s->file_count,
			 .former_count = s->former_count};
	_Static_assert(SET_FILES_MAX == HEAD_FILES_MAX, "a head names all files of a set");
	uuid_format(&s->id, h.id);
	name_files(s->files, s->file_count, h.files);
	name_files(s->former, s->former_count, h.former);
	if (s->former_count > 0)
		h.spread_s = bases_spread_s(&s->files[0], edge_heads_followers());
	return head_sign(&h, key, out);
}
