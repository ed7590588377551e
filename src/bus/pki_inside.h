/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_PKI_INSIDE_H
#define HINOMI_BUS_PKI_INSIDE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bus/pki.h"

/* Shared by the files of the authority. */

struct pki {
	X509 *root;
	EVP_PKEY *key;
	X509_STORE *store; /* holds the root alone */
	char *pem;
	uint8_t digest[32];
	char dir[4096];
};

/** The path of a file of the authority's folder. @return HN_ELIMIT */
HN_MUST_USE int pki_path(const struct pki *p, const char *name, char *out, size_t size);

/** Whether the root signed it, for this purpose, and both are within their time. @return HN_EAUTH, HN_ENOMEM
 */
HN_MUST_USE int pki_verify(const struct pki *p, X509 *x, int purpose, int64_t now_ns, struct fault *fault);

/** What a certificate is made with. */
struct pki_form {
	EVP_PKEY *subject; /* public key */
	const char *name;  /* common name; NULL: an empty subject */
	X509 *issuer;      /* NULL: itself */
	EVP_PKEY *key;     /* the issuer's */
	int64_t now_ns;
	int64_t days;
	const char *constraints, *usage, *purpose, *names; /* extensions as OpenSSL writes them; NULL: none */
};

/** Makes and signs. @return NULL: no memory, or a name that cannot be */
X509 *pki_build(const struct pki_form *form);

/** The extension of names as a form would have it. @return NULL: as above */
X509_EXTENSION *pki_names_extension(const char *names);

/** Appends a certificate as PEM. */
HN_MUST_USE int pki_pem_add(X509 *certificate, struct buf *out);

/** The first certificate, or the first secret key, of a PEM text. @return NULL: none */
X509 *pki_pem_read(const char *pem, size_t len);
EVP_PKEY *pki_secret_read(const char *pem);

/** A secret key as text. @return NULL: no memory */
char *pki_secret_write(EVP_PKEY *key);

/** Fills what a certificate says. */
HN_MUST_USE int pki_describe(X509 *certificate, struct pki_certificate *out);

#endif
