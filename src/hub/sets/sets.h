/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_SETS_H
#define HINOMI_HUB_SETS_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "http/request.h"
#include "hub/hub.h"

/*
 * Publishing sets: what was decided becomes an overlay at once, overlays become a base in the background.
 * Files lie in sets/ below the data folder, named by their digests; a head, signed by the hub, names those in
 * force. Three threads: one publishes, one merges, one reads warning lists that were changed.
 */
struct key;
struct key_public;
struct warnings;

extern const struct hub_part SETS;

#define SETS_PATH_SIZE (64 + 5)

/** In a job that decided something: as soon as it is committed it is published. */
void sets_decided(void);

/** In a job that changed a warning list: as soon as it is committed the image is made anew. */
void sets_lists_changed(void);

/** The key that signs heads; lives as long as the hub. */
const struct key_public *sets_key(void);

/** The same with its secret, for who signs heads. */
const struct key *sets_secret(void);

/** Where organisations are; NULL before the hub has begun. */
struct directory;
struct directory *sets_directory(void);

/** The folder of the files. */
int sets_dir(void);

/** "DIGEST.him" */
void sets_file_name(const uint8_t digest[32], char out[SETS_PATH_SIZE]);

/** Work of seconds that a server's thread must not do: run by the thread that merges, in turn; at the end of
 * the hub at the latest. */
struct sets_work {
	void (*run)(struct sets_work *work);
	struct sets_work *next; /* of the queue */
};
void sets_do(struct sets_work *work);

/** The warning lists. Whether they are those in force now says warnings_revision(). */
struct warnings *sets_warnings(void);

/** Of a set marked so closely that its reading stands in the ledger: an entry of this reading. */
struct reader;
HN_MUST_USE int sets_note_read(struct request *r, struct reader *reader, int64_t label,
			       const uint8_t digest[32]);

/* ---- following (hub/sets/follow.c) ---- */

/** Before the head is read that follow_wait() then finds too old. */
uint64_t follow_turn(void);

/**
 * Lets a request wait until the set has another head than at that turn, or the time is over; then `again` is
 * called.
 *
 * @return HN_ELIMIT: too many wait
 */
HN_MUST_USE int follow_wait(struct request *r, const struct uuid *set, uint64_t turn, int64_t wait_ns,
			    int (*again)(struct request *r));

/** A set has another head: who waits for it goes on. */
void follow_tell(const struct uuid *set);

/** Lets go whose time is over, or all. @return how many still wait */
size_t follow_tick(int64_t now_ns, bool all);

#endif
