/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "edge/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "bus/pki.h"

#define STATE     "edge.json"
#define STATE_MAX 65536

static const char *const side_names[SIDE_COUNT] = {"hub", "witness"};

const char *edge_side_text(enum edge_side_name side)
{
	return side_names[side];
}

/* ---- edge.json ---- */

static int read_key(const json_t *o, struct key_public *out, struct fault *fault)
{
	const char *text = NULL;
	struct buf bytes;
	int err = json_get_string(o, "ed25519", true, &text, fault);
	if (err != HN_OK)
		return err;
	buf_init(&bytes, 64);
	err = base64url_decode(text, strlen(text), &bytes);
	if (err == HN_OK && bytes.len != sizeof(out->ed25519))
		err = HN_EFORMAT;
	if (err == HN_OK) {
		memcpy(out->ed25519, bytes.data, bytes.len);
		key_id_of(out->ed25519, out->id);
	}
	buf_clear(&bytes);
	return err;
}

static int read_side(const json_t *o, struct edge_side *s, struct fault *fault)
{
	const char *host = NULL, *root = NULL, *name = "";
	const json_t *key = NULL;
	int64_t port = 0;
	int err = json_get_string(o, "host", true, &host, fault);
	if (err == HN_OK)
		err = json_get_int(o, "port", true, 1, 65535, &port, fault);
	if (err == HN_OK)
		err = json_get_string(o, "root", true, &root, fault);
	if (err == HN_OK)
		err = json_get_string(o, "name", false, &name, fault);
	if (err == HN_OK)
		err = hex_decode(root, strlen(root), s->root, sizeof(s->root));
	if (err == HN_OK)
		err = json_get_object(o, "head_key", true, &key, fault);
	if (err == HN_OK)
		err = read_key(key, &s->head_key, fault);
	if (err != HN_OK || strlen(host) >= sizeof(s->host))
		return err == HN_OK ? HN_EFORMAT : err;
	(void)snprintf(s->host, sizeof(s->host), "%s", host);
	(void)snprintf(s->name, sizeof(s->name), "%.*s", ENROL_NAME_MAX, name);
	s->port = (uint16_t)port;
	s->enrolled = true;
	return HN_OK;
}

static int read_path(const json_t *o, const char *name, char out[PATH_MAX], struct fault *fault)
{
	const char *text = "";
	int err = json_get_string(o, name, false, &text, fault);
	if (err == HN_OK && (size_t)snprintf(out, PATH_MAX, "%s", text) >= PATH_MAX)
		err = HN_ELIMIT;
	return err;
}

static int read_kind(const char *text, enum enrol_kind *out)
{
	for (int i = 0; i < ENROL_KIND_COUNT; i++)
		if (strcmp(text, enrol_kind_name((enum enrol_kind)i)) == 0) {
			*out = (enum enrol_kind)i;
			return HN_OK;
		}
	return HN_EFORMAT;
}

static int read_members(const json_t *o, struct edge_files *f, struct fault *fault)
{
	const char *id = NULL, *kind = NULL;
	int err = json_get_string(o, "edge", true, &id, fault);
	if (err == HN_OK)
		err = uuid_parse(id, strlen(id), &f->id);
	if (err == HN_OK)
		err = json_get_string(o, "kind", true, &kind, fault);
	if (err == HN_OK)
		err = read_kind(kind, &f->kind);
	for (int i = 0; err == HN_OK && i < SIDE_COUNT; i++) {
		const json_t *side = json_object_get(o, side_names[i]);
		if (side != NULL)
			err = read_side(side, &f->sides[i], fault);
	}
	if (err == HN_OK)
		err = read_path(o, "sensor", f->sensor, fault);
	if (err == HN_OK)
		err = read_path(o, "events", f->events, fault);
	return err == HN_OK ? read_path(o, "control", f->control, fault) : err;
}

static int read_state(struct edge_files *f, struct fault *fault)
{
	char path[PATH_MAX + sizeof(STATE) + 1];
	json_t *o = NULL;
	(void)snprintf(path, sizeof(path), "%s/" STATE, f->dir);
	int err = json_file_read(path, STATE_MAX, &o, fault);
	if (err != HN_OK)
		return err;
	err = read_members(o, f, fault);
	json_decref(o);
	return err == HN_OK || fault->message[0] != '\0'
		       ? err
		       : fault_set(fault, err, path, "%s", hn_strerror(err));
}

