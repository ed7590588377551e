/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_TABLE_H
#define HINOMI_STIX_TABLE_H

#include "stix/types.h"
#include "stix/values.h"

/* How the rows of the standard's tables are written; only the tables include this. */

/* clang-format off */
#define NAMED(text) .name = (text), .name_len = sizeof(text) - 1
#define BOTH        .versions = STIX_IN_BOTH
#define ONLY_2_0    .versions = STIX_IN_2_0
#define ONLY_2_1    .versions = STIX_IN_2_1
#define MUST        .versions = STIX_IN_BOTH, .required = STIX_IN_BOTH
#define MUST_2_0    .versions = STIX_IN_2_0, .required = STIX_IN_2_0
#define MUST_2_1    .versions = STIX_IN_2_1, .required = STIX_IN_2_1
#define STRING      .kind = STIX_KIND_STRING
#define TEXT        .kind = STIX_KIND_STRING, .take = STIX_TAKE_TEXT
#define BOOLEAN     .kind = STIX_KIND_BOOLEAN
#define TIME        .kind = STIX_KIND_TIMESTAMP
#define HEX         .kind = STIX_KIND_HEX
#define BINARY      .kind = STIX_KIND_BINARY
#define HASHES      .kind = STIX_KIND_HASHES
#define DICTIONARY  .kind = STIX_KIND_DICTIONARY
#define INTEGER     .kind = STIX_KIND_INTEGER, .range = &STIX_ANY_INTEGER
#define NATURAL     .kind = STIX_KIND_INTEGER, .range = &STIX_NATURAL
#define FLOAT       .kind = STIX_KIND_FLOAT, .range = &STIX_ANY_FLOAT
#define WITHIN(min_, max_) .range = &(const struct stix_range){(min_), (max_)}
#define WORDS(...)  (const char *const[]){__VA_ARGS__, NULL}
#define ENUM(...)   .kind = STIX_KIND_ENUM, .words = WORDS(__VA_ARGS__)
#define ID(...)     .kind = STIX_KIND_IDENTIFIER, .words = WORDS(__VA_ARGS__)
#define OF(table_)  .kind = STIX_KIND_STRUCTURE, .table = &(table_)
#define TAKE(what)  .take = STIX_TAKE_##what
#define VALUE(what) .value = STIX_TAKEN_##what
#define LIST        .list = true
#define TABLE(own, ...) {.properties = (own), .count = sizeof(own) / sizeof((own)[0]), __VA_ARGS__}
#define RULES(...)  .rules = (const struct stix_rule[]){__VA_ARGS__, {.kind = STIX_RULE_END}}
#define RULE(what, ...) {.kind = STIX_RULE_##what, .versions = STIX_IN_BOTH, .names = {__VA_ARGS__}}
#define RULE_2_0(what, ...) {.kind = STIX_RULE_##what, .versions = STIX_IN_2_0, .names = {__VA_ARGS__}}
#define RULE_2_1(what, ...) {.kind = STIX_RULE_##what, .versions = STIX_IN_2_1, .names = {__VA_ARGS__}}
/* clang-format on */

extern const struct stix_range STIX_ANY_INTEGER, STIX_NATURAL, STIX_ANY_FLOAT;

#endif
