/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_CREDENTIAL_H
#define HINOMI_HUB_EXCHANGE_CREDENTIAL_H

#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * What a source signs in with, as JSON: {"kind": "basic", "user", "password"}, {"kind": "token", "token"} or
 * {"kind": "certificate", "certificate", "key"} (PEM). Its texts stand in locked memory and nowhere else.
 */
struct source_credential {
	const char *user, *password;
	const char *token;
	const char *certificate, *key;
	char *room; /* locked; the texts stand in it */
};

/**
 * Reads one. A text that goes into a header has no line break, none has a NUL.
 *
 * @param out  source_credential_clear() it
 * @return HN_EFORMAT, HN_ETRUNC, HN_ENOMEM; the fault names the member and quotes nothing
 */
HN_MUST_USE int source_credential_read(const char *text, size_t len, struct source_credential *out,
				       struct fault *fault);

/** Wipes and frees. A zeroed one is allowed. */
void source_credential_clear(struct source_credential *credential);

#endif
