/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DIRECTORY_H
#define HINOMI_STORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"
#include "store/credentials.h"
#include "store/store.h"

/*
 * Organisations, groups, people and what they sign in with, as an image in memory of what the store holds:
 * who asks is worked out from it at each request, without a query. A change is in the image before the one
 * who made it is answered, so that what was taken away is gone at the next request. Where several hubs share
 * one database each request first compares the number of the last change (directory_current()).
 *
 * All functions may be called from any thread.
 */
struct directory;

/** Reads everything. The store must outlive it. @param shared  other processes change the database too */
HN_MUST_USE int directory_open(struct store *store, bool shared, struct directory **out, struct fault *fault);
/** When the store does no job any more: it tells the directory of each. NULL is allowed. */
void directory_close(struct directory *d);

/**
 * Before somebody is believed: takes in what other processes have changed, where the database is shared, and
 * what could not be read when it was changed. Else nothing happens. @return HN_EIO, HN_ENOMEM: nobody is to
 * be believed now
 */
HN_MUST_USE int directory_current(struct directory *d);

/** The number of the last change in the image. */
int64_t directory_revision(struct directory *d);

/* ---- who signs in ---- */

/** A person, or a machine of an organisation, with one of its credentials. */
struct account {
	int64_t person;       /* 0: a machine */
	int64_t organisation; /* of a machine; 0: where the person acts by default */
	struct uuid id;       /* the person's, or the machine's credential */
	struct credential credential;
	bool has_totp; /* the person has a second factor */
};

/** By login, with the password. @return HN_ENOENT: nobody, suspended, or without a password */
HN_MUST_USE int directory_login(struct directory *d, const char *login, size_t len, struct account *out);

/** By token digest or certificate fingerprint. @return HN_ENOENT: nobody, suspended, ended or expired */
HN_MUST_USE int directory_credential(struct directory *d, enum credential_kind kind,
				     const uint8_t secret[CREDENTIAL_DIGEST], int64_t now_us,
				     struct account *out);

/** By number, e.g. of a sign-in that was verified earlier. @return HN_ENOENT: it is not there any more, or is
 * another one by now (its revision) */
HN_MUST_USE int directory_again(struct directory *d, int64_t credential, int64_t revision, int64_t now_us,
				struct account *out);

/** Of a credential that was read from the store. @return HN_ENOENT: suspended, ended or expired */
HN_MUST_USE int directory_holder(struct directory *d, const struct credential *credential, int64_t now_us,
				 struct account *out);

/** Whether the person has a passkey. */
bool directory_has_passkey(struct directory *d, int64_t person);

/** The person's second factor. @return HN_ENOENT */
HN_MUST_USE int directory_totp(struct directory *d, int64_t person, struct credential *out);

/**
 * Who asks, as of now.
 *
 * @param organisation  for which the person acts; NULL: the account's own
 * @return HN_EAUTH: no place in (this) organisation now
 */
HN_MUST_USE int directory_asker(struct directory *d, const struct account *account,
				const struct uuid *organisation, int64_t now_us, struct asker *out);

/** Who a person would be, for explanations: the same without a credential. @return HN_ENOENT, HN_EAUTH */
HN_MUST_USE int directory_person_asker(struct directory *d, const struct uuid *person,
				       const struct uuid *organisation, int64_t now_us, struct asker *out);

/** Who a machine of an organisation would be, with all that its organisation has: the audience of a feed. */
HN_MUST_USE int directory_organisation_asker(struct directory *d, int64_t organisation, int64_t now_us,
					     struct asker *out);

/* ---- names and numbers ---- */

enum directory_thing { DIRECTORY_ORGANISATION, DIRECTORY_GROUP, DIRECTORY_PERSON, DIRECTORY_CREDENTIAL };

/** @return the number; 0: there is none */
int64_t directory_number(struct directory *d, enum directory_thing thing, const struct uuid *id);
/** @return HN_ENOENT */
HN_MUST_USE int directory_uuid(struct directory *d, enum directory_thing thing, int64_t number,
			       struct uuid *out);
/** The kind of an organisation. @return HN_ENOENT */
HN_MUST_USE int directory_kind(struct directory *d, int64_t organisation, enum org_kind *out);
/** The centre's number; 0 before `hinomi hub init`. */
int64_t directory_centre(struct directory *d);

/* ---- reading, as somebody ---- */

/**
 * Appends the JSON of one thing as the asker may know it:
 *
 *   organisation  whole: its own people and the centre. As a card: ministries, police, defence, commission
 *                 and centre to all who are signed in; any other to those in a common group, its parents and
 *                 its clients
 *   group         its members, its keeper and the centre
 *   person        oneself; administrators of an organisation in which the person has a place; the centre's
 *                 administrators and auditors
 *   credential    without secrets: its person; of a machine its organisation's administrators; the centre's
 *                 administrators
 *
 * @param revision_out  for the entity tag: what changes when, and only when, the bytes may
 * @return HN_ENOENT: not there, or not to be known; nobody can tell which
 */
HN_MUST_USE int directory_get(struct directory *d, const struct asker *asker, int64_t now_us,
			      enum directory_thing thing, const struct uuid *id, struct buf *out,
			      int64_t *revision_out);

/**
 * The same for many, in the order of their numbers, separated by commas.
 *
 * @param after       number behind which to begin; 0: from the first
 * @param within      0, or of organisations and people: of this group, of this organisation; of credentials:
 *                    of this person
 * @param last_out    the last number given out
 */
HN_MUST_USE int directory_list(struct directory *d, const struct asker *asker, int64_t now_us,
			       enum directory_thing thing, int64_t within, int64_t after, size_t limit,
			       struct buf *out, int64_t *last_out, bool *more_out);

/* ---- for owners.h ---- */
struct organisation;
/** Calls fn for each organisation that has not ended. The organisation lives during the call. */
HN_MUST_USE int directory_each(struct directory *d,
			       int (*fn)(void *context, int64_t number, const struct organisation *o),
			       void *context);
/** Rises with each change of an organisation. */
int64_t directory_organisations_revision(struct directory *d);

#endif
