/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCHER_H
#define HINOMI_HUB_EXCHANGE_FETCHER_H

#include "hub/hub.h"

/**
 * The threads that fetch from sources (store/source_runs.h) when they are due, each from one at a time, and
 * look into the folders of dropped files. Of several hubs at one database one fetches from a source.
 */
extern const struct hub_part FETCHER;

#endif
