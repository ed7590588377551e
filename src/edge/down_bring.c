/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* From a head that has come to one that is in force: its files are brought one by one, a new base of a set
 * beside what goes on meanwhile. */
#include "edge/down_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"

#define AGAIN_S  30               /* until a new base that could not be brought is tried again */
#define AGAIN_NS (15 * NS_SECOND) /* until all else is that could not be brought or kept */

static void bring(struct held *h);
static void plan_base(struct held *h, uint32_t spread_s);
static void take(struct held *h, const char *text, size_t len);

/* One that only was to change its base stays in force as it is. */
void held_drop(struct held *h)
{
	if (h->busy && h->coming_text == NULL)
		h->now = h->coming;
	else
		head_clear(&h->coming);
	h->coming = (struct head){0};
	free(h->coming_text);
	h->coming_text = NULL;
	h->busy = false;
}

/* One that came meanwhile, or whose time to be tried again has come. */
void held_take_next(struct held *h)
{
	if (h->again_ns > utc_now_ns())
		return;
	h->again_ns = 0;
	char *text = h->next_text;
	h->next_text = NULL;
	if (text != NULL)
		take(h, text, h->next_len);
	free(text);
}

/* The head in force once more, by its new base. */
static void change_base(struct held *h)
{
	h->coming = h->now;
	h->now = (struct head){0};
	h->coming_former = false;
	h->at = 0;
	h->busy = true;
	bring(h);
}

static void base_brought(void *context, const struct client_result *r)
{
	struct base *b = context;
	struct held *h = b->held;
	bool awaited = b->awaited;
	b->state = BASE_NONE;
	b->awaited = false;
	if (r->err == HN_OK && !held_is_known(h, &b->file) && h->known_count <= HEAD_FILES_MAX)
		h->known[h->known_count++] = b->file;
	if (awaited) {
		/* The head that waits goes on, or asks for it anew and fails with it. */
		bring(h);
	} else if (r->err != HN_OK) {
		held_tell(h, r->err, r);
		plan_base(h, AGAIN_S);
	} else if (!h->busy && h->now_former) {
		change_base(h);
	}
}

static void base_due(void *context)
{
	struct base *b = context;
	char path[SET_PATH];
	held_set_path(b->held, b->file.digest, path);
	b->state = BASE_COMES;
	int err = down_room_for(b->held->down, b->file.size) ? HN_OK : HN_ENOSPC;
	if (err == HN_OK)
		err = client_blob(b->held->down->client, b->file.digest, b->file.size, path, base_brought, b);
	if (err != HN_OK) {
		held_tell(b->held, err, NULL);
		b->state = BASE_NONE;
		if (err == HN_ENOSPC)
			plan_base(b->held, AGAIN_S);
	}
}

static void forget_base(struct held *h)
{
	if (h->base.state != BASE_NONE)
		client_forget(h->down->client, &h->base);
	h->base.state = BASE_NONE;
	h->base.awaited = false;
}

static bool is_base(const struct held *h, const struct head_file *f)
{
	return memcmp(h->base.file.digest, f->digest, sizeof(f->digest)) == 0;
}

/* While the former files are in force the new base is fetched, once, at a time of this edge's own. */
static void plan_base(struct held *h, uint32_t spread_s)
{
	const struct head_file *wanted = &h->now.files[0];
	if (!h->now_former || (h->base.state != BASE_NONE && is_base(h, wanted)))
		return;
	forget_base(h);
	h->base = (struct base){.held = h, .file = *wanted};
	uint32_t ms = randombytes_uniform(spread_s * 1000 + 1);
	if (client_after(h->down->client, (int)ms, base_due, &h->base) == HN_OK)
		h->base.state = BASE_PLANNED;
}

/* A set's head has come into force with all its files. */
static void remember(struct held *h)
{
	const struct head_file *files = held_files(h, &h->known_count);
	memcpy(h->known, files, h->known_count * sizeof(files[0]));
	head_clear(&h->now);
	h->now = h->coming;
	h->now_former = h->coming_former;
	h->coming = (struct head){0};
	if (!h->now_former)
		forget_base(h);
}

/* To the new base that is here by now, or is to be fetched. */
void held_go_on(struct held *h)
{
	if (h->busy || !h->now_former)
		return;
	if (held_is_here(h, &h->now.files[0]))
		change_base(h);
	else
		plan_base(h, h->now.spread_s);
}

