/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/down.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"

#define HEADS_MAX    512              /* that an edge holds */
#define TIDY_NS      (10 * NS_SECOND) /* a file that is named no more stays so long for its readers */
#define AGAIN_S      30               /* until a new base that could not be brought is tried again */
#define AGAIN_NS     (15 * NS_SECOND) /* until all else is that could not be brought or kept */
#define SET_FILE_MAX ((uint64_t)4 << 30)
#define DOCUMENT_MAX ((uint64_t)64 << 20)
#define ROOM_LEFT    ((uint64_t)256 << 10) /* bytes of the disk that stay for what goes up */
#define COMPLAINT_NS (60 * NS_SECOND)
#define COMPLAINTS   20 /* lines in that time: a hub that means harm must not fill the log */
#define SET_PATH     (PATH_MAX + 256)

/* A new base that is fetched beside the former one, on which the set goes on meanwhile. */
struct base {
	struct held *held;
	struct head_file file;
	enum { BASE_NONE, BASE_PLANNED, BASE_COMES } state;
	bool awaited; /* a head that came since stands on it alone */
};

/* A head that is in force, or on its way. */
struct held {
	struct held *next;
	struct down *down;
	enum head_kind kind;
	char id[UUID_TEXT_SIZE];
	struct head_held in_force;
	int64_t expires_ns, since_ns;
	struct head coming; /* payload NULL: none */
	char *coming_text;  /* as it came; NULL: it is the one in force, which changes its base */
	size_t at;          /* of its files: which is being brought */
	bool busy;
	char *next_text; /* one that came meanwhile, or is tried again */
	size_t next_len;
	uint64_t next_version;
	uint64_t told_version; /* that it failed was told */
	int64_t again_ns;      /* when it is tried again */
	/* of a set */
	struct head now;                            /* in force */
	bool now_former, coming_former;             /* by its former files */
	struct base base;                           /* that of `now` while its former files are in force */
	struct head_file known[HEAD_FILES_MAX + 1]; /* seen to be right by this process */
	size_t known_count;
};

struct down {
	const struct edge_files *files;
	struct client *client;
	struct down_events events;
	void *context;
	struct held *list;
	size_t count;
	bool connected;
	struct fault trouble; /* the last; message "" : none */
	int64_t complaint_ns;
	unsigned complaints;
	bool untidy;
	int64_t changed_ns;
};

static void take(struct held *h, const char *text, size_t len);

/* ---- names ---- */

static void set_path(const struct held *h, const uint8_t digest[32], char out[SET_PATH])
{
	char hex[65];
	hex_encode(digest, 32, hex);
	(void)snprintf(out, SET_PATH, "%s/sets/%s/%s.him", h->down->files->dir, h->id, hex);
}

static const struct head_file *blobs_of(const struct held *h, size_t *count)
{
	const struct head *c = &h->coming;
	*count = h->coming_former ? c->former_count : c->file_count;
	return h->coming_former ? c->former : c->files;
}

static size_t blob_count(const struct held *h)
{
	size_t count;
	(void)blobs_of(h, &count);
	return h->kind == HEAD_AUTHORISATIONS ? h->coming.document_count : count;
}

static const struct head_file *blob_at(const struct held *h, size_t at)
{
	size_t count;
	return h->kind == HEAD_AUTHORISATIONS ? &h->coming.documents[at].file : &blobs_of(h, &count)[at];
}

static void blob_path(const struct down *d, const struct held *h, size_t at, char out[SET_PATH])
{
	char name[65];
	if (h->kind == HEAD_SET) {
		set_path(h, blob_at(h, at)->digest, out);
	} else if (h->kind == HEAD_AUTHORISATIONS) {
		uuid_format(&h->coming.documents[at].id, name);
		(void)snprintf(out, SET_PATH, "%s/blobs/%s.json", d->files->dir, name);
	} else {
		hex_encode(blob_at(h, at)->digest, 32, name);
		(void)snprintf(out, SET_PATH, "%s/blobs/%s", d->files->dir, name);
	}
}

/* ---- putting in force ---- */

static int make_folder(const struct down *d, const char *name)
{
	return mkdirat(d->files->dir_fd, name, 0700) == 0 || errno == EEXIST ? HN_OK : hn_err_of_errno(errno);
}

