/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_OBJECTS_H
#define HINOMI_HUB_API_OBJECTS_H

#include "base/buf.h"
#include "http/request.h"
#include "http/route.h"
#include "store/objects.h"

/* Objects of the REST API: pages, one object, its versions and relations, search, handing in. */

/** The routes of this part. */
extern const struct route OBJECT_ROUTES[];

/* Handlers. */
int objects_list_get(struct request *r);
int object_get(struct request *r);
int object_versions_get(struct request *r);
int object_relations_get(struct request *r);
int object_correlations_get(struct request *r);
int object_counts_get(struct request *r);
int objects_search_get(struct request *r);
int objects_post_piece(struct request *r, const uint8_t *data, size_t len);
int objects_post(struct request *r);

/** Appends what came of what was handed in, as JSON. */
struct intake_result;
void handin_result_write(struct buf *b, const struct intake_result *result, bool dry);

/** Appends a row as the API shows it: when it was added, its marking, and the object as it stands. */
HN_MUST_USE int object_item_write(struct reader *reader, const struct object_row *row, struct buf *out);

#endif