int edge_files_open(const char *dir, bool make, struct edge_files *out, struct fault *fault)
{
	*out = (struct edge_files){.dir_fd = -1};
	if (make && mkdir(dir, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), dir, "%s", hn_errno_text(errno));
	out->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir_fd < 0 || realpath(dir, out->dir) == NULL)
		return fault_set(fault, hn_err_of_errno(errno), dir, "%s", hn_errno_text(errno));
	int err = read_state(out, fault);
	if (err == HN_ENOENT && make)
		return HN_OK;
	if (err == HN_ENOENT)
		return fault_set(
			fault, err, dir, "%s",
			tr("is not enrolled; ask the hub's people for a code, then: hinomi edge enrol CODE",
			   "登録されていない。ハブの管理者にコードを求め、hinomi edge enrol コード "
			   "を実行すること"));
	return err;
}

void edge_files_close(struct edge_files *f)
{
	if (f->dir_fd >= 0)
		(void)close(f->dir_fd);
	f->dir_fd = -1;
}

static void add_side(struct buf *b, const char *name, const struct edge_side *s)
{
	char root[65];
	hex_encode(s->root, sizeof(s->root), root);
	buf_addf(b, ",\n  \"%s\": {\"host\": \"%s\", \"port\": %u, \"root\": \"%s\",\n    \"name\": ", name,
		 s->host, s->port, root);
	buf_json_string(b, s->name, strlen(s->name));
	buf_addf(b, ", \"head_key\": {\"kid\": \"%s\", \"ed25519\": \"", s->head_key.id);
	base64url_add(b, s->head_key.ed25519, sizeof(s->head_key.ed25519));
	buf_adds(b, "\"}}");
}

static void add_path(struct buf *b, const char *name, const char *path)
{
	if (path[0] == '\0')
		return;
	buf_addf(b, ",\n  \"%s\": ", name);
	buf_json_string(b, path, strlen(path));
}

int edge_files_save(const struct edge_files *f, struct fault *fault)
{
	struct buf b;
	char id[UUID_TEXT_SIZE];
	uuid_format(&f->id, id);
	buf_init(&b, STATE_MAX);
	buf_addf(&b, "{\n  \"edge\": \"%s\", \"kind\": \"%s\"", id, enrol_kind_name(f->kind));
	for (int i = 0; i < SIDE_COUNT; i++)
		if (f->sides[i].enrolled)
			add_side(&b, side_names[i], &f->sides[i]);
	add_path(&b, "sensor", f->sensor);
	add_path(&b, "events", f->events);
	add_path(&b, "control", f->control);
	buf_adds(&b, "\n}\n");
	int err = buf_err(&b);
	if (err == HN_OK)
		err = file_write_whole_at(f->dir_fd, STATE, b.data, b.len, 0600, true);
	buf_clear(&b);
	return err == HN_OK ? HN_OK : fault_set(fault, err, STATE, "%s", hn_strerror(err));
}

/* ---- what it was enrolled with ---- */

int edge_files_pem(const struct edge_files *f, enum edge_side_name side, const char *name, char **out,
		   struct fault *fault)
{
	char path[PATH_MAX + 64];
	(void)snprintf(path, sizeof(path), "%s/%s/%s", f->dir, side_names[side], name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;
	if (fd < 0)
		return fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	char *text = sodium_init() < 0 ? NULL : sodium_malloc(PKI_PEM_MAX + 1);
	int err = text == NULL ? HN_ENOMEM : fd_read_full(fd, text, PKI_PEM_MAX, &len);
	(void)close(fd);
	if (err != HN_OK) {
		sodium_free(text);
		return fault_set(fault, err, path, "%s", hn_strerror(err));
	}
	text[len] = '\0';
	*out = text;
	return HN_OK;
}

int edge_files_put_pem(const struct edge_files *f, enum edge_side_name side, const char *name,
		       const char *text, struct fault *fault)
{
	char path[64];
	if (mkdirat(f->dir_fd, side_names[side], 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), side_names[side], "%s", hn_errno_text(errno));
	(void)snprintf(path, sizeof(path), "%s/%s", side_names[side], name);
	int err = file_write_whole_at(f->dir_fd, path, text, strlen(text), 0600, true);
	return err == HN_OK ? HN_OK : fault_set(fault, err, path, "%s", hn_strerror(err));
}

/* ---- what lies beside it ---- */

int edge_open_beside(const char *dir, const char *name, int *fd_out)
{
	char path[PATH_MAX + 256];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? HN_EFORMAT : hn_err_of_errno(errno);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*fd_out = fd;
		return HN_OK;
	}
	(void)close(fd);
	return HN_EFORMAT;
}

int edge_read_beside(const char *dir, const char *name, struct buf *out)
{
	struct stat st;
	int fd = -1;
	size_t got = 0;
	int err = edge_open_beside(dir, name, &fd);
	if (err != HN_OK)
		return err;
	size_t size = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
	err = buf_reserve(out, size);
	if (err == HN_OK && size > 0)
		err = fd_read_full(fd, out->data + out->len, size, &got);
	if (err == HN_OK)
		out->len += got;
	(void)close(fd);
	return err;
}
