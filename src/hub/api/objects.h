/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_OBJECTS_H
#define HINOMI_HUB_API_OBJECTS_H

#include "base/buf.h"
#include "base/uuid.h"
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

/** Whose a row is, as the asker may know it; the last one that was asked for is kept. Zeroed at first. */
struct object_owner {
	int64_t number;
	char text[UUID_TEXT_SIZE]; /* "": not to be known */
};

/** @return owner->text */
const char *object_owner_text(struct request *r, int64_t number, struct object_owner *owner);

/** Appends a row as the API shows it: when it was added, whose it is, its marking, and the object as it
 * stands. */
HN_MUST_USE int object_item_write(struct request *r, struct reader *reader, const struct object_row *row,
				  struct object_owner *owner, struct buf *out);

/* What the routes that take objects share: members of the route, query parameters. */
#define HANDIN_ROUTE                                                                                         \
	.method = HTTP_POST, .flags = ROUTE_NO_KEEP, .scopes = SCOPE_WRITE, .end = handin_free,              \
	.tag = "objects"
#define HANDIN_QUERY                                                                                         \
	{.name = "dry",                                                                                      \
	 .kind = QUERY_FLAG,                                                                                 \
	 .help_en = "tell what would come of it, change nothing",                                            \
	 .help_ja = "何も変えずに結果だけを示す"},                                                           \
	{                                                                                                    \
		.name = "source", .kind = QUERY_UUID,                                                        \
		.help_en = "the source of one's organisation from which it comes",                           \
		.help_ja = "自組織のどの情報源によるものか",                                                 \
	}

#endif
