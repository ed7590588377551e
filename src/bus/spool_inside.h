/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_SPOOL_INSIDE_H
#define HINOMI_BUS_SPOOL_INSIDE_H

#include <pthread.h>

#include "bus/spool.h"

/* Shared by the files of the spool. */

#define SPOOL_HEADER_MAX 8192 /* bytes of a file's first line, with its line feed */
#define SPOOL_NAME_SIZE  64
#define SPOOL_BLOCK      4096

/** What a file's ending says. All but the first have lost their body. */
enum spool_form { FORM_FULL, FORM_SENT, FORM_SPACE, FORM_RETENTION, FORM_DAMAGED, FORM_COUNT };

/** One file of a stream: lines first..first + count - 1. After spool_renew() "0-0.sent" keeps a position
 * alone, of records "1-N.sent" also their number. */
struct spool_entry {
	uint64_t first, count;
	uint64_t bytes; /* on the disk, in whole blocks */
	size_t header_len;
	int64_t erase_by_ns; /* 0: none */
	enum spool_form form;
};

/** A stream: its folder and its files in order. */
struct spool_lane {
	int dir_fd;
	enum stream stream;
	struct spool_entry *entries;
	size_t count, room;
	uint64_t added;
	uint64_t through[SPOOL_DESTINATION_COUNT];
	uint64_t gone[BATCH_GONE_COUNT];
	char position[SPOOL_POSITION_MAX + 1];
	bool broken; /* disk and memory differ until it is opened anew */
};

struct spool {
	pthread_mutex_t lock; /* guards all that follows */
	const struct ledger_io *io;
	int root_fd;
	uint64_t number; /* of the epoch's folder */
	struct uuid epoch;
	uint64_t bytes, bytes_max;
	bool full;
	unsigned wanted[STREAM_COUNT];
	struct spool_lane lanes[STREAM_COUNT];
};

/** A file's first line. */
struct spool_header {
	enum stream stream;
	struct uuid epoch;
	uint64_t first, count, size; /* size: of the body */
	uint8_t digest[32];
	int64_t erase_by_ns;
	char position[SPOOL_POSITION_MAX + 1];
};

/** Appends the line with its line feed. */
HN_MUST_USE int spool_header_write(const struct spool_header *h, struct buf *out);
/** Reads it from the beginning of a file. @param len_out with its line feed. @return HN_EFORMAT */
HN_MUST_USE int spool_header_read(const char *data, size_t len, struct spool_header *out, size_t *len_out);

/** "FIRST-COUNT.zst" and kin; and back. @return HN_EFORMAT */
void spool_name(uint64_t first, uint64_t count, enum spool_form form, char out[SPOOL_NAME_SIZE]);
HN_MUST_USE int spool_name_read(const char *name, struct spool_entry *out);
/** "hub.17"; and back. @return HN_EFORMAT */
void spool_mark_name(enum spool_destination to, uint64_t through, char out[SPOOL_NAME_SIZE]);
HN_MUST_USE int spool_mark_read(const char *name, enum spool_destination *to_out, uint64_t *through_out);

/** The last line's number; 0 for the entry that has none. */
uint64_t spool_last(const struct spool_entry *e);

/** What all who want the stream have. */
uint64_t spool_all_have(const struct spool *s, const struct spool_lane *lane);

/** Writes a file whole or not at all and makes it durable. @return as hn_err_of_errno() */
HN_MUST_USE int spool_put(const struct spool *s, int dir_fd, const char *name, const void *head,
			  size_t head_len, const void *body, size_t len);

/** Reads a file's header. @param size_out the file's size, also where the header is bad. @return HN_EFORMAT,
 * HN_EIO */
HN_MUST_USE int spool_header_of(const struct spool_lane *lane, const struct spool_entry *e,
				struct spool_header *out, size_t *len_out, uint64_t *size_out);

/** Takes an entry's body away: it is renamed to what became of it, made durable, overwritten (records), cut.
 */
HN_MUST_USE int spool_strip(struct spool *s, struct spool_lane *lane, size_t i, enum spool_form form);

/** Ends what spool_strip() began, if anything: cuts the file behind its header. */
HN_MUST_USE int spool_cut(struct spool *s, const struct spool_lane *lane, struct spool_entry *e);

/** Removes what all have; the last file of a stream stays for its number and position. */
HN_MUST_USE int spool_clear(struct spool *s, struct spool_lane *lane);

/** Lets one batch of what may give way go. @return HN_ENOSPC: nothing may */
HN_MUST_USE int spool_give_way(struct spool *s);
/** The oldest of a stream. @return HN_ENOENT: it has none */
HN_MUST_USE int spool_give_way_in(struct spool *s, struct spool_lane *lane);

/** Makes room in memory for one more entry; adds it there. @return HN_ENOMEM */
HN_MUST_USE int spool_reserve(struct spool_lane *lane);
void spool_push(struct spool *s, struct spool_lane *lane, const struct spool_entry *e);
/** Forgets one in memory. */
void spool_forget(struct spool *s, struct spool_lane *lane, size_t i);

/** Makes an empty epoch's folders below "new" and opens those of the streams. @param fds_out one each, to
 * close */
HN_MUST_USE int spool_make_folders(const struct spool *s, int fds_out[STREAM_COUNT]);
/** Puts "new" in force as the epoch of this number. */
HN_MUST_USE int spool_take_folders(const struct spool *s, uint64_t number, const struct uuid *epoch);
/** Reads the epoch s->number, s->epoch into memory and ends what a kill left half done. */
HN_MUST_USE int spool_load(struct spool *s, struct fault *fault);
/** Forgets it. */
void spool_unload(struct spool *s);
/** Removes a folder of an epoch, whole or half made. */
HN_MUST_USE int spool_remove_tree(const struct spool *s, const char *name);
/** "3-5f0e..." */
void spool_epoch_name(uint64_t number, const struct uuid *epoch, char out[SPOOL_NAME_SIZE]);

#endif
