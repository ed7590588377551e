/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Blobs: taken up where they ended, verified, renamed. */
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
#include "bus/blob_sum.h"
#include "bus/client_inside.h"

#define TRIES 8
#define FLUSH ((uint64_t)4 << 20) /* bytes after which what came is on its way to the disk */

/* Lives over several requests: an op has it, or a timer. */
struct blob {
	struct client *client;
	uint8_t digest[32];
	uint64_t size, have;
	char *path, *part; /* NULL: not kept */
	int fd;            /* of part; -1 */
	struct blob_sum *sum;
	bool asked_range, began;
	bool due; /* waits for its turn alone */
	struct backoff backoff;
	void (*done)(void *context, const struct client_result *r);
	void *context;
	struct blob *next; /* of those that wait */
};

static void blob_free(struct blob *b)
{
	if (b == NULL)
		return;
	if (b->fd >= 0)
		(void)close(b->fd);
	blob_sum_free(b->sum);
	free(b->path);
	free(b->part);
	free(b);
}

static void release_blob(struct op *op)
{
	struct blob *b = op->state;
	if (b != NULL)
		b->client->blobs--;
	blob_free(b);
}

static void forget(struct blob *b)
{
	blob_sum_reset(b->sum);
	b->have = 0;
}

static int start_over(struct blob *b)
{
	forget(b);
	if (b->fd >= 0 && (ftruncate(b->fd, 0) != 0 || lseek(b->fd, 0, SEEK_SET) != 0))
		return hn_err_of_errno(errno);
	return HN_OK;
}

/* ---- what comes ---- */

static int take_piece(struct op *op, const char *data, size_t len)
{
	struct blob *b = op->state;
	int err = HN_OK;
	if (!b->began && b->asked_range && op_status(op) != 206)
		err = start_over(b); /* the server sends all of it */
	b->began = true;
	if (err == HN_OK && len > b->size - b->have)
		err = HN_EAUTH; /* longer than its head says */
	if (err == HN_OK && b->fd >= 0)
		err = fd_write_all(b->fd, data, len);
	/* So that making the whole of it durable, at its end, holds up nobody else on this loop. */
	if (err == HN_OK && b->fd >= 0 && b->have / FLUSH != (b->have + len) / FLUSH)
		(void)sync_file_range(b->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (err == HN_OK) {
		blob_sum_add(b->sum, data, len);
		b->have += len;
	}
	return err;
}

static int keep(struct blob *b)
{
	char dir[4096];
	const char *slash = strrchr(b->path, '/');
	if (fsync(b->fd) != 0 || rename(b->part, b->path) != 0)
		return hn_err_of_errno(errno);
	(void)snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int)(slash - b->path) + 1,
		       slash == NULL ? "." : b->path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = fsync(fd) == 0 ? HN_OK : hn_err_of_errno(errno);
	(void)close(fd);
	return err;
}

static void judge_blob(struct blob *b, struct client_result *r)
{
	if (r->err == HN_OK && b->have < b->size) {
		r->err = fault_set(&r->fault, HN_EIO, "", "%s",
				   tr("the blob ended too early", "ブロブが途中で終わった"));
		return;
	}
	if (r->err == HN_OK)
		r->err = blob_sum_is(b->sum, b->digest) ? HN_OK : HN_EAUTH;
	if (r->err == HN_EAUTH && r->status < 300) {
		(void)fault_set(&r->fault, HN_EAUTH, "", "%s",
				tr("the blob is not what its head names; it was thrown away",
				   "ブロブがヘッドの示すものと異なるため、破棄した"));
		if (b->part != NULL)
			(void)unlink(b->part);
	} else if (r->err == HN_OK && b->path != NULL) {
		r->err = keep(b);
		if (r->err != HN_OK)
			(void)fault_set(&r->fault, r->err, b->path, "%s", hn_strerror(r->err));
	}
}

static int start(struct blob *b);

static void start_again(void *context);

/* Whose turn it is, in the order in which they came. */
void blobs_next(struct client *c)
{
	struct blob *first = NULL;
	for (struct blob *b = c->waiting; b != NULL; b = b->next)
		if (b->due)
			first = b;
	if (first != NULL && c->blobs < CLIENT_BLOBS_MAX)
		first->due = client_after(c, 0, start_again, first) != HN_OK;
}

static void start_again(void *context)
{
	struct blob *b = context;
	struct client_result r = {0};
	struct client *c = b->client;
	struct blob **at = &c->waiting;
	b->due = c->blobs >= CLIENT_BLOBS_MAX;
	if (b->due)
		return; /* blobs_next() comes back */
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	r.err = start(b);
	if (r.err != HN_OK) {
		(void)fault_set(&r.fault, r.err, "", "%s", hn_strerror(r.err));
		b->done(b->context, &r);
		blob_free(b);
	}
	blobs_next(c);
}

