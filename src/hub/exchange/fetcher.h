/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCHER_H
#define HINOMI_HUB_EXCHANGE_FETCHER_H

#include "hub/hub.h"

/** The thread that fetches from sources (store/sources.h) when they are due, one after the other. */
extern const struct hub_part FETCHER;

#endif
