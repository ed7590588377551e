/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_ASK_H
#define HINOMI_EDGE_ASK_H

#include "base/buf.h"
#include "base/err.h"

/**
 * Asks the resolver's control socket (docs/resolver.md): one line of words, one line of JSON.
 *
 * @param out  appended to: its answer
 * @return HN_EIO: nobody listens, or it did not answer within 4 s
 */
HN_MUST_USE int ask_control(const char *socket, const char *words, struct buf *out);

#endif
