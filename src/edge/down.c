/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/down.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"

#define HEADS_MAX 512              /* that an edge holds */
#define TIDY_NS   (10 * NS_SECOND) /* a file that is named no more stays so long for its readers */

/* A head that is in force, or on its way. */
struct held {
	struct held *next;
	struct down *down;
	enum head_kind kind;
	char id[UUID_TEXT_SIZE];
	struct head_held in_force;
	int64_t expires_ns, since_ns;
	struct head coming; /* payload NULL: none */
	char *coming_text;  /* as it came */
	size_t at;          /* of its files: which is being brought */
	bool busy;
	char *next_text; /* one that came meanwhile */
	size_t next_len;
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
	bool untidy;
	int64_t changed_ns;
};

static void take(struct held *h, const char *text, size_t len);

/* ---- names ---- */

static void blob_path(const struct down *d, const struct held *h, size_t at, char out[PATH_MAX + 256])
{
	char digest[65];
	const struct head *c = &h->coming;
	if (c->kind == HEAD_AUTHORISATIONS) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&c->documents[at].id, id);
		(void)snprintf(out, PATH_MAX + 256, "%s/blobs/%s.json", d->files->dir, id);
		return;
	}
	hex_encode(c->files[at].digest, 32, digest);
	if (c->kind == HEAD_SET)
		(void)snprintf(out, PATH_MAX + 256, "%s/sets/%s/%s.him", d->files->dir, c->id, digest);
	else
		(void)snprintf(out, PATH_MAX + 256, "%s/blobs/%s", d->files->dir, digest);
}

static size_t blob_count(const struct head *c)
{
	return c->kind == HEAD_AUTHORISATIONS ? c->document_count : c->file_count;
}

static const struct head_file *blob_at(const struct head *c, size_t at)
{
	return c->kind == HEAD_AUTHORISATIONS ? &c->documents[at].file : &c->files[at];
}

/* ---- putting in force ---- */

static int make_folder(const struct down *d, const char *name)
{
	return mkdirat(d->files->dir_fd, name, 0700) == 0 || errno == EEXIST ? HN_OK : hn_err_of_errno(errno);
}

static int copy_blob(const struct down *d, const struct held *h, size_t at, const char *name)
{
	char path[PATH_MAX + 256];
	struct buf text;
	blob_path(d, h, at, path);
	buf_init(&text, (size_t)64 << 20);
	int err = file_read(path, &text);
	if (err == HN_OK)
		err = file_write_whole_at(d->files->dir_fd, name, text.data == NULL ? "" : text.data,
					  text.len, 0600, true);
	buf_clear(&text);
	return err;
}

static int install_set(const struct down *d, const struct held *h)
{
	char name[128];
	struct buf text;
	(void)snprintf(name, sizeof(name), "sets/%s/head", h->id);
	buf_init(&text, HEAD_TEXT_MAX);
	buf_add(&text, h->coming.payload, h->coming.payload_len);
	buf_addc(&text, '\n');
	int err = buf_err(&text);
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
	if (dir == NULL)
		return err == HN_OK ? HN_EIO : err;
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && !is_document(&h->coming, e->d_name))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
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

static void drop_coming(struct held *h)
{
	head_clear(&h->coming);
	free(h->coming_text);
	h->coming_text = NULL;
	h->busy = false;
}

static void trouble(struct down *d, const struct held *h, const char *message)
{
	(void)fault_set(&d->trouble, HN_EIO, head_kind_name(h->kind), "%s", message);
	log_line(LOG_LEVEL_ERROR, tr("%s %s: %s; what was in force stays", "%s %s: %s。従来のものを維持する"),
		 head_kind_name(h->kind), h->id, message);
}

/* One that came meanwhile. */
static void take_next(struct held *h)
{
	char *text = h->next_text;
	h->next_text = NULL;
	if (text != NULL)
		take(h, text, h->next_len);
	free(text);
}

static void finish(struct held *h)
{
	struct down *d = h->down;
	/* What consumers see comes first: a kill in between has the same head brought once more. */
	int err = install(d, h);
	if (err == HN_OK)
		err = keep_head(d, h);
	if (err == HN_OK) {
		h->in_force.version = h->coming.version;
		memcpy(h->in_force.digest, h->coming.digest, sizeof(h->in_force.digest));
		h->expires_ns = h->coming.expires_ns;
		h->since_ns = utc_now_ns();
		d->trouble.message[0] = '\0';
		d->untidy = true;
		d->changed_ns = h->since_ns;
		log_line(LOG_LEVEL_INFO, tr("%s %s: version %llu is in force", "%s %s: 版 %llu が有効"),
			 head_kind_name(h->kind), h->id, (unsigned long long)h->in_force.version);
	} else {
		trouble(d, h, hn_strerror(err));
	}
	drop_coming(h);
	if (err == HN_OK)
		d->events.changed(d->context);
	take_next(h);
}

