/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ANSWER_PRINT_H
#define HINOMI_RESOLVER_ANSWER_PRINT_H

#include <jansson.h>

#include "base/buf.h"

/**
 * Appends an answer of the control socket for people: members as "label: value" in the user's language,
 * objects within indented, lists of objects as tables. Control characters become "?".
 */
void answer_print(const json_t *answer, struct buf *out);

#endif
