/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What followers of sets ask: heads, files, a zone; and what they tell. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/sets.h"
#include "hub/exchange/warned.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/sets/sets.h"
#include "hub/sets/zone.h"
#include "match/canonical.h"
#include "store/labels.h"
#include "store/set_files.h"
#include "store/sets.h"
#include "store/sketches.h"

#define HEAD_MEDIA "application/jose+json"
#define FILE_MEDIA "application/vnd.hinomi.him"
#define ZONE_MEDIA "text/dns"
#define ASKED_MAX  10000

/* What a head's answer needs of its set. */
struct seen_set {
	struct request *request;
	int64_t number, label, version;
	enum set_action action;
	struct uuid id;
};

static int see(void *context, const struct set_row *s)
{
	struct seen_set *seen = context;
	seen->number = s->number;
	seen->id = s->id;
	seen->label = s->label;
	seen->version = s->version;
	seen->action = s->action;
	return HN_OK;
}

static int take_head(void *context, const struct set_row *s)
{
	struct seen_set *seen = context;
	struct buf *body = answer_body(seen->request);
	(void)see(context, s);
	buf_adds(body, s->head);
	return buf_err(body);
}

/* ---- heads ---- */

static int answer_head_of(struct request *r, const struct seen_set *s)
{
	char etag[COMMON_ETAG_SIZE];
	if (s->version == 0)
		return HN_ENOENT;
	common_etag(s->version, etag);
	answer_etag(r, etag);
	return answer_send(r, 200, HEAD_MEDIA);
}

/* The wait is over, with another head or without. */
static int again(struct request *r)
{
	struct seen_set s = {.request = r};
	struct reader *reader;
	int err = sets_read(hub_of(r)->store, r->who.asker, &reader);
	if (err != HN_OK)
		return err;
	err = sets_get(reader, &r->params[0].uuid, take_head, &s);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	if ((uint64_t)s.version > request_query_number(r, "version", 0))
		return answer_head_of(r, &s);
	return answer_send(r, 204, NULL);
}

int set_head_get(struct request *r)
{
	struct seen_set s = {.request = r};
	struct reader *reader;
	int64_t wait_ns = (int64_t)request_query_number(r, "wait", 0) * NS_SECOND;
	uint64_t turn = follow_turn();
	int err = sets_read(hub_of(r)->store, r->who.asker, &reader);
	if (err != HN_OK)
		return err;
	err = sets_get(reader, &r->params[0].uuid, take_head, &s);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	size_t len;
	bool newer = request_query(r, "version", &len) == NULL ||
		     (uint64_t)s.version > request_query_number(r, "version", 0);
	if (newer)
		return answer_head_of(r, &s);
	buf_reset(answer_body(r));
	if (wait_ns == 0)
		return answer_send(r, 204, NULL);
	err = follow_wait(r, &s.id, turn, wait_ns, again);
	return err == HN_ELIMIT ? answer_send(r, 204, NULL) : err;
}

/* ---- files ---- */

struct sending {
	int fd;
	int64_t left;
};

void set_blob_end(struct request *r)
{
	struct sending *s = r->state;
	if (s != NULL && s->fd >= 0)
		(void)close(s->fd);
	r->state = NULL;
}

static ssize_t send_more(struct request *r, char *room, size_t size)
{
	struct sending *s = r->state;
	if (s->left == 0)
		return ANSWER_END;
	ssize_t n = read(s->fd, room, size);
	if (n <= 0)
		return ANSWER_FAIL;
	s->left -= n;
	return n;
}

