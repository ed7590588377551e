/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* GET /edge/v1/blobs/{digest}: what a head to this edge names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/edge/edge.h"
#include "hub/sets/sets.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"
#include "store/set_files.h"
#include "store/sets.h"

#define DOCUMENT_MAX ((size_t)16 << 20)
#define BLOB_MEDIA   "application/octet-stream"

struct sending {
	int fd;          /* of a file; -1 */
	struct buf body; /* of a document */
	uint64_t at, size;
};

/* ---- whether it is for this edge ---- */

struct wanted {
	const uint8_t *digest;
	bool found;
};

static int compare_authorization(void *context, const struct authorization_row *a)
{
	struct wanted *w = context;
	uint8_t digest[EDGE_DIGEST_SIZE];
	sha256(a->body, a->body_len, digest);
	w->found = w->found || memcmp(digest, w->digest, sizeof(digest)) == 0;
	return HN_OK;
}

static int find_document(struct reader *reader, const struct edge_peer *p, const uint8_t digest[32],
			 int64_t now_us, struct buf *out)
{
	struct wanted w = {.digest = digest};
	int err = p->kind == EDGE_SENSOR ? HN_OK : HN_ENOENT;
	for (int kind = 0; err == HN_OK && !w.found && kind < NATION_DOCUMENTS; kind++) {
		struct nation_document_row row;
		int got = nation_documents_get(reader, (enum nation_document)kind, &row);
		w.found = got == HN_OK && memcmp(row.digest, digest, sizeof(row.digest)) == 0;
		err = got == HN_ENOENT ? HN_OK : got;
	}
	if (err == HN_OK && !w.found)
		err = authorizations_of_edge(reader, &p->id, now_us, compare_authorization, &w);
	if (err == HN_OK)
		err = w.found ? edge_documents_get(reader, digest, out) : HN_ENOENT;
	return err;
}

static int open_set_file(const uint8_t digest[32], int *fd_out)
{
	char name[SETS_PATH_SIZE];
	sets_file_name(digest, name);
	*fd_out = openat(sets_dir(), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return *fd_out >= 0 ? HN_OK : hn_err_of_errno(errno);
}

static int find(struct request *r, const uint8_t digest[32], struct sending *s)
{
	const struct edge_peer *p = edge_peer_of(r);
	struct reader *reader;
	int64_t size = 0, label = 0;
	int err = sets_read(hub_of(r)->store, &p->asker, &reader);
	if (err != HN_OK)
		return err;
	err = set_files_find(reader, NULL, edge_actions(p->kind), digest, &size, &label);
	bool is_set = err == HN_OK;
	if (is_set)
		err = sets_note_read(r, reader, label, digest);
	else if (err == HN_ENOENT)
		err = find_document(reader, p, digest, r->received_ns / 1000, &s->body);
	reader_end(reader);
	if (err == HN_OK && is_set)
		err = open_set_file(digest, &s->fd);
	s->size = is_set ? (uint64_t)size : s->body.len;
	return err;
}

/* ---- sending ---- */

static ssize_t more(struct request *r, char *room, size_t size)
{
	struct sending *s = r->state;
	uint64_t left = s->size - s->at;
	size_t n = left < size ? (size_t)left : size;
	if (n == 0)
		return ANSWER_END;
	if (s->fd < 0) {
		memcpy(room, s->body.data + s->at, n);
		s->at += n;
		return (ssize_t)n;
	}
	ssize_t got = pread(s->fd, room, n, (off_t)s->at);
	if (got <= 0)
		return ANSWER_FAIL;
	s->at += (uint64_t)got;
	return got;
}

/* "bytes=N-" alone, which is what takes a file up where it ended; another range gets the whole. */
static bool read_range(struct request *r, uint64_t size, uint64_t *from)
{
	size_t len;
	const char *text = request_header(r, "Range", &len);
	static const char unit[] = "bytes=";
	if (text == NULL || len < sizeof(unit) + 1 || memcmp(text, unit, sizeof(unit) - 1) != 0 ||
	    text[len - 1] != '-' || len > 24)
		return false;
	uint64_t at = 0;
	for (size_t i = sizeof(unit) - 1; i < len - 1; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		at = at * 10 + (uint64_t)(text[i] - '0');
	}
	if (at >= size)
		return false;
	*from = at;
	return true;
}

void edge_blob_end(struct request *r)
{
	struct sending *s = r->state;
	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	buf_clear(&s->body);
	r->state = NULL;
}

int edge_blob_get(struct request *r)
{
	uint8_t digest[32];
	if (r->params[0].len != 64 || hex_decode(r->params[0].text, 64, digest, 32) != HN_OK)
		return HN_ENOENT;
	struct sending *s = arena_alloc(r->arena, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	*s = (struct sending){.fd = -1};
	buf_init(&s->body, DOCUMENT_MAX);
	r->state = s;
	int err = find(r, digest, s);
	if (err != HN_OK)
		return err;
	answer_etag(r, r->params[0].text);
	answer_header(r, "Accept-Ranges", "bytes");
	if (!read_range(r, s->size, &s->at))
		return answer_stream(r, 200, BLOB_MEDIA, more);
	char range[96];
	(void)snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)s->at,
		       (unsigned long long)s->size - 1, (unsigned long long)s->size);
	answer_header(r, "Content-Range", range);
	return answer_stream(r, 206, BLOB_MEDIA, more);
}
