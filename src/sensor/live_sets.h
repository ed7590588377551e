/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_SETS_H
#define HINOMI_SENSOR_LIVE_SETS_H

#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "match/set.h"
#include "sensor/live_stand.h"

/* One version of an indicator set that was read, verified and judged. Shared between what was in force at
 * different times; immutable. */
struct live_set {
	unsigned uses;
	char name[128];              /* of its folder below EDGE/sets, or its files as configured */
	uint8_t seen[SHA256_SIZE];   /* of the head, or of what the files were: the same again is not read */
	uint8_t judged[SHA256_SIZE]; /* digest of the authorisation that it was found inside of */
	int64_t version;             /* of the head; 0: there is none */
	int64_t renamed_ns;          /* when the head was put there */
	int64_t since_ns;            /* in force, as the parser said; 0: not yet */
	int64_t took_ns;             /* from the head's coming to that */
	struct set *set;
	size_t layers;
	int fds[STAND_LAYERS_MAX]; /* base first */
	void *data[STAND_LAYERS_MAX];
	size_t sizes[STAND_LAYERS_MAX];
	uint8_t digests[STAND_LAYERS_MAX][SHA256_SIZE];
};

/** One use less; the last frees it. NULL is allowed. */
void live_set_unuse(struct live_set *s);

/** What is to be opened: a head that was read, or files. */
struct live_set_wanted {
	char name[128];
	uint8_t seen[SHA256_SIZE];
	int64_t version;
	int64_t renamed_ns;
	size_t layers;
	bool ignored; /* of another action than select */
	char paths[STAND_LAYERS_MAX][1024];
	uint8_t digests[STAND_LAYERS_MAX][SHA256_SIZE];
	bool has_digests;
};

/**
 * Reads EDGE/sets/NAME/head: {"kind":"set","id","version","base":{"digest","size"},"overlays":[...],...}.
 *
 * @return HN_ENOENT: there is none; HN_EFORMAT, HN_ELIMIT, HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int live_set_head(const char *folder, const char *name, struct live_set_wanted *out,
			      struct fault *fault);

/** Of "BASE.him,OVERLAY.him" as configured. */
HN_MUST_USE int live_set_files(const char *list, struct live_set_wanted *out, struct fault *fault);

/**
 * Opens and verifies it: every byte of files that `former` (may be NULL) has not got already.
 *
 * @return what him_verify() and set_open() say; HN_EAUTH when a file is not the one that the head names
 */
HN_MUST_USE int live_set_open(const struct live_set_wanted *wanted, const struct live_set *former,
			      struct live_set **out, struct fault *fault);

/** Whether every entry lies in the bounds of the authorisation. */
HN_MUST_USE enum refusal live_set_judge(struct live_set *s, const struct authorization *a,
					struct refusal_detail *detail);

#endif