static int copy_blob(const struct down *d, const struct held *h, size_t at, const char *name)
{
	char path[SET_PATH];
	struct buf text;
	blob_path(d, h, at, path);
	buf_init(&text, (size_t)DOCUMENT_MAX);
	int err = file_read(path, &text);
	if (err == HN_OK)
		err = file_write_whole_at(d->files->dir_fd, name, text.data == NULL ? "" : text.data,
					  text.len, 0600, true);
	buf_clear(&text);
	return err;
}

/* Consumers get a head of the files that are in force here. */
static int install_set(const struct down *d, const struct held *h)
{
	char name[128];
	struct buf text;
	struct head chosen = h->coming;
	head_choose(&chosen, h->coming_former);
	(void)snprintf(name, sizeof(name), "sets/%s/head", h->id);
	buf_init(&text, HEAD_TEXT_MAX);
	int err = head_write(&chosen, &text);
	buf_addc(&text, '\n');
	if (err == HN_OK)
		err = buf_err(&text);
	if (err == HN_OK)
		err = file_write_whole_at(d->files->dir_fd, name, text.data, text.len, 0600, true);
	buf_clear(&text);
	return err;
}

static bool is_document(const struct head *c, const char *name)
{
	char id[UUID_TEXT_SIZE + 8];
	for (size_t i = 0; i < c->document_count; i++) {
		uuid_format(&c->documents[i].id, id);
		if (strncmp(name, id, UUID_TEXT_SIZE - 1) == 0 &&
		    strcmp(name + UUID_TEXT_SIZE - 1, ".json") == 0)
			return true;
	}
	return false;
}

/* First what is there no more, so that nothing is in force that should not be. */
static int install_documents(const struct down *d, const struct held *h)
{
	int err = make_folder(d, "authorizations");
	int fd = openat(d->files->dir_fd, "authorizations", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return err == HN_OK ? HN_EIO : err;
	}
	for (struct dirent *e; err == HN_OK && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && !is_document(&h->coming, e->d_name) &&
		    unlinkat(dirfd(dir), e->d_name, 0) != 0 && errno != ENOENT)
			err = hn_err_of_errno(errno);
	if (err == HN_OK && fsync(dirfd(dir)) != 0)
		err = hn_err_of_errno(errno);
	for (size_t i = 0; err == HN_OK && i < h->coming.document_count; i++) {
		char name[128], id[UUID_TEXT_SIZE];
		uuid_format(&h->coming.documents[i].id, id);
		(void)snprintf(name, sizeof(name), "authorizations/%s.json", id);
		err = copy_blob(d, h, i, name);
	}
	(void)closedir(dir);
	return err;
}

static void ask_questions(const struct down *d, const struct head *c)
{
	for (size_t i = 0; i < c->question_count; i++)
		d->events.question(d->context, &c->questions[i].id, c->questions[i].ask,
				   c->questions[i].arguments);
}

static int install(const struct down *d, const struct held *h)
{
	int err = HN_OK;
	switch (h->kind) {
	case HEAD_SET:
		return install_set(d, h);
	case HEAD_AUTHORISATIONS:
		return install_documents(d, h);
	case HEAD_TRUST:
		/* The table first: a trust file that names it is read with it. */
		if (h->coming.file_count == 2)
			err = copy_blob(d, h, 1, "domestic.txt");
		return err == HN_OK ? copy_blob(d, h, 0, "trust.json") : err;
	case HEAD_REVOCATIONS:
		return copy_blob(d, h, 0, "revocations.json");
	default:
		ask_questions(d, &h->coming);
		return HN_OK;
	}
}

/* The signed head is kept: what may follow it is known after a restart, too. */
static int keep_head(const struct down *d, const struct held *h)
{
	char name[128];
	(void)snprintf(name, sizeof(name), "heads/%s-%s.jws", head_kind_name(h->kind), h->id);
	return file_write_whole_at(d->files->dir_fd, name, h->coming_text, strlen(h->coming_text), 0600,
				   true);
}

/* One that only was to change its base stays in force as it is. */
static void drop_coming(struct held *h)
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

/* Once for what stays so, and not endlessly for what differs. */
static bool is_worth_a_line(struct down *d, const struct fault *fault)
{
	int64_t now_ns = utc_now_ns();
	bool same = strcmp(d->trouble.message, fault->message) == 0 &&
		    strcmp(d->trouble.place, fault->place) == 0;
	d->trouble = *fault;
	if (now_ns - d->complaint_ns >= COMPLAINT_NS || now_ns < d->complaint_ns) {
		d->complaint_ns = now_ns;
		d->complaints = 0;
	}
	return !same && d->complaints++ < COMPLAINTS;
}

