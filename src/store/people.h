/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_PEOPLE_H
#define HINOMI_STORE_PEOPLE_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"
#include "store/credentials.h"
#include "store/store.h"

/*
 * Changes of people; reading is store/directory.h's. Who may change what:
 *
 *   - Nobody changes their own roles, clearance, handlings or whether they are active; names and address they
 *     may.
 *   - The centre's administrators change anybody else in anything.
 *   - An organisation's administrators make people of their organisation and change the roles in it, and the
 *     rest of those who have a place nowhere else; never a clearance or a handling.
 *   - The last active administrator of the centre stays: without one nobody could mend anything.
 */

/** Makes or replaces a person. Parameters and returns as organisations_put(); HN_EEXIST: the login is taken;
 * HN_ESTATE at "/places": the last administrator. */
HN_MUST_USE int people_put(struct writing *w, const struct asker *actor, const struct uuid *id,
			   int64_t revision, const char *text, size_t len, int64_t *number_out,
			   int64_t *revision_out, struct fault *fault);

/**
 * `hinomi hub init`: makes the centre, its first administrator with all roles of one, and the collections
 * that every hub has, in an empty directory.
 *
 * @param centre    JSON of the centre; its kind must say so
 * @param person    JSON of the person; its places are set here
 * @param password  secret of CREDENTIAL_PASSWORD, NUL-terminated
 * @param token     a first token, or NULL
 * @param totp      a second factor, or NULL
 * @return HN_EEXIST: somebody is there already; else as above
 */
HN_MUST_USE int people_init_first_administrator(struct writing *w, const struct uuid *centre_id,
						const char *centre, const struct uuid *person_id,
						const char *person, const char *password,
						struct credential *token, struct credential *totp,
						struct fault *fault);

#endif
