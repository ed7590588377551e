/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_WORDS_H
#define HINOMI_STORE_WORDS_H

#include <stddef.h>

#include "base/err.h"

/*
 * The words of a text in any language, for the index and for what is asked of it, in both stores alike.
 *
 * The text is put into NFKC and folded to lower case (Unicode 15, as libunistring knows it): full-width
 * letters, half-width kana and capitals make no difference. Runs of Han, kana and Hangul, which put no space
 * between words, give each pair of neighbours and each sign by itself; other runs of letters, marks and
 * digits are a word. Everything else stands between words. A word over WORD_MAX bytes is cut at a letter's
 * end.
 */
#define WORD_MAX 64

enum words_use {
	WORDS_INDEX, /* pairs and single signs */
	WORDS_ASKED, /* pairs; a single sign only where it stands alone */
};

/**
 * One word. @param start, end  where in the text it stands, in bytes: of the run, for a text whose form
 * changes its length
 * @return anything but HN_OK ends the reading with it
 */
typedef int (*word_fn)(void *context, const char *word, size_t len, size_t start, size_t end);

/**
 * Tells the words of a text, in their order.
 *
 * @param text  UTF-8; bytes that are not UTF-8 stand between words
 * @return HN_ENOMEM, or what fn returned
 */
HN_MUST_USE int words_of(const char *text, size_t len, enum words_use use, word_fn fn, void *context);

#endif
