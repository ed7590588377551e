/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/down_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"

#define HEADS_MAX 512              /* that an edge holds */
#define TIDY_NS   (10 * NS_SECOND) /* a file that is named no more stays so long for its readers */

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

/* What others' identities are in is not for us. */
static bool is_ours(const struct down *d, const struct head *head)
{
	char id[UUID_TEXT_SIZE];
	if (head->kind != HEAD_AUTHORISATIONS && head->kind != HEAD_QUESTIONS)
		return true;
	uuid_format(&d->files->id, id);
	return strcmp(head->id, id) == 0;
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
		down_not_taken(d, err, &fault);
		return;
	}
	struct held *h = find(d, head.kind, head.id);
	if (h == NULL) {
		head_clear(&head);
		(void)fault_set(&fault, HN_ELIMIT, "", "%s",
				tr("there are more than an edge holds", "エッジの持てる数を超えている"));
		down_not_taken(d, HN_ELIMIT, &fault);
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
		held_begin(h, &head, text, len);
	}
}

static void connected(void *context, const struct client_result *r)
{
	struct down *d = context;
	d->connected = r == NULL;
	for (struct held *h = d->list; h != NULL && d->connected; h = h->next) {
		forget_next(h); /* all that is in force comes now */
		held_go_on(h);
	}
	if (r != NULL) {
		down_away(d, r);
	} else {
		d->trouble.message[0] = '\0';
		log_line(LOG_LEVEL_INFO, "%s", tr("follows the hub", "ハブに接続した"));
	}
	d->events.changed(d->context);
}

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
		err = down_make_folder(d, folders[i]);
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
		held_drop(h);
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

void down_tick(struct down *d, int64_t now_ns)
{
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->next_text != NULL && !h->busy)
			held_take_next(h);
	if (!d->untidy || now_ns - d->changed_ns < TIDY_NS)
		return;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->busy)
			return;
	d->untidy = false;
	for (struct held *h = d->list; h != NULL; h = h->next)
		if (h->kind == HEAD_SET && h->now.version > 0)
			held_tidy(h);
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
