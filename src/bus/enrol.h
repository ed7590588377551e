/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_ENROL_H
#define HINOMI_BUS_ENROL_H

#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "bus/code.h"
#include "bus/pki.h"

/*
 * What an edge and the hub (or the witness) say to each other when the edge enrols, and when it renews its
 * certificate; both sides of it, so that there is one form.
 *
 * The request is a JWS by the edge's identity key (authority/key.h) over
 *     {"secret": base64url, "csr": PEM, "identity": text of KEY.pub, "kind": "sensor" or "resolver",
 *      "program": {"name", "version", "build"}}
 * and the answer
 *     {"edge": UUID, "certificate": PEM, "root": PEM, "head_key": {"kid", "ed25519": base64url}, "name",
 *      "hub": {"name"}}
 * The edge's UUID is that of its identity (key_sensor_id), so nobody else can ask for it.
 */

#define ENROL_REQUEST_MAX (64u << 10) /* bytes */
#define ENROL_ANSWER_MAX  (64u << 10)
#define ENROL_NAME_MAX    256
#define ENROL_WORD_MAX    128 /* bytes of a program's name, version, build */

enum enrol_kind { ENROL_SENSOR, ENROL_RESOLVER, ENROL_KIND_COUNT };

/** "sensor", "resolver". */
const char *enrol_kind_name(enum enrol_kind kind);

struct enrol_program {
	char name[ENROL_WORD_MAX + 1], version[ENROL_WORD_MAX + 1], build[ENROL_WORD_MAX + 1];
};

/** A request that was read. It has the secret: make it with enrol_request_new(). */
struct enrol_request {
	uint8_t secret[CODE_SECRET_SIZE];
	struct uuid edge; /* of the identity */
	struct key_public identity;
	enum enrol_kind kind;
	struct enrol_program program;
	size_t csr_len;
	char csr[PKI_CSR_MAX + 1];
};

/** Memory that is locked and wiped when freed. @return NULL: no memory */
struct enrol_request *enrol_request_new(void);
void enrol_request_free(struct enrol_request *r);

/** Appends a request. The buffer then has the secret: the caller wipes it. @return HN_EFORMAT, HN_ELIMIT,
 * HN_ENOMEM, or what buf_err() says */
HN_MUST_USE int enrol_request_write(const struct code *code, const struct key *identity, enum enrol_kind kind,
				    const struct enrol_program *program, const char *csr, struct buf *out);

/**
 * Reads a request, and verifies that the identity which it names signed it. The certificate request in it is
 * verified by pki_sign_edge(); whether the secret is one that works is the caller's to ask.
 *
 * @param out  untouched on an error
 * @return HN_EFORMAT, HN_ELIMIT, HN_EAUTH (the signature), HN_EUNSUPPORTED (another kind of program),
 * HN_ENOMEM
 */
HN_MUST_USE int enrol_request_read(const char *text, size_t len, struct enrol_request *out,
				   struct fault *fault);

struct enrol_answer {
	struct uuid edge;
	char *certificate, *root;      /* PEM */
	struct key_public head_key;    /* id and ed25519 only; pinned by the edge */
	char name[ENROL_NAME_MAX + 1]; /* the edge's, as the hub calls it */
	char hub[ENROL_NAME_MAX + 1];
};

/** Appends an answer. @return HN_EFORMAT, HN_ENOMEM, or what buf_err() says */
HN_MUST_USE int enrol_answer_write(const struct enrol_answer *a, struct buf *out);

/** Reads one; free it with enrol_answer_clear(). Whether the root is the one of the code, and the certificate
 * for one's own key, is seen by client_enrol(). @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int enrol_answer_read(const char *text, size_t len, struct enrol_answer *out,
				  struct fault *fault);
/** A zeroed answer is allowed. */
void enrol_answer_clear(struct enrol_answer *a);

/** A renewal: {"csr": PEM} -> {"certificate": PEM, "root": PEM}. @return as above */
HN_MUST_USE int renew_request_write(const char *csr, struct buf *out);
HN_MUST_USE int renew_request_read(const char *text, size_t len, char csr_out[PKI_CSR_MAX + 1],
				   struct fault *fault);
HN_MUST_USE int renew_answer_write(const char *certificate, const char *root, struct buf *out);
/** The texts are the caller's to free(). */
HN_MUST_USE int renew_answer_read(const char *text, size_t len, char **certificate_out, char **root_out,
				  struct fault *fault);

#endif
