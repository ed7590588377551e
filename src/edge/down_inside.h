/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_DOWN_INSIDE_H
#define HINOMI_EDGE_DOWN_INSIDE_H

#include <limits.h>

#include "base/utc.h"
#include "edge/down.h"

/* Between the files of edge/down.h. */

#define DOCUMENT_MAX ((uint64_t)64 << 20)
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

/* ---- files: down_files.c ---- */

void held_set_path(const struct held *h, const uint8_t digest[32], char out[SET_PATH]);
/** Those of the head that is coming, of its former ones where these were chosen. */
const struct head_file *held_files(const struct held *h, size_t *count);
/** With the documents of authorisations. */
size_t held_file_count(const struct held *h);
const struct head_file *held_file(const struct held *h, size_t at);
void held_file_path(const struct held *h, size_t at, char out[SET_PATH]);
/** Whether this process has seen that file to be right. */
bool held_is_known(const struct held *h, const struct head_file *f);
/** Whether a file has its name already, which it gets once it is whole and right. */
bool held_is_here(const struct held *h, const struct head_file *f);
/** @return HN_ELIMIT: it names more than an edge takes */
HN_MUST_USE int down_check_sizes(const struct head *head, struct fault *fault);
bool down_room_for(const struct down *d, uint64_t bytes);
/** Whether the disk has room for what is not there yet. */
bool held_has_room(const struct held *h);
/** Removes a set's files that the head in force does not name. */
void held_tidy(const struct held *h);

/* ---- putting in force: down_install.c ---- */

HN_MUST_USE int down_make_folder(const struct down *d, const char *name);
/** Gives the consumer what the head names; all of it is here. @return HN_EIO, HN_ENOSPC, HN_ENOMEM */
HN_MUST_USE int held_install(const struct held *h);
/** The signed head is kept: what may follow it is known after a restart, too. */
HN_MUST_USE int held_keep_head(const struct held *h);

/* ---- bringing: down_bring.c ---- */

/** A verified head of this kind and id; its memory is h's. @param text  as it came; copied */
void held_begin(struct held *h, struct head *head, const char *text, size_t len);
/** The one that came meanwhile, or whose time to be tried again has come. */
void held_take_next(struct held *h);
/** To the new base that is here by now, or is to be fetched. */
void held_go_on(struct held *h);
/** Gives up the one that is coming. */
void held_drop(struct held *h);

/* ---- what people are told: down_told.c ---- */

void held_trouble(const struct held *h, const char *message);
/** @param r  says more than err where it is not NULL */
void held_tell(const struct held *h, int err, const struct client_result *r);
void down_not_taken(struct down *d, int err, struct fault *fault);
void down_away(struct down *d, const struct client_result *r);

#endif
