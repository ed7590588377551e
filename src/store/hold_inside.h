/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_HOLD_INSIDE_H
#define HINOMI_STORE_HOLD_INSIDE_H

#include <stdbool.h>
#include <string.h>

#include "match/canonical.h"
#include "store/value_key.h"

/** The host of a URL, as a name or address. @return false: no URL, or no host that we know */
bool hold_host(const struct entry_key *url, struct canonical *out);

#endif
