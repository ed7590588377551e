/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_OPENAPI_H
#define HINOMI_HUB_API_OPENAPI_H

#include "base/buf.h"
#include "base/lang.h"
#include "http/route.h"
#include "hub/hub.h"

/** Appends the OpenAPI 3.1 document of these tables (NULL-terminated), its texts in one language. */
void openapi_write(const struct route *const tables[], enum lang lang, struct buf *out);

/** Makes the document once, before it is served. */
extern const struct hub_part OPENAPI;

extern const struct route OPENAPI_ROUTES[];

#endif
