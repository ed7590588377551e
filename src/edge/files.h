/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_FILES_H
#define HINOMI_EDGE_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "bus/code.h"
#include "bus/enrol.h"

/*
 * What an edge keeps in its folder (docs/edge.md): edge.json, hub/ and witness/ with what it was enrolled
 * with, heads/ in force, and what consumers beside it read: sets/, authorizations/, trust.json, domestic.txt,
 * revocations.json.
 */

/** One whom it speaks to. */
struct edge_side {
	bool enrolled;
	char host[CODE_HOST_MAX + 1];
	uint16_t port;
	uint8_t root[32];
	struct key_public head_key; /* of the hub; of the witness not used */
	char name[ENROL_NAME_MAX + 1];
};

enum edge_side_name { SIDE_HUB, SIDE_WITNESS, SIDE_COUNT };
/** "hub", "witness". */
const char *edge_side_text(enum edge_side_name side);

struct edge_files {
	int dir_fd; /* the folder */
	char dir[PATH_MAX];
	struct uuid id;
	enum enrol_kind kind;
	struct edge_side sides[SIDE_COUNT];
	char sensor[PATH_MAX];  /* the sensor's output folder; "" */
	char events[PATH_MAX];  /* the resolver's events folder; "" */
	char control[PATH_MAX]; /* the resolver's control socket; "" */
};

/** Opens the folder, makes it (0700) where `make`; reads edge.json where there is one. @return HN_ENOENT,
 * HN_EFORMAT, HN_EIO */
HN_MUST_USE int edge_files_open(const char *dir, bool make, struct edge_files *out, struct fault *fault);
void edge_files_close(struct edge_files *f);

/** Writes edge.json anew. */
HN_MUST_USE int edge_files_save(const struct edge_files *f, struct fault *fault);

/** Opens a file in a consumer's folder for reading. What is no regular file (a pipe, a link) is not waited
 * for.
 * @return HN_ENOENT, HN_EFORMAT (no regular file), HN_EIO */
HN_MUST_USE int edge_open_beside(const char *dir, const char *name, int *fd_out);

/** Appends such a file, whole. @return also HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int edge_read_beside(const char *dir, const char *name, struct buf *out);

/** Reads a PEM of a side ("certificate.pem", "key.pem") into memory that is wiped: sodium_free(). */
HN_MUST_USE int edge_files_pem(const struct edge_files *f, enum edge_side_name side, const char *name,
			       char **out, struct fault *fault);

/** Writes one, 0600, by rename. */
HN_MUST_USE int edge_files_put_pem(const struct edge_files *f, enum edge_side_name side, const char *name,
				   const char *text, struct fault *fault);

#endif
