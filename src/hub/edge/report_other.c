/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Checkpoints of an edge's ledger, and what an edge says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bus/checkpoint_line.h"
#include "hub/edge/report.h"
#include "store/edge_documents.h"
#include "store/edge_receipts.h"
#include "store/edges.h"

static int take_seen(void *context, const struct edge_checkpoint *c)
{
	struct checkpoint_seen *seen = context;
	seen->size = (uint64_t)c->size;
	memcpy(seen->root.bytes, c->root, sizeof(seen->root.bytes));
	return HN_OK;
}

static int keep_checkpoint(struct report *r, const struct checkpoint_line *l)
{
	char origin[NOTE_NAME_MAX + 1] = "hinomi/";
	struct checkpoint_seen seen = {.size = 0};
	struct checkpoint c;
	struct fault fault = {0};
	uuid_format(&r->peer->id, origin + strlen(origin));
	int err = edge_checkpoints_last(r->w, r->peer->number, take_seen, &seen);
	if (err != HN_OK && err != HN_ENOENT)
		return err;
	memset(&c, 0, sizeof(c));
	bool holds = checkpoint_line_check(l, origin, r->peer->key.ed25519, &seen, &c, &fault) == HN_OK;
	/* Not even this edge's: there is nothing to keep. */
	if (!holds && c.origin[0] == '\0')
		return report_refuse(r, fault.message);
	struct edge_checkpoint row = {.edge = r->peer->number,
				      .size = (int64_t)c.size,
				      .holds = holds,
				      .finding = holds ? "" : fault.message,
				      .note = l->note};
	memcpy(row.root, c.root.bytes, sizeof(row.root));
	r->taken++;
	return edge_checkpoints_add(r->w, &row);
}

int report_checkpoint(struct report *r, const char *line, size_t len)
{
	struct fault fault = {0};
	struct checkpoint_line *l = malloc(sizeof(*l));
	if (l == NULL)
		return HN_ENOMEM;
	int err = checkpoint_line_read(line, len, l, &fault) == HN_OK ? keep_checkpoint(r, l)
								      : report_refuse(r, fault.message);
	free(l);
	return err;
}

/* ---- health ---- */

/* An answer to a question: {"question": UUID, "answer": {...}}. */
static int take_answer(struct report *r, const char *id, const json_t *answer)
{
	struct uuid question;
	struct buf text;
	if (uuid_parse(id, strlen(id), &question) != HN_OK || !json_is_object(answer))
		return report_refuse(r, "not an answer");
	buf_init(&text, 1 << 20);
	json_add(&text, answer);
	int err = buf_err(&text);
	if (err == HN_OK)
		err = edge_questions_answer(r->w, r->peer->number, &question, text.data, text.len);
	if (err == HN_OK)
		edge_heads_decided();
	buf_clear(&text);
	r->taken++;
	return err;
}

int report_health(struct report *r, const char *line, size_t len)
{
	struct fault fault = {0};
	json_t *health = NULL;
	if (json_object_read(line, len, &health, &fault) != HN_OK)
		return report_refuse(r, fault.message);
	const char *question = report_text(health, "question");
	int err;
	if (len > REPORT_HEALTH_MAX) {
		err = report_refuse(r, "longer than any health");
	} else if (question[0] != '\0') {
		err = take_answer(r, question, json_object_get(health, "answer"));
	} else {
		err = edges_health_put(r->w, r->peer->number, line, len);
		r->taken++;
	}
	json_decref(health);
	return err;
}
