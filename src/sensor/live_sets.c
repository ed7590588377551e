/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_sets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/verify.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "match/him.h"

#define HEAD_MAX (64u << 10)

void live_set_unuse(struct live_set *s)
{
	if (s == NULL || --s->uses > 0)
		return;
	set_close(s->set);
	for (size_t i = 0; i < s->layers; i++) {
		(void)munmap(s->data[i], s->sizes[i]);
		(void)close(s->fds[i]);
	}
	free(s);
}

static int64_t changed_ns(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * NS_SECOND + st->st_ctim.tv_nsec;
}

/* {"digest": HEX, "size": N}: a file of the folder. */
static int read_layer(const json_t *item, const char *folder, struct live_set_wanted *out,
		      struct fault *fault)
{
	const char *digest = NULL;
	size_t n = out->layers;
	if (n == STAND_LAYERS_MAX)
		return fault_set(fault, HN_ELIMIT, "/overlays", "%s",
				 tr("has too many overlays", "の差分集合が多すぎる"));
	int rc = json_get_string(item, "digest", true, &digest, fault);
	if (rc == HN_OK && hex_decode(digest, strlen(digest), out->digests[n], SHA256_SIZE) != HN_OK)
		rc = fault_set(fault, HN_EFORMAT, "/digest", "%s", tr("is no SHA-256", "はSHA-256ではない"));
	if (rc != HN_OK)
		return rc;
	if ((size_t)snprintf(out->paths[n], sizeof(out->paths[n]), "%s/%s.him", folder, digest) >=
	    sizeof(out->paths[n]))
		return HN_ELIMIT;
	out->layers++;
	return HN_OK;
}

static int read_head(const json_t *root, const char *folder, struct live_set_wanted *out, struct fault *fault)
{
	const json_t *base = NULL, *overlays = NULL;
	const char *kind = NULL, *action = "select";

	int rc = json_get_string(root, "kind", true, &kind, fault);
	if (rc == HN_OK && strcmp(kind, "set") != 0)
		rc = fault_set(fault, HN_EFORMAT, "/kind", "%s", tr("is not set", "がsetではない"));
	if (rc == HN_OK)
		rc = json_get_string(root, "action", false, &action, fault);
	if (rc == HN_OK)
		rc = json_get_int(root, "version", true, 1, INT64_MAX, &out->version, fault);
	if (rc == HN_OK)
		rc = json_get_array(root, "overlays", true, &overlays, fault);
	out->ignored = rc == HN_OK && strcmp(action, "select") != 0;
	/* A set that has nothing yet has no base. */
	if (rc == HN_OK && json_is_null(json_object_get(root, "base"))) {
		out->ignored = true;
		return HN_OK;
	}
	if (rc == HN_OK)
		rc = json_get_object(root, "base", true, &base, fault);
	if (rc == HN_OK)
		rc = read_layer(base, folder, out, fault);
	for (size_t i = 0; rc == HN_OK && i < json_array_size(overlays); i++)
		rc = read_layer(json_array_get(overlays, i), folder, out, fault);
	return rc;
}

int live_set_head(const char *folder, const char *name, struct live_set_wanted *out, struct fault *fault)
{
	char path[1024], below[1000];
	struct stat st;
	struct buf text;
	json_t *root = NULL;

	memset(out, 0, sizeof(*out));
	if ((size_t)snprintf(out->name, sizeof(out->name), "%s", name) >= sizeof(out->name) ||
	    (size_t)snprintf(below, sizeof(below), "%s/%s", folder, name) >= sizeof(below))
		return HN_ELIMIT;
	(void)snprintf(path, sizeof(path), "%s/head", below);
	out->has_digests = true;
	buf_init(&text, HEAD_MAX);
	int rc = stat(path, &st) == 0 ? file_read(path, &text) : hn_err_of_errno(errno);
	if (rc == HN_OK) {
		out->renamed_ns = changed_ns(&st);
		sha256(text.data == NULL ? "" : text.data, text.len, out->seen);
		rc = json_object_read(text.data == NULL ? "" : text.data, text.len, &root, fault);
	}
	if (rc == HN_OK)
		rc = read_head(root, below, out, fault);
	json_decref(root);
	buf_clear(&text);
	return rc;
}

