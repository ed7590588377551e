/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_BANNED_H
#define HINOMI_BASE_BANNED_H

/*
 * The build puts this file before every source. It turns functions that cannot be used safely,
 * or that another is always better than, into compile errors. Their own headers come first,
 * because a poisoned word may not even be declared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Some are macros where the compiler has no __builtin_va_arg_pack() (clang with _FORTIFY_SOURCE). */
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef stpcpy
#undef strncpy
#undef strncat
#undef stpncpy

/* They write without knowing how much fits: struct buf, snprintf(), memcpy() with a length. */
#pragma GCC poison strcpy strcat stpcpy wcscpy wcscat sprintf vsprintf gets
/* They may leave no NUL, or cut in silence. */
#pragma GCC poison strncpy strncat stpncpy
/* They cannot tell an error from a value: OPTION_COUNT, json_get_int(), strtoull() with its end. */
#pragma GCC poison atoi atol atoll atof
/* Their result is shared by the whole process: utc_format(), gmtime_r(), struct cur. */
#pragma GCC poison strtok localtime gmtime ctime asctime ctime_r asctime_r
/* Local time and its zone are not ours: utc_parse(). */
#pragma GCC poison mktime localtime_r strptime
/* Names that another may take first: file_write_whole(), mkstemp(). */
#pragma GCC poison tmpnam tempnam mktemp
/* The words of the next are common in other headers, so only calls are caught. */
/* Guessable: randombytes_buf(). */
#define rand()     rand_is_banned
#define random()   random_is_banned
#define srand(x)   srand_is_banned
#define srandom(x) srandom_is_banned
/* A shell between us and a program: execv(). */
#define system(x)   system_is_banned
#define popen(x, y) popen_is_banned

#endif
