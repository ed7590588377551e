/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_LANG_H
#define HINOMI_BASE_LANG_H

/** The languages in which every text a person sees exists. */
enum lang { LANG_EN, LANG_JA };

/**
 * The user's language: HINOMI_LANG, else LC_ALL, LC_MESSAGES, LANG, the first that is set;
 * Japanese when it begins with "ja", else English. Read once; call first before threads start.
 */
enum lang lang_get(void);

/** Overrides the environment, for tests. */
void lang_set(enum lang lang);

/** The language on this thread alone, for programs that answer each in his own. Stays until the next call. */
void lang_set_thread(enum lang lang);

/** This thread speaks the program's language again. */
void lang_reset_thread(void);

/**
 * The text in the user's language. Both are format strings with the same arguments in the
 * same order, so the compiler checks either.
 */
const char *tr(const char *en, const char *ja) __attribute__((format_arg(1), format_arg(2)));

#endif
