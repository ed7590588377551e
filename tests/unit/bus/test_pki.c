/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/utc.h"
#include "tests/unit/bus/folder.h"

#define DAY_NS (24 * 3600 * NS_SECOND)
static const int64_t now = INT64_C(1795000000) * NS_SECOND;

static struct pki *open_at(const char *dir, int64_t at, bool *made)
{
	struct fault fault = {{0}, {0}};
	struct pki *p = NULL;
	int err = pki_open(dir, "Hinomi hub of the test", at, &p, made, &fault);
	if (err != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(err, HN_OK);
	return p;
}

static struct uuid edge_id(void)
{
	struct uuid u;
	assert_int_equal(uuid_parse("5f0e8a52-7d3c-5b4e-9a51-2f6f0b6f1c11", 36, &u), HN_OK);
	return u;
}

static void csr_of(const char *key, struct buf *out)
{
	buf_init(out, PKI_CSR_MAX);
	assert_int_equal(pki_csr_make(key, out), HN_OK);
}

static uint8_t *der_of(const char *pem, size_t *len)
{
	uint8_t *der = NULL;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(x);
	int n = i2d_X509(x, &der);
	assert_true(n > 0);
	uint8_t *copy = exact_copy(der, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(der);
	X509_free(x);
	BIO_free(bio);
	return copy;
}

static int check(const struct pki *p, const char *pem, int64_t at, struct pki_certificate *out)
{
	struct fault fault = {{0}, {0}};
	size_t len;
	uint8_t *der = der_of(pem, &len);
	int err = pki_check_edge(p, der, len, at, out, &fault);
	if (err != HN_OK)
		assert_string_not_equal(fault.message, "");
	free(der);
	return err;
}

/* A certificate for an edge, as PEM; the caller frees it. */
static char *edge_pem(const struct pki *p, int64_t at, char **key_out, struct pki_certificate *said)
{
	struct uuid id = edge_id();
	struct buf csr, pem;
	char *key;
	assert_int_equal(pki_key_make(&key), HN_OK);
	csr_of(key, &csr);
	buf_init(&pem, PKI_PEM_MAX);
	assert_int_equal(pki_sign_edge(p, csr.data, csr.len, &id, at, &pem, said, NULL), HN_OK);
	assert_int_equal(pki_matches(pem.data, key), HN_OK);
	buf_clear(&csr);
	if (key_out != NULL)
		*key_out = key;
	else
		pki_secret_free(key);
	return pem.data;
}

static void root_is_made_once(void **state)
{
	struct stat st;
	struct pki_certificate said;
	uint8_t one[32], two[32];
	bool made;
	(void)state;
	struct pki *p = open_at(folder, now, &made);
	assert_true(made);
	pki_root_digest(p, one);
	assert_int_equal(pki_certificate_read(pki_root_pem(p), strlen(pki_root_pem(p)), &said), HN_OK);
	assert_memory_equal(said.digest, one, 32);
	assert_false(said.is_edge);
	assert_int_equal(said.until_ns, now + PKI_ROOT_DAYS * DAY_NS);
	pki_close(p);
	assert_int_equal(stat(in_folder("root.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(in_folder("root.pem")), 0);
	p = open_at(folder, now, &made);
	assert_false(made);
	pki_root_digest(p, two);
	assert_memory_equal(one, two, 32);
	assert_int_equal(stat(in_folder("root.pem"), &st), 0);
	pki_close(p);
}

static void a_root_without_its_key_is_not_made_anew(void **state)
{
	struct fault fault = {{0}, {0}};
	struct pki *p;
	(void)state;
	pki_close(open_at(folder, now, NULL));
	assert_int_equal(unlink(in_folder("root.key")), 0);
	assert_int_equal(pki_open(folder, "x", now, &p, NULL, &fault), HN_ENOENT);
	assert_non_null(strstr(fault.place, "root.key"));
	assert_int_equal(file_write_whole(in_folder("root.key"), "rubbish", 7, 0600, true), HN_OK);
	assert_int_equal(pki_open(folder, "x", now, &p, NULL, &fault), HN_EFORMAT);
	assert_int_equal(pki_open(in_folder("absent"), "x", now, &p, NULL, &fault), HN_ENOENT);
}

static void a_root_ends(void **state)
{
	struct fault fault = {{0}, {0}};
	struct pki *p;
	(void)state;
	pki_close(open_at(folder, now, NULL));
	assert_int_equal(pki_open(folder, "x", now + PKI_ROOT_DAYS * DAY_NS, &p, NULL, &fault), HN_EAUTH);
}

static void long_names_are_cut_between_letters(void **state)
{
	struct pki *p;
	(void)state;
	assert_int_equal(pki_open(folder,
				  "国家サイバー統括室のヒノミの中央の拠点の認証局のとても長い名前である", now,
				  &p, NULL, NULL),
			 HN_OK);
	pki_close(p);
}

static void an_edge_gets_what_it_is(void **state)
{
	struct pki_certificate said, checked;
	struct uuid id = edge_id();
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	char *pem = edge_pem(p, now, NULL, &said);
	assert_int_equal(check(p, pem, now, &checked), HN_OK);
	assert_true(checked.is_edge);
	assert_memory_equal(&checked.edge, &id, sizeof(id));
	assert_string_equal(checked.serial, said.serial);
	assert_int_equal(strlen(checked.serial), 32);
	assert_memory_equal(checked.digest, said.digest, 32);
	assert_int_equal(checked.from_ns, now - PKI_BACKDATED_NS);
	assert_int_equal(checked.until_ns, now + PKI_EDGE_DAYS * DAY_NS);
	assert_true(pki_renew_at(&checked) > now + 19 * DAY_NS && pki_renew_at(&checked) < now + 21 * DAY_NS);
	char *other = edge_pem(p, now, NULL, &checked);
	assert_string_not_equal(checked.serial, said.serial);
	free(other);
	free(pem);
	pki_close(p);
}

static void what_is_no_edge_of_ours_is_refused(void **state)
{
	static const char *const names[] = {"hub.example"};
	struct pki_certificate said;
	struct pki_pair pair;
	struct pki *other;
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	assert_int_equal(mkdir(in_folder("other"), 0700), 0);
	other = open_at(in_folder("other"), now, NULL);
	char *pem = edge_pem(other, now, NULL, NULL);
	assert_int_equal(check(p, pem, now, &said), HN_EAUTH); /* another authority */
	assert_int_equal(check(other, pem, now, &said), HN_OK);
	assert_int_equal(check(other, pem, now - 2 * PKI_BACKDATED_NS, &said), HN_EAUTH);
	assert_int_equal(check(other, pem, now + PKI_EDGE_DAYS * DAY_NS + NS_SECOND, &said), HN_EAUTH);
	assert_int_equal(check(p, pki_root_pem(p), now, &said), HN_EAUTH);
	assert_int_equal(pki_server(p, names, 1, now, &pair, NULL, NULL), HN_OK);
	assert_int_equal(check(p, pair.chain, now, &said), HN_EAUTH); /* a server */
	pki_pair_clear(&pair);
	free(pem);
	pki_close(other);
	pki_close(p);
}

static void any_changed_byte_of_a_certificate_is_seen(void **state)
{
	struct pki_certificate said;
	size_t len;
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	char *pem = edge_pem(p, now, NULL, NULL);
	uint8_t *der = der_of(pem, &len);
	for (size_t i = 0; i < len; i++) {
		der[i] ^= 1;
		assert_int_not_equal(pki_check_edge(p, der, len, now, &said, NULL), HN_OK);
		der[i] ^= 1;
	}
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *part = exact_copy(der, cut);
		assert_int_equal(pki_check_edge(p, part, cut, now, &said, NULL), HN_EFORMAT);
		free(part);
	}
	free(der);
	free(pem);
	pki_close(p);
}

static char *request_by(EVP_PKEY *key, EVP_PKEY *signer)
{
	char *text;
	X509_REQ *r = X509_REQ_new();
	assert_int_equal(X509_REQ_set_pubkey(r, key), 1);
	assert_true(X509_REQ_sign(r, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509_REQ(bio, r), 1);
	long len = BIO_get_mem_data(bio, &text);
	char *copy = strndup(text, (size_t)len);
	BIO_free(bio);
	X509_REQ_free(r);
	return copy;
}

static void requests_are_judged(void **state)
{
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
		 *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
		 *p521 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	const struct {
		EVP_PKEY *key, *signer;
		int expected;
	} cases[] = {{ed, ed, HN_OK},
		     {p256, p256, HN_OK},
		     {ed, other, HN_EAUTH},
		     {p521, p521, HN_EUNSUPPORTED},
		     {rsa, rsa, HN_EUNSUPPORTED}};
	struct uuid id = edge_id();
	struct fault fault;
	struct buf pem;
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *csr = request_by(cases[i].key, cases[i].signer);
		buf_init(&pem, PKI_PEM_MAX);
		assert_int_equal(pki_sign_edge(p, csr, strlen(csr), &id, now, &pem, NULL, &fault),
				 cases[i].expected);
		assert_int_equal(pem.len > 0, cases[i].expected == HN_OK);
		buf_clear(&pem);
		free(csr);
	}
	buf_init(&pem, PKI_PEM_MAX);
	assert_int_equal(pki_sign_edge(p, "", 0, &id, now, &pem, NULL, &fault), HN_EFORMAT);
	assert_int_equal(
		pki_sign_edge(p, pki_root_pem(p), strlen(pki_root_pem(p)), &id, now, &pem, NULL, &fault),
		HN_EFORMAT);
	pki_close(p);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(other);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p521);
	EVP_PKEY_free(rsa);
}

static void the_servers_pair_is_renewed_by_itself(void **state)
{
	static const char *const names[] = {"hub.example", "192.0.2.1", "2001:db8::1", "localhost"};
	struct pki_pair first, again;
	bool changed;
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	assert_int_equal(pki_server(p, names, COUNT(names), now, &first, &changed, NULL), HN_OK);
	assert_true(changed);
	assert_non_null(strstr(first.chain, pki_root_pem(p)));
	assert_int_equal(pki_matches(first.chain, first.key), HN_OK);
	assert_int_equal(pki_server(p, names, COUNT(names), now + 200 * DAY_NS, &again, &changed, NULL),
			 HN_OK);
	assert_false(changed);
	assert_string_equal(first.chain, again.chain);
	assert_string_equal(first.key, again.key);
	pki_pair_clear(&again);
	assert_int_equal(pki_server(p, names, COUNT(names), now + 300 * DAY_NS, &again, &changed, NULL),
			 HN_OK);
	assert_true(changed);
	pki_pair_clear(&again);
	assert_int_equal(pki_server(p, names, 1, now + 300 * DAY_NS, &again, &changed, NULL), HN_OK);
	assert_true(changed);
	pki_pair_clear(&again);
	/* The key of one pair beside the certificate of another, as a kill leaves them. */
	assert_int_equal(file_write_whole(in_folder("server.key"), first.key, strlen(first.key), 0600, true),
			 HN_OK);
	assert_int_equal(pki_server(p, names, 1, now + 300 * DAY_NS, &again, &changed, NULL), HN_OK);
	assert_true(changed);
	assert_int_equal(pki_matches(again.chain, again.key), HN_OK);
	pki_pair_clear(&again);
	pki_pair_clear(&first);
	pki_close(p);
}

static void names_of_a_server_are_judged(void **state)
{
	static const char *const names[] = {"", "Hub.example", "hub.example,DNS:other.example", "a b",
					    "*.example"};
	struct pki_pair pair;
	(void)state;
	struct pki *p = open_at(folder, now, NULL);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(pki_server(p, &names[i], 1, now, &pair, NULL, NULL), HN_EFORMAT);
	assert_int_equal(pki_server(p, names, 0, now, &pair, NULL, NULL), HN_ELIMIT);
	pki_close(p);
}

static void keys_are_read_as_they_were_written(void **state)
{
	char *key, *again;
	struct fault fault;
	(void)state;
	assert_int_equal(pki_key_make(&key), HN_OK);
	assert_int_equal(file_write_whole(in_folder("key.pem"), key, strlen(key), 0600, false), HN_OK);
	assert_int_equal(pki_key_read(in_folder("key.pem"), &again, &fault), HN_OK);
	assert_string_equal(key, again);
	pki_secret_free(again);
	assert_int_equal(pki_key_read(in_folder("none"), &again, &fault), HN_ENOENT);
	assert_int_equal(file_write_whole(in_folder("bad.pem"), key, strlen(key) / 2, 0600, false), HN_OK);
	assert_int_equal(pki_key_read(in_folder("bad.pem"), &again, &fault), HN_EFORMAT);
	pki_secret_free(key);
}

static void an_edges_uri_has_one_text(void **state)
{
	static const char *const bad[] = {
		"", "urn:hinomi:edge:", "urn:hinomi:edge:5F0E8A52-7D3C-5B4E-9A51-2F6F0B6F1C11",
		"urn:hinomi:edge:5f0e8a52-7d3c-5b4e-9a51-2f6f0b6f1c1",
		"URN:hinomi:edge:5f0e8a52-7d3c-5b4e-9a51-2f6f0b6f1c11"};
	char text[PKI_URI_SIZE];
	struct uuid id = edge_id(), again;
	(void)state;
	pki_uri(&id, text);
	assert_string_equal(text, "urn:hinomi:edge:5f0e8a52-7d3c-5b4e-9a51-2f6f0b6f1c11");
	assert_int_equal(pki_uri_parse(text, strlen(text), &again), HN_OK);
	assert_memory_equal(&id, &again, sizeof(id));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(pki_uri_parse(bad[i], strlen(bad[i]), &again), HN_EFORMAT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(root_is_made_once),
		TEST(a_root_without_its_key_is_not_made_anew),
		TEST(a_root_ends),
		TEST(long_names_are_cut_between_letters),
		TEST(an_edge_gets_what_it_is),
		TEST(what_is_no_edge_of_ours_is_refused),
		TEST(any_changed_byte_of_a_certificate_is_seen),
		TEST(requests_are_judged),
		TEST(the_servers_pair_is_renewed_by_itself),
		TEST(names_of_a_server_are_judged),
		TEST(keys_are_read_as_they_were_written),
		TEST(an_edges_uri_has_one_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