static int wait(struct blob *b, int ms)
{
	if (client_after(b->client, ms, start_again, b) != HN_OK)
		return HN_ENOMEM;
	b->next = b->client->waiting;
	b->client->waiting = b;
	return HN_OK;
}

static void end_blob(struct op *op, struct client_result *r)
{
	struct blob *b = op->state;
	op->state = NULL; /* the op frees it no more */
	op->client->blobs--;
	bool refused = r->status == 416;
	if (refused && start_over(b) == HN_OK)
		r->err = HN_EIO;
	judge_blob(b, r);
	if (client_come_back(r) && b->backoff.failures < TRIES &&
	    wait(b, backoff_next_ms(&b->backoff, r->retry_after_ms)) == HN_OK) {
		blobs_next(op->client);
		return;
	}
	b->done(b->context, r);
	blob_free(b);
	blobs_next(op->client);
}

/* ---- beginning ---- */

static int request(struct blob *b)
{
	char path[80] = "blobs/", range[48];
	struct op *op;
	hex_encode(b->digest, sizeof(b->digest), path + 6);
	int err = op_new(b->client, path, &op);
	if (err != HN_OK)
		return err;
	b->began = false;
	b->asked_range = b->have > 0;
	op->context = b->context;
	op->take = take_piece;
	op->finish = end_blob;
	(void)snprintf(range, sizeof(range), "Range: bytes=%llu-", (unsigned long long)b->have);
	if (b->asked_range && (err = op_header(op, range)) != HN_OK) {
		op_free(op);
		return err;
	}
	err = op_start(op);
	if (err == HN_OK) {
		op->state = b;
		op->release = release_blob;
		b->client->blobs++;
	}
	return err;
}

/* Adds up what is there of a file, up to the blob's size. */
static int add_up(struct blob *b, int fd)
{
	char data[16384];
	size_t got = 1;
	int err = HN_OK;
	forget(b);
	while (err == HN_OK && got > 0 && b->have < b->size) {
		size_t n = b->size - b->have < sizeof(data) ? (size_t)(b->size - b->have) : sizeof(data);
		err = fd_read_full(fd, data, n, &got);
		if (err == HN_OK) {
			blob_sum_add(b->sum, data, got);
			b->have += got;
		}
	}
	return err;
}

/* Whether the file is there already, and right. */
static bool is_there(struct blob *b)
{
	struct stat st;
	int fd = open(b->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool same = fstat(fd, &st) == 0 && (uint64_t)st.st_size == b->size && add_up(b, fd) == HN_OK;
	(void)close(fd);
	return blob_sum_is(b->sum, b->digest) && same;
}

static int open_part(struct blob *b)
{
	struct stat st;
	b->fd = open(b->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (b->fd < 0 || fstat(b->fd, &st) != 0)
		return hn_err_of_errno(errno);
	/* One that is whole was not renamed: it may be wrong, so it comes anew. */
	return (uint64_t)st.st_size < b->size ? add_up(b, b->fd) : start_over(b);
}

static int start(struct blob *b)
{
	if (b->path != NULL && b->fd < 0) {
		if (is_there(b)) {
			struct client_result r = {0};
			b->done(b->context, &r);
			blob_free(b);
			return HN_OK;
		}
		int err = open_part(b);
		if (err != HN_OK)
			return err;
	} else if (b->path == NULL) {
		forget(b);
	}
	return request(b);
}

static bool set_paths(struct blob *b, const char *path)
{
	if (path == NULL)
		return true;
	b->path = strdup(path);
	b->part = malloc(strlen(path) + sizeof(".part"));
	if (b->path == NULL || b->part == NULL)
		return false;
	(void)snprintf(b->part, strlen(path) + sizeof(".part"), "%s.part", path);
	return true;
}

int client_blob(struct client *c, const uint8_t digest[32], uint64_t size, const char *path,
		void (*done)(void *context, const struct client_result *r), void *context)
{
	struct blob *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return HN_ENOMEM;
	*b = (struct blob){
		.client = c, .size = size, .fd = -1, .backoff = c->backoff, .done = done, .context = context};
	b->backoff.failures = 0;
	memcpy(b->digest, digest, sizeof(b->digest));
	b->sum = blob_sum_new();
	if (b->sum == NULL || !set_paths(b, path) || wait(b, 0) != HN_OK) {
		blob_free(b);
		return HN_ENOMEM;
	}
	return HN_OK;
}

void blobs_free(struct client *c, const void *context)
{
	for (struct blob **at = &c->waiting; *at != NULL;) {
		struct blob *b = *at;
		if (context != NULL && b->context != context) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		timers_forget(c, b);
		blob_free(b);
	}
}
