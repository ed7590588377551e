/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_MERGE_H
#define HINOMI_MATCH_MERGE_H

#include "base/err.h"
#include "match/build.h"
#include "match/set.h"

/**
 * Puts the live entries of a set in force, and its newest holdings, into a builder that is empty: its
 * finished file is a new base with the same bytes as a fresh compile of those entries.
 *
 * @return HN_EUNSUPPORTED when a layer's metadata was left out; what him_build_new() and him_build_add()
 * return
 */
HN_MUST_USE int merge_set(const struct set *s, const struct him_build_limits *limits, struct him_build **out);

#endif