static int open_file(struct request *r, const uint8_t digest[32], int64_t size)
{
	char name[SETS_PATH_SIZE];
	struct sending *s = arena_alloc(r->arena, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	sets_file_name(digest, name);
	s->left = size;
	s->fd = openat(sets_dir(), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r->state = s;
	return s->fd >= 0 ? HN_OK : hn_err_of_errno(errno);
}

int set_blob_get(struct request *r)
{
	struct seen_set seen = {.request = r};
	uint8_t digest[32];
	struct reader *reader;
	int64_t size = 0, label = 0;
	if (hex_decode(r->params[1].text, r->params[1].len, digest, 32) != HN_OK)
		return HN_ENOENT;
	int err = sets_read(hub_of(r)->store, r->who.asker, &reader);
	if (err != HN_OK)
		return err;
	err = sets_get(reader, &r->params[0].uuid, see, &seen);
	if (err == HN_OK)
		err = set_files_find(reader, &r->params[0].uuid, 0, digest, &size, &label);
	if (err == HN_OK)
		err = sets_note_read(r, reader, seen.label, digest);
	reader_end(reader);
	if (err == HN_OK)
		err = open_file(r, digest, size);
	if (err != HN_OK)
		return err;
	answer_etag(r, r->params[1].text);
	answer_cache(r, "private, max-age=86400, immutable");
	return answer_stream(r, 200, FILE_MEDIA, send_more);
}

/* ---- the zone ---- */

struct zoning {
	struct sets_work work; /* first: the work is its zoning */
	struct request *request;
	struct set_standing standing;
	const char *name;
	struct zone *zone;
	struct buf text; /* a piece, and how much of it is sent */
	size_t at;
	bool ended;
};

void set_rpz_end(struct request *r)
{
	struct zoning *z = r->state;
	if (z == NULL)
		return;
	r->state = NULL;
	zone_free(z->zone);
	buf_clear(&z->text);
}

static ssize_t give_zone(struct request *r, char *room, size_t size)
{
	struct zoning *z = r->state;
	while (z->at == z->text.len) {
		if (z->ended)
			return ANSWER_END;
		buf_reset(&z->text);
		z->at = 0;
		if (zone_next(z->zone, &z->text, &z->ended) != HN_OK)
			return ANSWER_FAIL;
	}
	size_t n = z->text.len - z->at < size ? z->text.len - z->at : size;
	memcpy(room, z->text.data + z->at, n);
	z->at += n;
	return (ssize_t)n;
}

static int send_zone(struct request *r)
{
	return answer_stream(r, 200, ZONE_MEDIA, give_zone);
}

/* On the thread that merges: to open many overlays takes a while. */
static void open_zone(struct sets_work *work)
{
	struct zoning *z = (struct zoning *)work;
	struct request *r = z->request;
	lang_set_thread(r->lang);
	struct compile_opened set;
	int err = compile_open(&z->standing, &set);
	if (err == HN_OK)
		err = zone_new(&set, (uint32_t)z->standing.version, z->name, r->received_ns, sets_warnings(),
			       r->who.asker->organisation, &z->zone, &r->fault);
	else
		compile_close(&set);
	if (err != HN_OK)
		(void)answer_failed(r, err);
	lang_reset_thread();
	request_resume(r, err == HN_OK ? send_zone : NULL);
}

static int read_standing(struct request *r, struct seen_set *seen, struct set_standing *out)
{
	struct reader *reader;
	struct warned warned;
	int err = sets_read(hub_of(r)->store, r->who.asker, &reader);
	if (err != HN_OK)
		return err;
	err = sets_get(reader, &r->params[0].uuid, see, seen);
	if (err == HN_OK)
		err = set_files_get(reader_db(reader), seen->number, out);
	if (err == HN_OK)
		err = warned_begin(&warned, r, reader, "rpz");
	if (err == HN_OK && !answer_is_sent(r) && out->file_count > 0)
		err = sets_note_read(r, reader, seen->label, out->files[0].digest);
	reader_end(reader);
	return err;
}

int set_rpz_get(struct request *r)
{
	struct seen_set seen = {.request = r};
	struct zoning *z = arena_alloc(r->arena, sizeof(*z));
	size_t len;
	int err = z == NULL ? HN_ENOMEM : read_standing(r, &seen, &z->standing);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	if (seen.action != SET_BLOCK || z->standing.file_count == 0)
		return answer_problem(r, 409, "no-zone",
				      tr("only a published set that blocks becomes a policy zone",
					 "ポリシーゾーンになるのは公開済みの遮断の集合のみ"));
	const char *name = request_query(r, "zone", &len);
	z->name = name != NULL ? name : "rpz.hinomi";
	z->request = r;
	buf_init(&z->text, ZONE_PIECE_MAX);
	z->work.run = open_zone;
	r->state = z;
	request_wait(r);
	sets_do(&z->work);
	return HN_OK;
}

/* ---- what resolvers say ---- */

struct telling {
	size_t count;
	struct told {
		struct canonical name;
		enum asked_level level;
	} at[];
};

static int tell(struct writing *w, struct request *r, void *context)
{
	const struct telling *t = context;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < t->count; i++) {
		const struct entry_key key = {t->at[i].name.key.kind, t->at[i].name.key.len,
					      t->at[i].name.bytes};
		err = sketches_put(w, &r->who.account, &key, t->at[i].level);
	}
	request_count(r, t->count);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int read_told(const struct form *f, struct told *out)
{
	static const char *const names[] = {"name", "level", NULL};
	const char *name = NULL;
	int level = 0;
	int err = json_only(f->at, names, f->fault);
	if (err == HN_OK)
		err = form_text(f, "name", true, 1100, &name);
	if (err == HN_OK &&
	    (canonical_name(name, strlen(name), &out->name) != HN_OK || out->name.key.kind != ENTRY_NAME))
		err = form_wrong(f, "name", "must be a name", "は名前でなければならない");
	if (err == HN_OK)
		err = form_word(f, "level", true, asked_level_value, &level);
	out->level = (enum asked_level)level;
	return err;
}

int asked_put(struct request *r)
{
	static const char *const names[] = {"levels", NULL};
	struct form f;
	const json_t *list = NULL;
	int err = common_body(r, names, &f);
	if (err == HN_OK)
		err = json_get_array(f.at, "levels", true, &list, &r->fault);
	if (err != HN_OK)
		return err;
	size_t count = json_array_size(list);
	struct telling *t = arena_alloc(r->arena, sizeof(*t) + count * sizeof(t->at[0]));
	if (t == NULL || count > ASKED_MAX)
		return HN_ELIMIT;
	for (; t->count < count; t->count++) {
		char place[32];
		const struct form one = {
			.at = json_array_get(list, t->count), .arena = r->arena, .fault = &r->fault};
		(void)snprintf(place, sizeof(place), "levels/%zu", t->count);
		err = json_is_object(one.at)
			      ? read_told(&one, &t->at[t->count])
			      : form_wrong(&one, "", "must be an object", "はオブジェクトでなければならない");
		if (err != HN_OK)
			return form_within(&one, place, err);
	}
	return request_change(r, tell, t);
}
