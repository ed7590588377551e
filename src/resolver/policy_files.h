/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_FILES_H
#define HINOMI_RESOLVER_POLICY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fault.h"
#include "match/set.h"
#include "resolver/pages.h"
#include "resolver/rpz.h"

/*
 * The files that sets of a policy are made of, counted by who uses them, so that a policy takes over from the
 * one before it whatever did not change. Who counts holds the store's lock.
 *
 * A small file is read in passing. A large one keeps who reads it busy for seconds, so that may be done
 * ahead, without the lock (policy_source_read()), while what is small is put in force.
 */

/** Bytes of a `.him` and of a zone file that take a few milliseconds. */
#define POLICY_HIM_SMALL (UINT64_C(16) << 20)
#define POLICY_RPZ_SMALL (UINT64_C(512) << 10)

#define POLICY_FILES_MAX (SET_OVERLAYS_MAX + 1)

/** How a file is known again: replaced or written over, one of these differs. */
struct policy_identity {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
};

struct policy_file {
	unsigned users;
	char *path;
	struct policy_identity identity;
	struct pages bytes;             /* of a `.him`; of a zone file empty */
	bool overlay;                   /* of a `.him` */
	uint8_t base[32];               /* of an overlay: the base's digest */
	uint8_t digest[32], origin[32]; /* of a `.him`; origin: all zero where nothing was left out */
};

/** What answers for one set. */
struct policy_source {
	unsigned users;
	size_t count;
	struct policy_file *files[POLICY_FILES_MAX]; /* base first */
	struct set *set;                             /* of `.him` files */
	struct rpz *zone;
};

/** Where a file may be found that is read already. */
struct policy_source_list {
	struct policy_source *const *sources;
	size_t count;
};

/** Takes what was left out. */
typedef void policy_note_take(void *context, const char *path, const char *message);

/** A large file that has to be read. */
struct policy_wait {
	char *path;
	bool rpz;
};

#define POLICY_WAITS_MAX 64

/** How files are read. All zero: every one, whatever its size. */
struct policy_reading {
	bool in_passing; /* large files are not read, but listed in waits */
	/* A set with such a file stays as it was, but for overlays of its base, which are added. */
	bool without_waiting;
	size_t wait_count; /* may be higher than what has room in waits */
	struct policy_wait waits[POLICY_WAITS_MAX];
};

/** Frees the paths; all zero is allowed. */
void policy_reading_clear(struct policy_reading *reading);

struct policy_set_spec;

/**
 * Opens the files of a set, or takes a source of `known` that consists of the same files. Uses one up.
 *
 * @param known    sources whose files need not be read again
 * @param former   the set's own, for without_waiting; NULL: none
 * @param note     is told of what is left out
 * @param out      NULL where it waits for a large file, and where nothing is to be made without that
 * @return as policy_new()
 */
HN_MUST_USE int policy_source_open(const struct policy_set_spec *spec, const struct policy_source_list *known,
				   struct policy_source *former, struct policy_reading *reading,
				   policy_note_take *note, void *context, struct policy_source **out,
				   struct fault *fault);
/**
 * Reads one file, without the lock, for policy_source_open() to find among `known`: it answers for no set.
 *
 * @return as policy_new()
 */
HN_MUST_USE int policy_source_read(const struct policy_wait *wait, struct policy_source **out,
				   struct fault *fault);
struct policy_source *policy_source_use(struct policy_source *s);
/** NULL is allowed. */
void policy_source_release(struct policy_source *s);

#endif