static void trouble(struct down *d, const struct held *h, const char *message)
{
	struct fault fault;
	char place[UUID_TEXT_SIZE + 32];
	(void)snprintf(place, sizeof(place), "%s %s", head_kind_name(h->kind), h->id);
	(void)fault_set(&fault, HN_EIO, place, "%s", message);
	if (is_worth_a_line(d, &fault))
		log_line(LOG_LEVEL_ERROR,
			 tr("%s: %s; what was in force stays", "%s: %s。従来のものを維持する"), place,
			 message);
}

static void told(struct held *h, int err, const struct client_result *r)
{
	bool said = r != NULL && r->fault.message[0] != '\0';
	trouble(h->down, h, said ? r->fault.message : hn_strerror(err));
}

/* One that came meanwhile, or whose time to be tried again has come. */
static void take_next(struct held *h)
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

/* What a hub that means harm, or one mistake, would fill the disk with is not begun. */
static bool room_for(const struct down *d, uint64_t bytes)
{
	struct statvfs disk;
	return fstatvfs(d->files->dir_fd, &disk) != 0 ||
	       (uint64_t)disk.f_bavail * disk.f_frsize >= bytes + ROOM_LEFT;
}

/* ---- a new base ---- */

static bool is_known(const struct held *h, const struct head_file *f)
{
	for (size_t i = 0; i < h->known_count; i++)
		if (memcmp(h->known[i].digest, f->digest, sizeof(f->digest)) == 0)
			return true;
	return false;
}

/* Whether a file has its name already, which it gets once it is whole and right. */
static bool is_here(const struct held *h, const struct head_file *f)
{
	char path[SET_PATH];
	struct stat st;
	set_path(h, f->digest, path);
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == f->size;
}

static void bring(struct held *h);
static void plan_base(struct held *h, uint32_t spread_s);

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
	if (r->err == HN_OK && !is_known(h, &b->file) && h->known_count <= HEAD_FILES_MAX)
		h->known[h->known_count++] = b->file;
	if (awaited) {
		/* The head that waits goes on, or asks for it anew and fails with it. */
		bring(h);
	} else if (r->err != HN_OK) {
		told(h, r->err, r);
		plan_base(h, AGAIN_S);
	} else if (!h->busy && h->now_former) {
		change_base(h);
	}
}

static void base_due(void *context)
{
	struct base *b = context;
	char path[SET_PATH];
	set_path(b->held, b->file.digest, path);
	b->state = BASE_COMES;
	int err = room_for(b->held->down, b->file.size) ? HN_OK : HN_ENOSPC;
	if (err == HN_OK)
		err = client_blob(b->held->down->client, b->file.digest, b->file.size, path, base_brought, b);
	if (err != HN_OK) {
		told(b->held, err, NULL);
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
	const struct head_file *files = blobs_of(h, &h->known_count);
	memcpy(h->known, files, h->known_count * sizeof(files[0]));
	head_clear(&h->now);
	h->now = h->coming;
	h->now_former = h->coming_former;
	h->coming = (struct head){0};
	if (!h->now_former)
		forget_base(h);
}

/* To the new base that is here by now, or is to be fetched. */
static void go_on(struct held *h)
{
	if (h->busy || !h->now_former)
		return;
	if (is_here(h, &h->now.files[0]))
		change_base(h);
	else
		plan_base(h, h->now.spread_s);
}

/* A head whose files could not be brought or kept is tried again, unless a newer one has come. */
static void fail(struct held *h, int err, const struct client_result *r)
{
	uint64_t version = h->coming.version;
	if (h->coming_text == NULL || h->told_version != version)
		told(h, err, r);
	if (h->coming_text != NULL) {
		h->told_version = version;
		if (h->next_text == NULL) {
			h->next_len = strlen(h->coming_text);
			h->next_text = strndup(h->coming_text, h->next_len);
			h->next_version = version;
			h->again_ns = utc_now_ns() + AGAIN_NS;
		}
	}
	drop_coming(h);
	take_next(h);
	if (!h->busy)
		plan_base(h, AGAIN_S);
}

/* ---- coming into force ---- */

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
	int err = install(d, h);
	if (err == HN_OK && h->coming_text != NULL)
		err = keep_head(d, h);
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
		take_next(h);
		go_on(h);
	} else {
		fail(h, err, NULL);
	}
}

