/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_EDGES_H
#define HINOMI_HUB_API_EDGES_H

#include "http/route.h"

/* Edges, what they report, authorisations: /api/v1/edges, /events of edges, /situation, /authorisations. */
extern const struct route EDGE_API_ROUTES[];
extern const struct route REPORT_ROUTES[];
extern const struct route AUTHORISATION_ROUTES[];

/** Handlers, as their routes in hub/api/edge_routes.c say. */
int edges_list_get(struct request *r);
int edges_post(struct request *r);
int edge_get(struct request *r);
int edge_put(struct request *r);
int edge_delete(struct request *r);
void edge_delete_end(struct request *r);
int edge_questions_post(struct request *r);
int edge_question_get(struct request *r);

#endif
