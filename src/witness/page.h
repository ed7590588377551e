/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_PAGE_H
#define HINOMI_WITNESS_PAGE_H

#include <stdint.h>

#include "http/request.h"
#include "witness/session.h"
#include "witness/state.h"

/* What all pages of the console have. Whatever comes from outside goes through html_text(). */

static inline const struct session *session_of(const struct request *r)
{
	return (const struct session *)r->own;
}

/** Begins a page in the answer's body. @param title  in the asker's language */
void page_begin(struct request *r, const char *title);
/** Ends and sends it. */
int page_end(struct request *r, unsigned status);
/** To another page. */
int page_go(struct request *r, const char *path);
/** A page that says what went wrong. */
int page_failed(struct request *r, int err, const char *back);

/** Cells of a table: text, a number, a time (0: none). */
void page_cell(struct request *r, const char *text);
void page_cell_number(struct request *r, int64_t number);
void page_cell_time(struct request *r, int64_t time_ns);

/** Begins a table: its caption, then the heads up to NULL. */
void page_table(struct request *r, const char *caption, const char *const heads[]);
void page_table_end(struct request *r);
/** Gives the rows of one statement, in a transaction of its own. @param edge  its parameter; NULL: it has
 * none */
HN_MUST_USE int page_fill(struct request *r, state_row_fn *row, const char *sql, const char *edge);
/** A part with a signed note, which is in the row's first column. @return what buf_err() says */
HN_MUST_USE int page_checkpoint(struct request *r, const char *title, sqlite3_stmt *row);

/** Begins a form with its token. */
void page_form(struct request *r, const char *action);

/** Whether a form was made for who asks, and sent from one of our pages. */
bool page_form_holds(struct request *r);

/* The pages themselves, and what their forms do. */
int page_style_get(struct request *r);
int page_sign_in_get(struct request *r);
int page_sign_in_post(struct request *r);
int page_sign_out_post(struct request *r);
int page_language_post(struct request *r);
int page_alarms_get(struct request *r);
int page_acknowledge_post(struct request *r);
int page_applications_get(struct request *r);
int page_application_get(struct request *r);
int page_sign_post(struct request *r);
int page_take_post(struct request *r);
int page_refuse_post(struct request *r);
int page_revoke_post(struct request *r);
int page_edges_get(struct request *r);
int page_edge_get(struct request *r);
int page_revoke_edge_post(struct request *r);
int page_hub_get(struct request *r);

#endif
