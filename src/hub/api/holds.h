/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_HOLDS_H
#define HINOMI_HUB_API_HOLDS_H

#include "http/request.h"
#include "http/route.h"

/* The hold register of the REST API (store/holds.h). */

extern const struct route HOLD_ROUTES[];

/* Handlers. */
int holds_list_get(struct request *r);
int holds_post(struct request *r);
int holds_ask_post(struct request *r);
int hold_get(struct request *r);
int hold_put(struct request *r);
int hold_release_post(struct request *r);
int hold_questions_get(struct request *r);

/** Takes one question of the organisation's share. @return HN_OK; HN_ELIMIT: 429 is answered */
HN_MUST_USE int holds_share(struct request *r);

#endif
