/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECORD_TEXT_H
#define HINOMI_RESOLVER_RECORD_TEXT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Reads "TYPE DATA", as `records` of a policy has it: master format, names absolute or below the root.
 *
 * @param rdata  takes the data in wire form; initialised by the caller, worth nothing on an error
 * @return HN_EFORMAT, HN_ENOENT (the type is unknown), HN_ELIMIT, HN_ETRUNC: it is no record; HN_ENOMEM
 */
HN_MUST_USE int record_text_parse(const char *text, uint16_t *type_out, struct buf *rdata);

#endif
