/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_APPLICATION_H
#define HINOMI_WITNESS_APPLICATION_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/describe.h"
#include "witness/witness.h"

/*
 * Applications: what the hub hands to the commission to sign. The first one that is seen under an id is the
 * application; another under the same id is an alarm. What is signed is the bytes that were decoded and
 * shown, named by their digest. States: handed, signed (by enough), refused, unseen (issued elsewhere without
 * having been seen here: it counts as none).
 */

/** In a transaction: an element of the hub's list. What contradicts itself or what was seen is an alarm. */
HN_MUST_USE int application_shown(struct state *s, const json_t *shown);

/** In a transaction: a document that the commission itself brings here. @return HN_EEXIST: another under its
 * id */
HN_MUST_USE int application_bring(struct state *s, const char *text, size_t len, struct fault *fault);

/** In a transaction: gives each that was signed by enough, decoded, until `one` returns something else than
 * HN_OK, which is handed on. */
HN_MUST_USE int application_each_signed(struct state *s,
					int (*one)(void *context, const struct authorization *a),
					void *context);

/** One, decoded. */
struct application {
	char id[UUID_TEXT_SIZE], state[16], digest[SHA256_HEX_SIZE];
	const char *reason;          /* of a refusal; "" */
	size_t signatures;           /* that hold */
	unsigned threshold;          /* of the trust file in force here; 0: none */
	char former[UUID_TEXT_SIZE]; /* the last one signed of the same party or sets; "": none */
	struct description what;     /* with the difference to it */
	int64_t came_ns, decided_ns;
};

/** In a transaction. @param arena  keeps its text. @return HN_ENOENT; HN_EFORMAT: it cannot be decoded in
 * full, so nobody can sign it */
HN_MUST_USE int application_get(struct state *s, const char *id, struct arena *arena, struct application *out,
				struct fault *fault);

/**
 * Signs with the member's key that this machine holds, and lets it be handed to the hub.
 *
 * @param digest      of what was shown
 * @param passphrase  in memory that the caller wipes; NULL: none
 * @return HN_ENOENT; HN_EAUTH: another digest, a wrong passphrase, a key that the trust file does not name;
 *         HN_ESTATE: it is not waiting; HN_EEXIST: this key has signed
 */
HN_MUST_USE int application_sign(struct witness *w, const char *id, const char *digest,
				 const char *passphrase, struct fault *fault);

/** Takes a document that was signed elsewhere: the same payload, signatures that hold. @return as above */
HN_MUST_USE int application_take(struct witness *w, const char *id, const char *text, size_t len,
				 struct fault *fault);

/** Refuses with a reason. @return HN_ENOENT, HN_ESTATE, HN_EFORMAT */
HN_MUST_USE int application_refuse(struct witness *w, const char *id, const char *reason,
				   struct fault *fault);

/** Signs a new revocation list: all of the former and, where given, one more. @param id  NULL: a renewal */
HN_MUST_USE int application_revoke(struct witness *w, const char *id, const char *passphrase,
				   struct fault *fault);

#endif
