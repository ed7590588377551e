/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_PKI_H
#define HINOMI_BUS_PKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * Certificates of the edge channel (X.509, RFC 5280), by an authority that the hub, and likewise the witness,
 * has of its own: a root that signs its server's certificate and those of its edges, and nothing else. All
 * keys are Ed25519 (RFC 8410); an edge may also bring a key on P-256, as hardware that holds keys makes them.
 *
 * Texts of secret keys are NUL-terminated PEM in sodium_malloc() memory: give them back with
 * pki_secret_free(), which wipes. Times are ns as in base/utc.h and always an argument.
 */

#define PKI_ROOT_DAYS   3650
#define PKI_SERVER_DAYS 365
#define PKI_EDGE_DAYS   30
#define PKI_SERIAL_SIZE 33   /* lower-case hex of 128 bits, and NUL */
#define PKI_URI_SIZE    53   /* "urn:hinomi:edge:UUID" and NUL */
#define PKI_CSR_MAX     8192 /* bytes of PEM */
#define PKI_PEM_MAX     (32u << 10)
#define PKI_NAMES_MAX   32
#define PKI_BACKDATED_NS                                                                                     \
	(INT64_C(300) * 1000000000) /* validity begins so much early, for clocks that are behind */

/** The authority: its root and the root's key. May be used by several threads at once. */
struct pki;

/**
 * Opens the authority of a folder, or makes it where there is none. root.key (mode 0600) holds the root's key
 * and the root; root.pem is the root alone for others to read, and written anew when it is not there.
 *
 * @param dir      exists
 * @param name     of whose authority it is, UTF-8, for the subject of a root that is made
 * @param now_ns   a root that is made holds from now; one that has ended is refused
 * @param out      free it with pki_close()
 * @param made_out whether the root was made now; may be NULL
 * @return HN_ENOENT (no folder; or a root.pem whose key is gone), HN_EFORMAT, HN_EAUTH (the key is not the
 *         root's, or the root has ended), HN_EEXIST (another process made one meanwhile), HN_EIO, HN_ENOSPC,
 *         HN_ENOMEM
 */
HN_MUST_USE int pki_open(const char *dir, const char *name, int64_t now_ns, struct pki **out, bool *made_out,
			 struct fault *fault);
void pki_close(struct pki *p);

/** The root as PEM; lives as long as the authority. */
const char *pki_root_pem(const struct pki *p);

/** SHA-256 of the root's DER: what enrolment codes carry and edges pin. */
void pki_root_digest(const struct pki *p, uint8_t out[32]);

/** A certificate with its key. */
struct pki_pair {
	char *chain; /* PEM: the certificate, then the root; who only knows the root's digest needs both */
	char *key;   /* PEM; secret */
	int64_t until_ns;
};

/** Frees and wipes; a zeroed pair is allowed. */
void pki_pair_clear(struct pki_pair *pair);

/**
 * The server's certificate, kept as server.pem and server.key (0600) in the authority's folder; made new when
 * there is none, when it names others than these, or when two thirds of its time have passed. So a server
 * calls this at its start and then daily, and takes over the pair where changed_out says so.
 *
 * @param names  host names and addresses under which edges reach the server: 1..PKI_NAMES_MAX
 * @return HN_EFORMAT (a name), HN_ELIMIT, HN_EIO, HN_ENOSPC, HN_ENOMEM
 */
HN_MUST_USE int pki_server(const struct pki *p, const char *const names[], size_t count, int64_t now_ns,
			   struct pki_pair *out, bool *changed_out, struct fault *fault);

/** What a certificate says. */
struct pki_certificate {
	char serial[PKI_SERIAL_SIZE];
	uint8_t digest[32]; /* SHA-256 of its DER */
	bool is_edge;       /* it has the one URI urn:hinomi:edge:UUID and clientAuth */
	struct uuid edge;
	int64_t from_ns, until_ns;
};

/**
 * Signs a certificate for an edge: clientAuth, 30 days (no longer than the root), a random serial of 128
 * bits. Of the request (PKCS#10, RFC 2986) only the public key is taken, once its signature shows that the
 * edge has it; subject and attributes are passed over.
 *
 * @param csr      PEM, not NUL-terminated, at most PKI_CSR_MAX bytes
 * @param pem_out  appended to
 * @param out      what it says; may be NULL
 * @return HN_EFORMAT, HN_ELIMIT, HN_EAUTH (the request's signature does not hold), HN_EUNSUPPORTED (another
 *         kind of key), HN_ENOMEM
 */
HN_MUST_USE int pki_sign_edge(const struct pki *p, const char *csr, size_t len, const struct uuid *edge,
			      int64_t now_ns, struct buf *pem_out, struct pki_certificate *out,
			      struct fault *fault);

/**
 * Judges a peer's certificate: signed by this root, for clients, within its time, an edge's. Whether its
 * serial is known and not revoked is the caller's to ask.
 *
 * @return HN_EFORMAT; HN_EAUTH with the reason in the fault
 */
HN_MUST_USE int pki_check_edge(const struct pki *p, const uint8_t *der, size_t len, int64_t now_ns,
			       struct pki_certificate *out, struct fault *fault);

/** "urn:hinomi:edge:UUID", and back. @return HN_EFORMAT for any other text */
void pki_uri(const struct uuid *edge, char out[PKI_URI_SIZE]);
HN_MUST_USE int pki_uri_parse(const char *text, size_t len, struct uuid *edge_out);

/* ---- for the edge ---- */

/** Reads what the first certificate of a PEM text says; verifies nothing. @return HN_EFORMAT, HN_ELIMIT,
 * HN_ENOMEM */
HN_MUST_USE int pki_certificate_read(const char *pem, size_t len, struct pki_certificate *out);

/** From when on a certificate is to be renewed: two thirds of its time have passed. */
int64_t pki_renew_at(const struct pki_certificate *c);

/** A new secret key. @return HN_ENOMEM */
HN_MUST_USE int pki_key_make(char **pem_out);

/** Reads a secret key's file. @return HN_ENOENT, HN_EIO, HN_EFORMAT, HN_ENOMEM */
HN_MUST_USE int pki_key_read(const char *path, char **pem_out, struct fault *fault);
void pki_secret_free(char *pem);

/** Appends a request (PKCS#10, PEM) for the key, with an empty subject. @return HN_EFORMAT, HN_ENOMEM, or
 * what buf_err() says */
HN_MUST_USE int pki_csr_make(const char *key_pem, struct buf *out);

/** Whether a certificate (the first of the PEM text) is for this key. @return HN_EAUTH, HN_EFORMAT */
HN_MUST_USE int pki_matches(const char *certificate_pem, const char *key_pem);

#endif
