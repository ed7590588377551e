/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_AUTHORITY_ISSUE_H
#define HINOMI_CLI_AUTHORITY_ISSUE_H

#include <stdbool.h>

#include "authority/authorization.h"
#include "authority/trust.h"
#include "base/options.h"

/** The command line of `hinomi authority issue`. */
struct issue_options {
	const char *output, *trust, *basis, *party, *purpose, *from, *until, *identified, *retention;
	struct option_list directions, facilities, links, acts, sensors, sets, patterns, recipients;
	bool json;
};

/**
 * Makes the authorisation that the options describe; draws its id and its pseudonym secret, which is sealed
 * to the sensors whose key is given and then forgotten. Does not judge it (authorization_read does).
 *
 * @param out  the caller's; authorization_free()
 * @return HN_EXIT_DONE, or another exit code after one line of log
 */
int issue_build(const struct issue_options *o, const struct trust *trust, struct authorization **out);

#endif