int live_set_files(const char *list, struct live_set_wanted *out, struct fault *fault)
{
	struct buf marks;
	memset(out, 0, sizeof(*out));
	(void)snprintf(out->name, sizeof(out->name), "%s", list);
	buf_init(&marks, 1u << 16);
	int rc = HN_OK;
	for (const char *at = list; rc == HN_OK && at != NULL;) {
		const char *comma = strchr(at, ',');
		size_t len = comma == NULL ? strlen(at) : (size_t)(comma - at);
		size_t n = out->layers;
		struct stat st;
		if (n == STAND_LAYERS_MAX || len >= sizeof(out->paths[n])) {
			rc = HN_ELIMIT;
			break;
		}
		memcpy(out->paths[n], at, len);
		if (stat(out->paths[n], &st) != 0) {
			rc = fault_set(fault, hn_err_of_errno(errno), out->paths[n], "%s",
				       hn_errno_text(errno));
			break;
		}
		out->layers++;
		out->renamed_ns = changed_ns(&st) > out->renamed_ns ? changed_ns(&st) : out->renamed_ns;
		buf_addf(&marks, "%s %llu %llu %lld;", out->paths[n], (unsigned long long)st.st_ino,
			 (unsigned long long)st.st_size, (long long)changed_ns(&st));
		at = comma == NULL ? NULL : comma + 1;
	}
	if (rc == HN_OK)
		rc = buf_err(&marks);
	if (rc == HN_OK)
		sha256(marks.data, marks.len, out->seen);
	buf_clear(&marks);
	return rc;
}

/* The file itself, where `former` holds it: nobody can have put another in its place meanwhile. */
static int reuse_layer(const struct live_set_wanted *wanted, const struct live_set *former,
		       struct live_set *s)
{
	size_t n = s->layers;
	for (size_t i = 0; wanted->has_digests && former != NULL && i < former->layers; i++) {
		if (memcmp(former->digests[i], wanted->digests[n], SHA256_SIZE) != 0)
			continue;
		int fd = dup(former->fds[i]);
		void *map = fd < 0 ? MAP_FAILED : mmap(NULL, former->sizes[i], PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED) {
			if (fd >= 0)
				(void)close(fd);
			return HN_EIO;
		}
		s->fds[n] = fd;
		s->data[n] = map;
		s->sizes[n] = former->sizes[i];
		memcpy(s->digests[n], former->digests[i], SHA256_SIZE);
		s->layers++;
		return HN_OK;
	}
	return HN_ENOENT;
}

static int map_layer(const char *path, struct live_set *s, struct fault *fault)
{
	struct stat st;
	size_t n = s->layers;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		int err = errno;
		if (fd >= 0)
			(void)close(fd);
		return fault_set(fault, fd < 0 ? hn_err_of_errno(err) : HN_EFORMAT, path, "%s",
				 fd < 0 ? hn_errno_text(err)
					: tr("is no regular file", "は通常のファイルではない"));
	}
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		(void)close(fd);
		return fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	}
	s->fds[n] = fd;
	s->data[n] = map;
	s->sizes[n] = (size_t)st.st_size;
	s->layers++;
	return HN_OK;
}

/* A file that the edge has put there is what the head names, down to the last byte. */
static int verify_layer(const struct live_set_wanted *wanted, struct live_set *s, size_t i,
			struct fault *fault)
{
	struct him him;
	int rc = him_open(s->data[i], s->sizes[i], &him, fault);
	if (rc != HN_OK)
		return rc;
	memcpy(s->digests[i], him.digest, SHA256_SIZE);
	if (wanted->has_digests && memcmp(him.digest, wanted->digests[i], SHA256_SIZE) != 0)
		return fault_set(fault, HN_EAUTH, wanted->paths[i], "%s",
				 tr("is not the file that the head names", "はヘッドが示すファイルではない"));
	return him_verify(s->data[i], s->sizes[i], fault);
}

int live_set_open(const struct live_set_wanted *wanted, const struct live_set *former, struct live_set **out,
		  struct fault *fault)
{
	struct live_set *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->uses = 1;
	(void)snprintf(s->name, sizeof(s->name), "%s", wanted->name);
	memcpy(s->seen, wanted->seen, SHA256_SIZE);
	s->version = wanted->version;
	s->renamed_ns = wanted->renamed_ns;
	int rc = HN_OK;
	for (size_t i = 0; rc == HN_OK && i < wanted->layers; i++) {
		rc = reuse_layer(wanted, former, s);
		if (rc != HN_ENOENT)
			continue;
		rc = map_layer(wanted->paths[i], s, fault);
		if (rc == HN_OK)
			rc = verify_layer(wanted, s, i, fault);
	}
	if (rc == HN_OK)
		rc = set_open_bytes((const void *const *)s->data, s->sizes, s->layers, &s->set, fault);
	if (rc != HN_OK) {
		live_set_unuse(s);
		return rc;
	}
	*out = s;
	return HN_OK;
}

/* set_each_outside() with the argument type that verify_set() has for its source. */
static int each_entry(const void *source, const struct entry_pass *pass,
		      int (*each)(void *, const struct entry_key *, const struct entry_meta *), void *context)
{
	return set_each_outside(source, pass, each, context);
}

enum refusal live_set_judge(struct live_set *s, const struct authorization *a, struct refusal_detail *detail)
{
	if (memcmp(s->judged, a->digest, SHA256_SIZE) == 0)
		return REFUSAL_NONE;
	const struct set_info *info = set_info(s->set);
	enum refusal r = verify_set(a, info->id, info->entries, each_entry, s->set, detail);
	if (r == REFUSAL_NONE)
		memcpy(s->judged, a->digest, SHA256_SIZE);
	return r;
}