/* ---- bringing ---- */

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
	while (h->at < blob_count(h) && h->kind == HEAD_SET && is_known(h, blob_at(h, h->at)) &&
	       is_here(h, blob_at(h, h->at)))
		h->at++;
	if (h->at == blob_count(h)) {
		finish(h);
		return;
	}
	const struct head_file *f = blob_at(h, h->at);
	if (h->base.state != BASE_NONE && is_base(h, f)) {
		h->base.awaited = h->base.state == BASE_COMES;
		if (h->base.awaited)
			return;
		forget_base(h);
	}
	blob_path(d, h, h->at, path);
	int err = client_blob(d->client, f->digest, f->size, path, brought, h);
	if (err != HN_OK)
		fail(h, err, NULL);
}

static int make_set_folder(const struct down *d, const char *id)
{
	char name[64];
	(void)snprintf(name, sizeof(name), "sets/%s", id);
	return make_folder(d, name);
}

static int check_size(const struct head *head, const struct head_file *f, struct fault *fault)
{
	if (f->size <= (head->kind == HEAD_SET ? SET_FILE_MAX : DOCUMENT_MAX))
		return HN_OK;
	return fault_set(fault, HN_ELIMIT, head->id,
			 tr("names a file of %llu bytes, more than an edge takes",
			    "%lluバイトのファイルを指しており、エッジの上限を超える"),
			 (unsigned long long)f->size);
}

static int check_sizes(const struct head *head, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < head->file_count; i++)
		err = check_size(head, &head->files[i], fault);
	for (size_t i = 0; err == HN_OK && i < head->former_count; i++)
		err = check_size(head, &head->former[i], fault);
	for (size_t i = 0; err == HN_OK && i < head->document_count; i++)
		err = check_size(head, &head->documents[i].file, fault);
	return err;
}

/* Whether the disk has room for what is not there yet. */
static bool has_room(const struct held *h)
{
	uint64_t need = 0;
	for (size_t i = 0; i < blob_count(h); i++) {
		char path[SET_PATH];
		struct stat st;
		blob_path(h->down, h, i, path);
		if (lstat(path, &st) != 0 || (uint64_t)st.st_size != blob_at(h, i)->size)
			need += blob_at(h, i)->size;
	}
	return need == 0 || room_for(h->down, need);
}

/* A verified head of this kind and id. */
static void begin(struct held *h, struct head *head, const char *text, size_t len)
{
	struct down *d = h->down;
	struct fault fault = {0};
	int err = head_follows(head, &h->in_force, &fault);
	if (err == HN_OK)
		err = check_sizes(head, &fault);
	if (err == HN_OK && head->kind == HEAD_SET)
		err = make_set_folder(d, h->id);
	if (err != HN_OK) {
		head_clear(head);
		if (err != HN_EEXIST)
			trouble(d, h, fault.message[0] != '\0' ? fault.message : hn_strerror(err));
		return;
	}
	char *copy = strndup(text, len);
	if (copy == NULL) {
		head_clear(head);
		return;
	}
	h->coming = *head;
	h->coming_text = copy;
	h->coming_former =
		head->former_count > 0 && !is_here(h, &head->files[0]) && is_here(h, &head->former[0]);
	h->at = 0;
	h->busy = true;
	if (has_room(h))
		bring(h);
	else
		fail(h, HN_ENOSPC, NULL);
}

static struct held *find(struct down *d, enum head_kind kind, const char *id)
{
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->kind == kind && strcmp(h->id, id) == 0)
			return h;
	if (d->count == HEADS_MAX)
		return NULL;
	struct held *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->down = d;
	h->kind = kind;
	(void)snprintf(h->id, sizeof(h->id), "%s", id);
	h->next = d->list;
	d->list = h;
	d->count++;
	return h;
}

static void take(struct held *h, const char *text, size_t len)
{
	struct head head;
	struct fault fault = {0};
	if (head_read(text, len, &h->down->files->sides[SIDE_HUB].head_key, &head, &fault) == HN_OK)
		begin(h, &head, text, len);
}

/* What others' identities are in is not for us. */
static bool is_ours(const struct down *d, const struct head *head)
{
	char id[UUID_TEXT_SIZE];
	if (head->kind != HEAD_AUTHORISATIONS && head->kind != HEAD_QUESTIONS)
		return true;
	uuid_format(&d->files->id, id);
	return strcmp(head->id, id) == 0;
}

