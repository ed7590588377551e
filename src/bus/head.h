/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_HEAD_H
#define HINOMI_BUS_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * Heads: what the hub says is in force, signed. A head names files by digest and size; the files come apart
 * (bus/client.h). On the wire it is a JWS (authority/jws.h) by the hub's head key over a JSON object:
 *
 *     {"kind", "id", "version", "issued", "expires", ...}
 *       set             id: the set's UUID     "base": FILE or null, "overlays": [FILE...], "action", and
 * while its base is new "former": {"base", "overlays", "spread"} authorisations  id: the edge's UUID
 * "documents": [{"id", "digest", "size"}...] trust           id: "nation"           "document": FILE,
 * "domestic": FILE (the table of domestic prefixes; absent where there is none yet) revocations     id:
 * "nation"           "document": FILE questions       id: the edge's UUID    "questions": [{"id", "ask",
 * "arguments"}...]
 *
 * where FILE is {"digest": hex of a SHA-256, "size": bytes}. The version of a kind and id rises by one.
 * "former" are other files with the same content, on the base before: who has that base whole, and not the
 * new one, takes them, begins to fetch the new base within `spread` seconds, at a time of its own, and then
 * changes over.
 * Members that are not named here are passed over, so that a newer hub may say more.
 */

#define HEAD_TEXT_MAX      (256u << 10) /* bytes of a head as it travels */
#define HEAD_OVERLAYS_MAX  16
#define HEAD_FILES_MAX     (1 + HEAD_OVERLAYS_MAX)
#define HEAD_SPREAD_MAX    86400 /* seconds */
#define HEAD_DOCUMENTS_MAX 256
#define HEAD_QUESTIONS_MAX 64
#define HEAD_ARGUMENTS_MAX 4096 /* bytes of JSON */
#define HEAD_NATION        "nation"

enum head_kind {
	HEAD_SET,
	HEAD_AUTHORISATIONS,
	HEAD_TRUST,
	HEAD_REVOCATIONS,
	HEAD_QUESTIONS,
	HEAD_KIND_COUNT,
};

/** What a set is for. Heads made before this was said have HEAD_ACTION_UNSAID. */
enum head_action { HEAD_ACTION_UNSAID, HEAD_WATCH, HEAD_BLOCK, HEAD_SELECT };

enum head_ask { HEAD_EXPLAIN, HEAD_STATISTICS, HEAD_SKETCH, HEAD_ASK_COUNT };

struct head_file {
	uint8_t digest[32];
	uint64_t size;
};

struct head_document {
	struct uuid id;
	struct head_file file;
};

struct head_question {
	struct uuid id;
	enum head_ask ask;
	char *arguments; /* a JSON object, compact; never NULL */
};

/** A head. Who reads one gets it owning its memory (head_clear); who makes one points where he likes. */
struct head {
	enum head_kind kind;
	char id[UUID_TEXT_SIZE]; /* a UUID in lower case, or "nation" */
	uint64_t version;        /* from 1 */
	int64_t issued_ns, expires_ns;
	/* set: file_count files, the base first where has_base, then the overlays, oldest first;
	 * trust: the document, then the domestic table where there is one; revocations: the one document */
	enum head_action action;
	bool has_base;
	size_t file_count;
	struct head_file files[HEAD_FILES_MAX];
	/* set: the same on the base before, which comes first; 0: there is none */
	size_t former_count;
	struct head_file former[HEAD_FILES_MAX];
	uint32_t spread_s;
	struct head_document *documents; /* authorisations */
	size_t document_count;
	struct head_question *questions; /* questions */
	size_t question_count;
	/* filled when read: the object as it was signed (JSON on one line, no line feed), and its SHA-256 */
	char *payload;
	size_t payload_len;
	uint8_t digest[32];
};

/** "set", "authorisations", ... */
const char *head_kind_name(enum head_kind kind);
/** "watch", "block", "select"; "" for unsaid. */
const char *head_action_name(enum head_action action);
/** "explain", "statistics", "sketch". */
const char *head_ask_name(enum head_ask ask);

/** Appends the head's JSON without a line feed, as it is signed and as an edge hands it to its consumers.
 * @return HN_EFORMAT (what the form above does not allow), HN_ELIMIT, or what buf_err() says */
HN_MUST_USE int head_write(const struct head *h, struct buf *out);

/** Appends the signed head: a JWS on one line, with a line feed. @return as head_write(); HN_ENOMEM */
HN_MUST_USE int head_sign(const struct head *h, const struct key *key, struct buf *out);

/**
 * Reads a signed head: one signature, by this key.
 *
 * @param key  pinned at enrolment; only its id and Ed25519 key are looked at
 * @param out  untouched on an error; else give it to head_clear()
 * @return HN_EAUTH (another key, a wrong signature), HN_EFORMAT, HN_ELIMIT, HN_EUNSUPPORTED (a kind that this
 *         program does not know: pass over it), HN_ENOMEM
 */
HN_MUST_USE int head_read(const char *text, size_t len, const struct key_public *key, struct head *out,
			  struct fault *fault);

/** Reads a head's JSON alone, for who has it from somebody that verified it (a consumer beside the edge).
 * @return as head_read(), never HN_EAUTH */
HN_MUST_USE int head_read_payload(const char *text, size_t len, struct head *out, struct fault *fault);

/** Makes it one that never had another base: of its former files, or (false) of its files alone. */
void head_choose(struct head *h, bool former);

/** Frees what it holds; an all-zero head is allowed. */
void head_clear(struct head *h);

/** What an edge keeps of the head that is in force, to know what may follow it. */
struct head_held {
	uint64_t version; /* 0: none */
	uint8_t digest[32];
};

/**
 * Whether a head may take the place of the one held of the same kind and id.
 *
 * @return HN_OK; HN_EEXIST: it is the one held, there is nothing to do; HN_ESTATE: a lower version (a
 *         roll-back); HN_EAUTH: the same version with another content (the hub contradicts itself)
 */
HN_MUST_USE int head_follows(const struct head *h, const struct head_held *held, struct fault *fault);

/** Whether its time is over. An expired head raises an alarm and unloads nothing. */
bool head_expired(const struct head *h, int64_t now_ns);

#endif
