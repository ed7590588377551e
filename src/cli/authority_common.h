/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_AUTHORITY_COMMON_H
#define HINOMI_CLI_AUTHORITY_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/jws.h"
#include "authority/key.h"
#include "authority/refusal.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/fault.h"

/* What several sub-commands do. Functions that return int give HN_EXIT_DONE or, after one line of log,
 * another exit code. */

/** Logs a fault as one line. @return the exit code that fits the error */
int report_fault(int err, const struct fault *fault);

/** Logs a refusal about a file. @return HN_EXIT_NO */
int report_refusal(const char *path, enum refusal r, const struct refusal_detail *detail);

/** Logs that a mandatory option is missing. @return HN_EXIT_USAGE */
int report_missing(const char *option);

/** Logs a wrong value of an option. @return HN_EXIT_USAGE */
int report_value(const char *option, const char *value, const char *expected);

int load_trust(const char *path, struct trust *out);
int load_key(const char *path, const char *passphrase_file, struct key **out);
/** Reads a whole file (at most JWS_SIZE_MAX); the caller clears out also after an error. */
int load_text(const char *path, struct buf *out);
int load_jws(const char *path, struct jws *out);

/** Writes a new document; an existing file is left alone. */
int save_new(const char *path, const struct jws *j);
/** Writes it in the place of the file that is there. */
int save_over(const char *path, const struct jws *j);

/**
 * A passphrase from the first line of a file, in sodium_malloc(): free with sodium_free(). NULL path gives
 * NULL.
 */
int load_passphrase(const char *path, char **out);

/** A draft over what the buffer holds, written as a new file; its digest on stdout as a line or JSON. */
int save_draft(const char *path, const struct buf *payload, bool json, const char *id);

/** RFC 3339, "now", or (when base_ns is not negative) a duration from base. option names it in errors. */
int read_time(const char *option, const char *text, int64_t base_ns, int64_t *out);

/** Limits that allow all that has a form: to show people what is not allowed, never to judge. */
const struct limits *authorization_any_limits(void);

/** Prints the names and bounds of an authorisation for people. */
void print_authorization(const struct authorization *a, const struct trust *trust);

/** Prints who signed: by name where trust is given and names the key. */
void print_signers(const struct jws *j, const struct trust *trust);

#endif
