/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_CLASS_H
#define HINOMI_AUTHORITY_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * The class of a packet, by where its own source and destination lie. The value is two bits:
 * source domestic, destination domestic.
 */
enum flow_class {
	FOREIGN_FOREIGN,   /* 外外通信: passing through the nation */
	FOREIGN_DOMESTIC,  /* 外内通信 */
	DOMESTIC_FOREIGN,  /* 内外通信 */
	DOMESTIC_DOMESTIC, /* erased always, whatever is signed */
	FLOW_CLASS_COUNT,
};

#define FLOW_CLASS_BIT(c) ((uint8_t)(1u << (c)))

static inline enum flow_class flow_class_of(bool source_domestic, bool destination_domestic)
{
	return (enum flow_class)((unsigned)source_domestic << 1 | (unsigned)destination_domestic);
}

/** "foreign-domestic" and kin: the name in files. "" for other values. */
const char *flow_class_name(enum flow_class c);

/** The name for people, in the user's language. */
const char *flow_class_title(enum flow_class c);

/** @return HN_ENOENT for an unknown name */
HN_MUST_USE int flow_class_parse(const char *name, size_t len, enum flow_class *out);

#endif