/* ---- bringing ---- */

static void bring(struct held *h);

static void brought(void *context, const struct client_result *r)
{
	struct held *h = context;
	if (r->err != HN_OK) {
		trouble(h->down, h, r->fault.message[0] != '\0' ? r->fault.message : hn_strerror(r->err));
		drop_coming(h);
		take_next(h);
		return;
	}
	h->at++;
	bring(h);
}

static void bring(struct held *h)
{
	struct down *d = h->down;
	char path[PATH_MAX + 256];
	if (h->at == blob_count(&h->coming)) {
		finish(h);
		return;
	}
	const struct head_file *f = blob_at(&h->coming, h->at);
	blob_path(d, h, h->at, path);
	int err = client_blob(d->client, f->digest, f->size, path, brought, h);
	if (err != HN_OK) {
		trouble(d, h, hn_strerror(err));
		drop_coming(h);
	}
}

static int make_set_folder(const struct down *d, const char *id)
{
	char name[64];
	(void)snprintf(name, sizeof(name), "sets/%s", id);
	return make_folder(d, name);
}

/* A verified head of this kind and id. */
static void begin(struct held *h, struct head *head, const char *text, size_t len)
{
	struct down *d = h->down;
	struct fault fault = {0};
	int err = head_follows(head, &h->in_force, &fault);
	if (err == HN_OK && head->kind == HEAD_SET)
		err = make_set_folder(d, h->id);
	if (err != HN_OK) {
		head_clear(head);
		if (err != HN_EEXIST)
			trouble(d, h, fault.message[0] != '\0' ? fault.message : hn_strerror(err));
		return;
	}
	h->coming = *head;
	h->coming_text = strndup(text, len);
	h->at = 0;
	h->busy = true;
	if (h->coming_text == NULL)
		drop_coming(h);
	else
		bring(h);
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
		d->trouble = fault;
		log_line(LOG_LEVEL_ERROR,
			 tr("a head from the hub is not taken: %s", "ハブの先頭を受け取らない: %s"),
			 fault.message[0] != '\0' ? fault.message : hn_strerror(err));
		return;
	}
	struct held *h = find(d, head.kind, head.id);
	if (h == NULL) {
		head_clear(&head);
	} else if (h->busy) {
		/* The newest of those that came meanwhile. */
		head_clear(&head);
		free(h->next_text);
		h->next_text = strndup(text, len);
		h->next_len = len;
	} else {
		begin(h, &head, text, len);
	}
}

static void connected(void *context, const struct client_result *r)
{
	struct down *d = context;
	d->connected = r == NULL;
	if (r != NULL) {
		d->trouble = r->fault;
		log_line(LOG_LEVEL_WARNING, tr("the hub does not answer: %s", "ハブが応答しない: %s"),
			 r->fault.message[0] != '\0' ? r->fault.message : hn_strerror(r->err));
	} else {
		d->trouble.message[0] = '\0';
		log_line(LOG_LEVEL_INFO, "%s", tr("follows the hub", "ハブに接続した"));
	}
	d->events.changed(d->context);
}

/* ---- beginning ---- */

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
		head_clear(&head);
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

static bool names_file(const struct down *d, const char *set, const char *name)
{
	char path[PATH_MAX + 64];
	struct buf text;
	(void)snprintf(path, sizeof(path), "%s/sets/%s/head", d->files->dir, set);
	buf_init(&text, HEAD_TEXT_MAX);
	/* Where the head cannot be read everything stays. */
	bool named = file_read(path, &text) != HN_OK;
	if (!named && strlen(name) > 64) {
		char digest[65];
		(void)snprintf(digest, sizeof(digest), "%.64s", name);
		named = text.data == NULL || strstr(text.data, digest) != NULL;
	}
	buf_clear(&text);
	return named;
}

static void tidy_set(const struct down *d, const char *set)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "sets/%s", set);
	int fd = openat(d->files->dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strstr(e->d_name, ".him") != NULL && !names_file(d, set, e->d_name))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	(void)closedir(dir);
}

void down_tidy(struct down *d, int64_t now_ns)
{
	if (!d->untidy || now_ns - d->changed_ns < TIDY_NS)
		return;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->busy)
			return;
	d->untidy = false;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->kind == HEAD_SET)
			tidy_set(d, h->id);
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
		buf_addf(out,
			 "%s{\"kind\":\"%s\",\"id\":\"%s\",\"version\":%llu,\"expires\":\"%s\",\"expired\":%"
			 "s}",
			 any ? "," : "", head_kind_name(h->kind), h->id,
			 (unsigned long long)h->in_force.version, expires,
			 h->expires_ns <= now_ns ? "true" : "false");
		any = true;
	}
	buf_addc(out, ']');
	if (d->trouble.message[0] != '\0') {
		buf_adds(out, ",\"trouble\":");
		buf_json_string(out, d->trouble.message, strlen(d->trouble.message));
	}
}
