/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_ASK_H
#define HINOMI_EDGE_ASK_H

#include "base/buf.h"
#include "base/err.h"
#include "bus/head.h"

#define ASK_WORDS_SIZE 1024

/**
 * What a question of the hub is to the resolver (docs/resolver.md): `explain NAME CLIENT TYPE`, `sketch
 * NAME`, `stats`. A word stays a word: nothing that is asked becomes another command.
 *
 * @param arguments  a JSON object
 * @return HN_EFORMAT: no such argument, or one with a space or control character, or empty; HN_ELIMIT
 */
HN_MUST_USE int ask_words(enum head_ask ask, const char *arguments, char out[ASK_WORDS_SIZE]);

/**
 * Asks the resolver's control socket: one line of words, one line of JSON.
 *
 * @param out  appended to: its answer
 * @return HN_EIO: nobody listens, or it did not answer within 4 s; HN_ELIMIT: more than `out` holds
 */
HN_MUST_USE int ask_control(const char *socket, const char *words, struct buf *out);

#endif
