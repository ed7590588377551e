/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGE_DOCUMENTS_H
#define HINOMI_STORE_EDGE_DOCUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/* Signed documents that edges have, by digest; heads that name them; questions to single edges. */

#define EDGE_DIGEST_SIZE 32

/** The nation's own documents, of which the newest counts. */
enum nation_document { NATION_TRUST, NATION_DOMESTIC, NATION_REVOCATIONS, NATION_DOCUMENTS };

/** Keeps bytes under their SHA-256; known ones stay. */
HN_MUST_USE int edge_documents_put(struct writing *w, const uint8_t digest[EDGE_DIGEST_SIZE],
				   const void *body, size_t len);

/** Appends the bytes. @return HN_ENOENT */
HN_MUST_USE int edge_documents_get(struct reader *reader, const uint8_t digest[EDGE_DIGEST_SIZE],
				   struct buf *out);

/** Takes one in the former's place. @param number  its own, which rises; 0: it has none */
HN_MUST_USE int nation_documents_put(struct writing *w, enum nation_document kind, int64_t number,
				     const uint8_t digest[EDGE_DIGEST_SIZE], const void *body, size_t len);

struct nation_document_row {
	int64_t number;
	int64_t made_us;
	uint8_t digest[EDGE_DIGEST_SIZE];
	size_t size; /* bytes */
};

/** The newest. @return HN_ENOENT: there is none yet */
HN_MUST_USE int nation_documents_get(struct reader *reader, enum nation_document kind,
				     struct nation_document_row *out);

/* ---- heads ---- */

/** A head of an edge (0: the nation's); kind is the number of bus/head.h. */
struct edge_head_row {
	unsigned kind;
	int64_t edge;
	int64_t version;
	uint8_t digest[EDGE_DIGEST_SIZE]; /* of what it says, times and version aside */
	int64_t expires_us;
	const char *head; /* as it was signed */
};
typedef int (*edge_head_fn)(void *context, const struct edge_head_row *head);

/** @return HN_ENOENT: there is none yet */
HN_MUST_USE int edge_heads_get(struct reader *reader, unsigned kind, int64_t edge, edge_head_fn fn,
			       void *context);

/** Puts it in force. @param was  the version that it follows. @return HN_ESTATE: another one was there */
HN_MUST_USE int edge_heads_put(struct writing *w, const struct edge_head_row *head, int64_t was);

/* ---- questions ---- */

struct edge_question {
	int64_t number;
	struct uuid id;
	int64_t edge;
	const char *ask;       /* explain, statistics, sketch */
	const char *arguments; /* JSON object */
	int64_t asked_us, until_us;
	int64_t answered_us; /* 0: not yet */
	const char *answer;  /* JSON */
};
typedef int (*edge_question_fn)(void *context, const struct edge_question *question);

/** Adds one; its number, when it was asked and its answer are not read. */
HN_MUST_USE int edge_questions_add(struct writing *w, const struct edge_question *question);

/** Those of an edge that wait for an answer. */
HN_MUST_USE int edge_questions_open(struct reader *reader, int64_t edge, int64_t now_us, edge_question_fn fn,
				    void *context);

/** Keeps an answer; one to a question that does not wait is passed over. */
HN_MUST_USE int edge_questions_answer(struct writing *w, int64_t edge, const struct uuid *id,
				      const char *answer, size_t len);

/** One of an edge that the reader may know of. @return HN_ENOENT */
HN_MUST_USE int edge_questions_get(struct reader *reader, const struct uuid *edge, const struct uuid *id,
				   edge_question_fn fn, void *context);

/** Forgets those that were over before a time. */
HN_MUST_USE int edge_questions_forget(struct writing *w, int64_t before_us);

#endif