static void not_taken(struct down *d, int err, struct fault *fault)
{
	if (fault->message[0] == '\0')
		(void)fault_set(fault, err, "", "%s", hn_strerror(err));
	if (is_worth_a_line(d, fault))
		log_line(LOG_LEVEL_ERROR,
			 tr("a head from the hub is not taken: %s", "ハブの先頭を受け取らない: %s"),
			 fault->message);
}

static void forget_next(struct held *h)
{
	free(h->next_text);
	h->next_text = NULL;
	h->again_ns = 0;
}

static void came(void *context, const char *text, size_t len)
{
	struct down *d = context;
	struct head head;
	struct fault fault = {0};
	int err = head_read(text, len, &d->files->sides[SIDE_HUB].head_key, &head, &fault);
	if (err == HN_EUNSUPPORTED)
		return;
	if (err == HN_OK && !is_ours(d, &head)) {
		head_clear(&head);
		err = fault_set(&fault, HN_EAUTH, "", "%s", tr("is another edge's", "別のエッジ宛である"));
	}
	if (err != HN_OK) {
		not_taken(d, err, &fault);
		return;
	}
	struct held *h = find(d, head.kind, head.id);
	if (h == NULL) {
		head_clear(&head);
		(void)fault_set(&fault, HN_ELIMIT, "", "%s",
				tr("there are more than an edge holds", "エッジの持てる数を超えている"));
		not_taken(d, HN_ELIMIT, &fault);
		return;
	}
	/* Of those that came meanwhile or wait to be tried again the newest. */
	if (h->next_text != NULL && head.version < h->next_version) {
		head_clear(&head);
		return;
	}
	forget_next(h);
	if (h->busy) {
		h->next_text = strndup(text, len);
		h->next_len = len;
		h->next_version = head.version;
		head_clear(&head);
	} else {
		begin(h, &head, text, len);
	}
}

static void connected(void *context, const struct client_result *r)
{
	struct down *d = context;
	d->connected = r == NULL;
	for (struct held *h = d->list; h != NULL && d->connected; h = h->next) {
		forget_next(h); /* all that is in force comes now */
		go_on(h);
	}
	if (r != NULL) {
		struct fault fault = r->fault;
		if (fault.message[0] == '\0')
			(void)fault_set(&fault, r->err, "", "%s", hn_strerror(r->err));
		if (is_worth_a_line(d, &fault))
			log_line(LOG_LEVEL_WARNING, tr("the hub does not answer: %s", "ハブが応答しない: %s"),
				 fault.message);
	} else {
		d->trouble.message[0] = '\0';
		log_line(LOG_LEVEL_INFO, "%s", tr("follows the hub", "ハブに接続した"));
	}
	d->events.changed(d->context);
}

/* ---- beginning ---- */

/* Which of its files were in force when the program ended. */
static void read_chosen(struct held *h)
{
	char path[SET_PATH];
	struct buf text;
	struct head chosen;
	struct fault fault = {0};
	(void)snprintf(path, sizeof(path), "%s/sets/%s/head", h->down->files->dir, h->id);
	buf_init(&text, HEAD_TEXT_MAX);
	if (h->now.former_count > 0 && file_read(path, &text) == HN_OK &&
	    head_read_payload(text.data == NULL ? "" : text.data, text.len, &chosen, &fault) == HN_OK) {
		h->now_former = chosen.has_base && memcmp(chosen.files[0].digest, h->now.former[0].digest,
							  sizeof(chosen.files[0].digest)) == 0;
		head_clear(&chosen);
	}
	buf_clear(&text);
}

static int read_one(struct down *d, int fd, const char *name)
{
	struct head head;
	struct fault fault = {0};
	struct buf text;
	size_t len = 0;
	int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return hn_err_of_errno(errno);
	buf_init(&text, HEAD_TEXT_MAX + 1);
	int err = buf_reserve(&text, HEAD_TEXT_MAX);
	if (err == HN_OK)
		err = fd_read_full(file, text.data, HEAD_TEXT_MAX, &len);
	(void)close(file);
	if (err == HN_OK &&
	    head_read(text.data, len, &d->files->sides[SIDE_HUB].head_key, &head, &fault) == HN_OK) {
		struct held *h = find(d, head.kind, head.id);
		if (h != NULL) {
			h->in_force.version = head.version;
			memcpy(h->in_force.digest, head.digest, sizeof(h->in_force.digest));
			h->expires_ns = head.expires_ns;
		}
		if (h != NULL && h->kind == HEAD_SET) {
			h->now = head;
			read_chosen(h);
		} else {
			head_clear(&head);
		}
	}
	buf_clear(&text);
	return err;
}

