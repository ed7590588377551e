/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_COLLECTIONS_H
#define HINOMI_HUB_API_COLLECTIONS_H

#include "http/route.h"

/*
 * Collections, kept by the centre's administrators: who reads and who writes there is a marking each. Others
 * are told those that they may read or write, and not for whom else.
 */
extern const struct route COLLECTION_ROUTES[];

#endif
