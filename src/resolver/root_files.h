/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ROOT_FILES_H
#define HINOMI_RESOLVER_ROOT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * The two files with which resolution begins, as dns-root-data has them: trust anchors (DS and DNSKEY
 * records, one a line) and root hints (A and AAAA records of the root's servers). Comments begin with ';'.
 */
#define ROOT_FILE_SIZE_MAX (1u << 20)
#define ROOT_ANCHORS_MAX   64
#define ROOT_SERVERS_MAX   256
#define ROOT_LINE_MAX      4096 /* bytes */
#define ROOT_FILES         2

/** What stood in them. */
struct root_data {
	char *anchors[ROOT_ANCHORS_MAX]; /* one line each, without comments and times to live */
	size_t anchor_count;             /* at least 1 */
	struct endpoint servers[ROOT_SERVERS_MAX];
	size_t server_count; /* at least 1 */
};

/** Frees what is in it; it is empty then. */
void root_data_clear(struct root_data *d);
bool root_data_equal(const struct root_data *a, const struct root_data *b);

/** Adds the anchors of a text. @return HN_EFORMAT (place: NAME:LINE), HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int root_anchors_parse(const char *name, const char *text, size_t len, struct root_data *out,
				   struct fault *fault);
/** Adds the servers of a text. @return as above */
HN_MUST_USE int root_hints_parse(const char *name, const char *text, size_t len, struct root_data *out,
				 struct fault *fault);

struct root_files;

/**
 * Opens the directories that the files lie in and begins to watch them; reads nothing.
 *
 * @return HN_ENOENT, HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int root_files_new(const char *trust_anchors, const char *root_hints, struct root_files **out,
			       struct fault *fault);
/** NULL is allowed. */
void root_files_free(struct root_files *f);

/** Reads both. @param out  cleared by the caller with root_data_clear(); nothing is in it on an error */
HN_MUST_USE int root_files_read(const struct root_files *f, struct root_data *out, struct fault *fault);

/** Readable when something in the directories changed. */
int root_files_watch_fd(const struct root_files *f);
/** Reads what the watch says. @return whether one of the two files may have changed */
bool root_files_changed(const struct root_files *f);
/** The directories; they stay root_files' own. */
void root_files_dirs(const struct root_files *f, int dir_fds_out[ROOT_FILES]);

#endif
