/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_SCHEMAS_H
#define HINOMI_HUB_API_SCHEMAS_H

#include <stddef.h>

/** A schema of catalog/api (JSON Schema 2020-12), built in. */
struct api_schema {
	const char *name;
	const char *text; /* JSON without white space */
	size_t len;
};

/** By name; the last row is zero. */
extern const struct api_schema API_SCHEMAS[];

#endif
