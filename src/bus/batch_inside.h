/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_BATCH_INSIDE_H
#define HINOMI_BUS_BATCH_INSIDE_H

#include "bus/batch.h"

/* Shared by the files of batches and of the spool. */

#define BATCH_STUB_MAX 80 /* bytes of a stub's line, with its line feed and a NUL */

/** The one line of a stub's body, with its line feed. @return its length */
int batch_stub_line(uint64_t count, enum batch_gone gone, char out[BATCH_STUB_MAX]);

/** A decimal number without sign or leading zero, up to 16 digits. @return HN_EFORMAT */
HN_MUST_USE int batch_number(const char *text, size_t len, uint64_t *out);

#endif