static int read_heads(struct down *d)
{
	int fd = openat(d->files->dir_fd, "heads", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int err = HN_OK;
	if (dir == NULL)
		return HN_EIO;
	for (struct dirent *e; err == HN_OK && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && strstr(e->d_name, ".jws") != NULL)
			err = read_one(d, dirfd(dir), e->d_name);
	(void)closedir(dir);
	return err;
}

int down_new(const struct edge_files *files, struct client *client, const struct down_events *events,
	     void *context, struct down **out, struct fault *fault)
{
	static const char *const folders[] = {"heads", "blobs", "sets", "authorizations"};
	struct down *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return HN_ENOMEM;
	*d = (struct down){.files = files, .client = client, .events = *events, .context = context};
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < sizeof(folders) / sizeof(folders[0]); i++)
		err = make_folder(d, folders[i]);
	if (err == HN_OK)
		err = read_heads(d);
	if (err == HN_OK) {
		*out = d;
		return HN_OK;
	}
	down_free(d);
	return fault_set(fault, err, files->dir, "%s", hn_strerror(err));
}

void down_free(struct down *d)
{
	if (d == NULL)
		return;
	for (struct held *h = d->list, *next; h != NULL; h = next) {
		next = h->next;
		drop_coming(h);
		head_clear(&h->now);
		free(h->next_text);
		free(h);
	}
	free(d);
}

int down_follow(struct down *d)
{
	return client_follow(d->client, came, connected, d);
}

/* ---- what is named no more ---- */

static bool is_named(const struct held *h, const uint8_t digest[32])
{
	const struct head_file *files = h->now_former ? h->now.former : h->now.files;
	size_t count = h->now_former ? h->now.former_count : h->now.file_count;
	bool named = h->now_former && memcmp(h->now.files[0].digest, digest, 32) == 0;
	for (size_t i = 0; i < count; i++)
		named = named || memcmp(files[i].digest, digest, 32) == 0;
	return named;
}

/* A file that begins with a digest, whether it is whole or not. */
static void tidy_set(const struct held *h)
{
	char path[128];
	uint8_t digest[32];
	(void)snprintf(path, sizeof(path), "sets/%s", h->id);
	int fd = openat(h->down->files->dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strlen(e->d_name) > 64 && hex_decode(e->d_name, 64, digest, sizeof(digest)) == HN_OK &&
		    !is_named(h, digest))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	(void)closedir(dir);
}

void down_tick(struct down *d, int64_t now_ns)
{
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->next_text != NULL && !h->busy)
			take_next(h);
	if (!d->untidy || now_ns - d->changed_ns < TIDY_NS)
		return;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->busy)
			return;
	d->untidy = false;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->kind == HEAD_SET && h->now.version > 0)
			tidy_set(h);
}

/* Which base a set stands on here, so that the hub knows which are in use. */
static void add_base(const struct held *h, struct buf *out)
{
	char digest[65];
	if (h->now.version == 0 || !h->now.has_base)
		return;
	hex_encode(h->now_former ? h->now.former[0].digest : h->now.files[0].digest, 32, digest);
	buf_addf(out, ",\"base\":\"%s\"", digest);
}

void down_state(const struct down *d, int64_t now_ns, struct buf *out)
{
	bool any = false;
	buf_addf(out, "\"connected\":%s,\"heads\":[", d->connected ? "true" : "false");
	for (const struct held *h = d->list; h != NULL; h = h->next) {
		char expires[UTC_SIZE];
		if (h->in_force.version == 0)
			continue;
		utc_format(h->expires_ns, expires);
		buf_addf(out, "%s{\"kind\":\"%s\",\"id\":\"%s\",\"version\":%llu,\"expires\":\"%s\"",
			 any ? "," : "", head_kind_name(h->kind), h->id,
			 (unsigned long long)h->in_force.version, expires);
		add_base(h, out);
		buf_addf(out, ",\"expired\":%s}", h->expires_ns <= now_ns ? "true" : "false");
		any = true;
	}
	buf_addc(out, ']');
	if (d->trouble.message[0] != '\0') {
		buf_adds(out, ",\"trouble\":");
		buf_json_string(out, d->trouble.message, strlen(d->trouble.message));
	}
}
