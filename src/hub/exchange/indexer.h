/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_INDEXER_H
#define HINOMI_HUB_EXCHANGE_INDEXER_H

#include "hub/hub.h"

/** The part of a hub that keeps the index of values and words: after each commit, and what a former run left.
 */
extern const struct hub_part INDEXER;

#endif
