/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_EVENTS_H
#define HINOMI_HUB_API_EVENTS_H

#include "http/route.h"
#include "hub/hub.h"

/*
 * Server-sent events (WHATWG HTML, 9.2): that something the asker may see has changed, never what. Nothing is
 * queued for a client: where it stands is a number, and what lies behind it is asked of the store under its
 * view, so that a slow one costs no more than a fast one and one that comes back misses nothing.
 */
extern const struct hub_part EVENTS;
extern const struct route EVENT_ROUTES[];

#endif
