/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_SPELL_H
#define HINOMI_STIX_SPELL_H

#include <stddef.h>

#include "base/err.h"
#include "stix/object.h"

#define STIX_SPELL_MAX 2048 /* bytes; what is longer cannot be asked by */

/**
 * The one spelling in which a value stands among the values of objects (struct stix_value), whether an object
 * says it or somebody asks for it: "AA-BB-..." is "aa:bb:...", "HKLM\..." is "hkey_local_machine\...".
 *
 * @param kind  any but STIX_VALUE_ENTRY, whose forms are match/canonical.h's
 * @return HN_EFORMAT: it is no such value; HN_ELIMIT: too long. Then out and *len_out are untouched
 */
HN_MUST_USE int stix_spell(enum stix_value_kind kind, const char *text, size_t len, char out[STIX_SPELL_MAX],
			   size_t *len_out);

#endif