/* A head whose files could not be brought or kept is tried again, unless a newer one has come. */
static void fail(struct held *h, int err, const struct client_result *r)
{
	uint64_t version = h->coming.version;
	if (h->coming_text == NULL || h->told_version != version)
		held_tell(h, err, r);
	if (h->coming_text != NULL) {
		h->told_version = version;
		if (h->next_text == NULL) {
			h->next_len = strlen(h->coming_text);
			h->next_text = strndup(h->coming_text, h->next_len);
			h->next_version = version;
			h->again_ns = utc_now_ns() + AGAIN_NS;
		}
	}
	held_drop(h);
	held_take_next(h);
	if (!h->busy)
		plan_base(h, AGAIN_S);
}

static void note_in_force(struct held *h)
{
	struct down *d = h->down;
	h->since_ns = utc_now_ns();
	h->in_force.version = h->coming.version;
	memcpy(h->in_force.digest, h->coming.digest, sizeof(h->in_force.digest));
	h->expires_ns = h->coming.expires_ns;
	d->trouble.message[0] = '\0';
	d->untidy = true;
	d->changed_ns = h->since_ns;
	log_line(LOG_LEVEL_INFO, tr("%s %s: version %llu is in force%s", "%s %s: 版 %llu が有効%s"),
		 head_kind_name(h->kind), h->id, (unsigned long long)h->in_force.version,
		 h->coming_former ? tr(", its new base is still to come", "（新しい基底は取得待ち）")
		 : h->coming_text == NULL ? tr(" by its new base", "（新しい基底へ切替済み）")
					  : "");
}

static void finish(struct held *h)
{
	struct down *d = h->down;
	/* What consumers see comes first: a kill in between has the same head brought once more. */
	int err = held_install(h);
	if (err == HN_OK && h->coming_text != NULL)
		err = held_keep_head(h);
	if (err == HN_OK) {
		note_in_force(h);
		if (h->kind == HEAD_SET)
			remember(h);
		else
			head_clear(&h->coming);
		free(h->coming_text);
		h->coming_text = NULL;
		h->busy = false;
		d->events.changed(d->context);
		held_take_next(h);
		held_go_on(h);
	} else {
		fail(h, err, NULL);
	}
}

static void brought(void *context, const struct client_result *r)
{
	struct held *h = context;
	if (r->err == HN_OK) {
		h->at++;
		bring(h);
		return;
	}
	fail(h, r->err, r);
}

static void bring(struct held *h)
{
	struct down *d = h->down;
	char path[SET_PATH];
	while (h->at < held_file_count(h) && h->kind == HEAD_SET && held_is_known(h, held_file(h, h->at)) &&
	       held_is_here(h, held_file(h, h->at)))
		h->at++;
	if (h->at == held_file_count(h)) {
		finish(h);
		return;
	}
	const struct head_file *f = held_file(h, h->at);
	if (h->base.state != BASE_NONE && is_base(h, f)) {
		h->base.awaited = h->base.state == BASE_COMES;
		if (h->base.awaited)
			return;
		forget_base(h);
	}
	held_file_path(h, h->at, path);
	int err = client_blob(d->client, f->digest, f->size, path, brought, h);
	if (err != HN_OK)
		fail(h, err, NULL);
}

static int make_set_folder(const struct down *d, const char *id)
{
	char name[64];
	(void)snprintf(name, sizeof(name), "sets/%s", id);
	return down_make_folder(d, name);
}

/* A verified head of this kind and id. */
void held_begin(struct held *h, struct head *head, const char *text, size_t len)
{
	struct down *d = h->down;
	struct fault fault = {0};
	int err = head_follows(head, &h->in_force, &fault);
	if (err == HN_OK)
		err = down_check_sizes(head, &fault);
	if (err == HN_OK && head->kind == HEAD_SET)
		err = make_set_folder(d, h->id);
	if (err != HN_OK) {
		head_clear(head);
		if (err != HN_EEXIST)
			held_trouble(h, fault.message[0] != '\0' ? fault.message : hn_strerror(err));
		return;
	}
	char *copy = strndup(text, len);
	if (copy == NULL) {
		head_clear(head);
		return;
	}
	h->coming = *head;
	h->coming_text = copy;
	h->coming_former = head->former_count > 0 && !held_is_here(h, &head->files[0]) &&
			   held_is_here(h, &head->former[0]);
	h->at = 0;
	h->busy = true;
	if (held_has_room(h))
		bring(h);
	else
		fail(h, HN_ENOSPC, NULL);
}

static void take(struct held *h, const char *text, size_t len)
{
	struct head head;
	struct fault fault = {0};
	if (head_read(text, len, &h->down->files->sides[SIDE_HUB].head_key, &head, &fault) == HN_OK)
		held_begin(h, &head, text, len);
}
