/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_HOLDINGS_H
#define HINOMI_MATCH_HOLDINGS_H

#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "match/build.h"

/**
 * Reads who holds which addresses: lines "PREFIX ORGANISATION" with white space or a comma between them,
 * comments after '#'; a header line "prefix,organisation" is passed over.
 *
 * @param name  what faults call the input
 * @return HN_EFORMAT with the line; what him_build_holdings() returns
 */
HN_MUST_USE int holdings_read(const char *name, struct cur in, struct him_build *build, struct fault *fault);

#endif
