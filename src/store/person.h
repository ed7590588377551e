/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_PERSON_H
#define HINOMI_STORE_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"

struct arena;

/* A person as the JSON says (catalog/api/person.schema.json). Times are microseconds, 0: not said. */

#define PERSON_TEXT_MAX  (64u << 10)
#define PERSON_LOGIN_MAX 128 /* bytes: lower-case letters, digits and ._@+- */

/** Roles in one organisation. */
struct person_place {
	struct uuid organisation;
	unsigned roles; /* enum role; 0: belongs to it without a role */
	int64_t until_us;
};

/** An authorisation that names the person as a handler of what was selected under it. */
struct person_handling {
	struct uuid authorization;
	int64_t until_us;
};

struct person {
	struct uuid id;
	char login[PERSON_LOGIN_MAX + 1];
	bool active;
	struct person_place *places; /* the first is where the person acts when nothing else is said */
	size_t place_count;
	unsigned clearance;
	int64_t clearance_until_us;
	struct person_handling *handlings;
	size_t handling_count;
	char *text; /* canonical JSON */
	size_t text_len;
	/* private */
	struct arena *memory;
};

/** Reads and checks one. @return as organisation_read() */
HN_MUST_USE int person_read(const char *text, size_t len, const struct uuid *id, struct person *out,
			    struct fault *fault);
void person_clear(struct person *p);

/** The words of roles and clearances ("administrator", "top-secret"). NULL: no such value. */
const char *role_name(unsigned role); /* of one role */
const char *clearance_name(unsigned clearance);
/** Back from words; -1: no such word. */
int role_value(const char *name, size_t len);
int clearance_value(const char *name, size_t len);

#endif
