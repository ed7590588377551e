/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_AUTHORISATIONS_H
#define HINOMI_HUB_API_AUTHORISATIONS_H

#include "http/request.h"

/** As their routes say. */
int authorisations_get_list(struct request *r);
int authorisations_post(struct request *r);
void authorisation_end(struct request *r);
int authorisation_get(struct request *r);
int authorisation_hand_post(struct request *r);
int authorisation_issue_post(struct request *r);
int authorisation_refuse_post(struct request *r);
int authorisation_document_put(struct request *r);
void authorisation_step_end(struct request *r);

/* The nation's own documents: trust, domestic table, revocations (hub/api/nation.c). */
int nation_get_list(struct request *r);
int nation_document_get(struct request *r);
int nation_document_put(struct request *r);
void nation_end(struct request *r);

#endif
