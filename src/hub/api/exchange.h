/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_EXCHANGE_H
#define HINOMI_HUB_API_EXCHANGE_H

#include "http/route.h"

/* Handing in other forms than STIX; sources; warning lists. */
extern const struct route IMPORT_ROUTES[];
extern const struct route SOURCE_ROUTES[];
extern const struct route WARNING_ROUTES[];

#endif
