/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The server's certificate, kept in the authority's folder. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "bus/code.h"
#include "bus/pki_inside.h"

void pki_pair_clear(struct pki_pair *pair)
{
	free(pair->chain);
	pki_secret_free(pair->key);
	*pair = (struct pki_pair){0};
}

/* "DNS:hub.example,IP:192.0.2.1", as OpenSSL writes names; each is judged, so none brings a comma. */
static int names_text(const char *const names[], size_t count, struct buf *out, struct fault *fault)
{
	if (count == 0 || count > PKI_NAMES_MAX)
		return fault_set(fault, HN_ELIMIT, "", tr("1 to %d names", "名前は1個から%d個まで"),
				 PKI_NAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *end = strrchr(names[i], '.');
		if (!code_host_ok(names[i]))
			return fault_set(fault, HN_EFORMAT, names[i], "%s",
					 tr("is neither a host name in lower case nor an address",
					    "は小文字のホスト名でもアドレスでもない"));
		end = end == NULL ? names[i] : end + 1;
		bool address = strchr(names[i], ':') != NULL || strspn(end, "0123456789") == strlen(end);
		buf_addf(out, "%s%s:%s", i > 0 ? "," : "", address ? "IP" : "DNS", names[i]);
	}
	return buf_err(out);
}

/* Whether what lies there will do. */
static bool still_good(const struct pki *p, X509 *x, const char *key_pem, const char *names, int64_t now_ns)
{
	struct pki_certificate said;
	X509_EXTENSION *wanted = pki_names_extension(names);
	X509_EXTENSION *has = X509_get_ext(x, X509_get_ext_by_NID(x, NID_subject_alt_name, -1));
	EVP_PKEY *key = pki_secret_read(key_pem);
	bool ok = wanted != NULL && has != NULL && key != NULL &&
		  ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(wanted), X509_EXTENSION_get_data(has)) == 0 &&
		  EVP_PKEY_eq(X509_get0_pubkey(x), key) == 1 && pki_describe(x, &said) == HN_OK &&
		  now_ns < pki_renew_at(&said) &&
		  pki_verify(p, x, X509_PURPOSE_SSL_SERVER, now_ns, NULL) == HN_OK;
	EVP_PKEY_free(key);
	X509_EXTENSION_free(wanted);
	ERR_clear_error();
	return ok;
}

static int chain_of(const struct pki *p, X509 *x, struct pki_pair *out)
{
	struct pki_certificate said;
	struct buf chain;
	buf_init(&chain, PKI_PEM_MAX);
	int err = pki_pem_add(x, &chain);
	buf_adds(&chain, p->pem);
	if (err == HN_OK)
		err = buf_err(&chain);
	if (err == HN_OK)
		err = pki_describe(x, &said);
	if (err != HN_OK) {
		buf_clear(&chain);
		return err;
	}
	out->chain = chain.data;
	out->until_ns = said.until_ns;
	return HN_OK;
}

static int read_server(const struct pki *p, const char *key_path, const char *path, const char *names,
		       int64_t now_ns, struct pki_pair *out)
{
	struct buf pem;
	X509 *x = NULL;
	int err = pki_key_read(key_path, &out->key, NULL);
	buf_init(&pem, PKI_PEM_MAX);
	if (err == HN_OK)
		err = file_read(path, &pem);
	if (err == HN_OK)
		x = pki_pem_read(pem.data == NULL ? "" : pem.data, pem.len);
	buf_clear(&pem);
	if (err == HN_OK)
		err = x != NULL && still_good(p, x, out->key, names, now_ns) ? chain_of(p, x, out)
									     : HN_ENOENT;
	X509_free(x);
	if (err != HN_OK)
		pki_pair_clear(out);
	return err;
}

static int make_server(const struct pki *p, const char *names, int64_t now_ns, struct pki_pair *out)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (key == NULL)
		return HN_ENOMEM;
	struct pki_form form = {.subject = key,
				.name = "Hinomi",
				.issuer = p->root,
				.key = p->key,
				.now_ns = now_ns,
				.days = PKI_SERVER_DAYS,
				.constraints = "critical,CA:FALSE",
				.usage = "critical,digitalSignature",
				.purpose = "serverAuth",
				.names = names};
	X509 *x = pki_build(&form);
	out->key = pki_secret_write(key);
	int err = x == NULL || out->key == NULL ? HN_ENOMEM : chain_of(p, x, out);
	X509_free(x);
	EVP_PKEY_free(key);
	if (err != HN_OK)
		pki_pair_clear(out);
	return err;
}

/* A kill between the two files leaves a pair that does not match, which is made anew. */
static int write_server(const struct pki_pair *pair, const char *key_path, const char *path,
			struct fault *fault)
{
	int err = file_write_whole(key_path, pair->key, strlen(pair->key), 0600, true);
	if (err != HN_OK)
		return fault_set(fault, err, key_path, "%s", hn_strerror(err));
	err = file_write_whole(path, pair->chain, strlen(pair->chain), 0644, true);
	return err == HN_OK ? HN_OK : fault_set(fault, err, path, "%s", hn_strerror(err));
}

int pki_server(const struct pki *p, const char *const names[], size_t count, int64_t now_ns,
	       struct pki_pair *out, bool *changed_out, struct fault *fault)
{
	struct pki_pair pair = {0};
	struct buf text;
	char path[4200], key_path[4200];
	bool changed = false;
	buf_init(&text, (size_t)PKI_NAMES_MAX * (CODE_HOST_MAX + 5));
	int err = names_text(names, count, &text, fault);
	if (err == HN_OK)
		err = pki_path(p, "server.pem", path, sizeof(path));
	if (err == HN_OK)
		err = pki_path(p, "server.key", key_path, sizeof(key_path));
	if (err == HN_OK && read_server(p, key_path, path, text.data, now_ns, &pair) != HN_OK) {
		changed = true;
		err = make_server(p, text.data, now_ns, &pair);
		if (err == HN_OK)
			err = write_server(&pair, key_path, path, fault);
	}
	buf_clear(&text);
	if (err != HN_OK) {
		pki_pair_clear(&pair);
		return err;
	}
	*out = pair;
	if (changed_out != NULL)
		*changed_out = changed;
	return HN_OK;
}
