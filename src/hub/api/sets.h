/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_SETS_H
#define HINOMI_HUB_API_SETS_H

#include "http/request.h"
#include "http/route.h"

/* Sets, approvals and what is published, in the REST API (store/sets.h, hub/sets/sets.h). */

extern const struct route SET_ROUTES[];
extern const struct route APPROVAL_ROUTES[];

/* sets.c */
int sets_list_get(struct request *r);
int sets_post(struct request *r);
int set_get(struct request *r);
int set_put(struct request *r);
int set_key_get(struct request *r);

/* set_feed.c */
int set_head_get(struct request *r);
int set_blob_get(struct request *r);
void set_blob_end(struct request *r);
int set_rpz_get(struct request *r);
void set_rpz_end(struct request *r);
int asked_put(struct request *r);

/* approvals.c */
int approvals_list_get(struct request *r);
int approvals_post(struct request *r);
int approval_get(struct request *r);
int approval_propose_post(struct request *r);
int approval_approve_post(struct request *r);
int approval_refuse_post(struct request *r);
int approval_retire_post(struct request *r);

/* blast_radius.c */
int blast_radius_get(struct request *r);

struct db;
/** Whether warning lists were changed since the image of this revision was made; then the problem is written:
 * 503, for nothing is decided or shown by lists that are no more. @return HN_OK; check answer_is_sent() */
int lists_are_old(struct request *r, struct db *db, int64_t revision);

#endif
