/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/enrol.h"

#include "authority/jws.h"
#include "tests/unit/check.h"

static const struct enrol_program program = {"hinomi-edge", "0.1.0", "abc"};

struct world {
	struct key *identity;
	struct code *code;
	struct buf csr, text;
};

static void begin(struct world *w)
{
	static const uint8_t root[32] = {1, 2, 3};
	char *key;
	assert_int_equal(key_make("sensor", &w->identity), HN_OK);
	assert_int_equal(code_make("hub.example", 8472, root, &w->code), HN_OK);
	assert_int_equal(pki_key_make(&key), HN_OK);
	buf_init(&w->csr, PKI_CSR_MAX);
	assert_int_equal(pki_csr_make(key, &w->csr), HN_OK);
	pki_secret_free(key);
	buf_init(&w->text, ENROL_REQUEST_MAX);
	assert_int_equal(
		enrol_request_write(w->code, w->identity, ENROL_RESOLVER, &program, w->csr.data, &w->text),
		HN_OK);
}

static void end(struct world *w)
{
	buf_clear(&w->csr);
	buf_clear(&w->text);
	code_free(w->code);
	key_free(w->identity);
}

static int read_request(const char *text, size_t len, struct enrol_request *out)
{
	struct fault fault;
	uint8_t *copy = exact_copy(text, len);
	int err = enrol_request_read((const char *)copy, len, out, &fault);
	free(copy);
	return err;
}

static void a_request_says_who_asks_and_for_what(void **state)
{
	struct enrol_request *r = enrol_request_new();
	struct uuid edge;
	struct world w;
	(void)state;
	begin(&w);
	assert_int_equal(read_request(w.text.data, w.text.len, r), HN_OK);
	key_sensor_id(key_public(w.identity), &edge);
	assert_memory_equal(&r->edge, &edge, sizeof(edge));
	assert_memory_equal(r->secret, w.code->secret, CODE_SECRET_SIZE);
	assert_int_equal(r->kind, ENROL_RESOLVER);
	assert_string_equal(r->csr, w.csr.data);
	assert_int_equal(r->csr_len, w.csr.len);
	assert_string_equal(r->program.version, "0.1.0");
	end(&w);
	enrol_request_free(r);
}

static void a_request_that_was_touched_is_refused(void **state)
{
	struct enrol_request *r = enrol_request_new();
	struct world w;
	(void)state;
	begin(&w);
	for (size_t i = 0; i + 1 < w.text.len; i++) {
		char was = w.text.data[i];
		w.text.data[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(read_request(w.text.data, w.text.len, r), HN_OK);
		w.text.data[i] = was;
	}
	for (size_t len = 0; len + 1 < w.text.len; len += 7)
		assert_int_not_equal(read_request(w.text.data, len, r), HN_OK);
	end(&w);
	enrol_request_free(r);
}

/* The payload of one identity under the signature of another. */
static void nobody_enrols_for_another(void **state)
{
	struct enrol_request *r = enrol_request_new();
	struct key *other;
	struct jws jws, forged;
	struct world w;
	(void)state;
	begin(&w);
	assert_int_equal(key_make("other", &other), HN_OK);
	assert_int_equal(jws_parse(w.text.data, w.text.len, &jws, NULL), HN_OK);
	assert_int_equal(jws_draft(jws.payload, jws.payload_len, &forged), HN_OK);
	assert_int_equal(jws_sign(&forged, other), HN_OK);
	buf_reset(&w.text);
	jws_add(&forged, &w.text);
	assert_int_equal(read_request(w.text.data, w.text.len, r), HN_EAUTH);
	jws_clear(&forged);
	jws_clear(&jws);
	key_free(other);
	end(&w);
	enrol_request_free(r);
}

static void an_answer_is_read_as_it_was_written(void **state)
{
	char certificate[] = "-----BEGIN CERTIFICATE-----\nAA==\n",
	     root[] = "-----BEGIN CERTIFICATE-----\nAQ==\n";
	struct enrol_answer a = {.certificate = certificate, .root = root, .name = "東京 1", .hub = "Hub"},
			    got;
	struct world w;
	struct buf text;
	(void)state;
	begin(&w);
	a.head_key = *key_public(w.identity);
	a.edge = uuid_v4();
	buf_init(&text, ENROL_ANSWER_MAX);
	assert_int_equal(enrol_answer_write(&a, &text), HN_OK);
	assert_int_equal(enrol_answer_read(text.data, text.len, &got, NULL), HN_OK);
	assert_memory_equal(&got.edge, &a.edge, sizeof(a.edge));
	assert_string_equal(got.certificate, certificate);
	assert_string_equal(got.root, root);
	assert_string_equal(got.name, a.name);
	assert_string_equal(got.hub, "Hub");
	assert_string_equal(got.head_key.id, a.head_key.id);
	assert_memory_equal(got.head_key.ed25519, a.head_key.ed25519, 32);
	enrol_answer_clear(&got);
	for (size_t len = 0; len < text.len; len++) {
		uint8_t *copy = exact_copy(text.data, len);
		assert_int_equal(enrol_answer_read((const char *)copy, len, &got, NULL), HN_EFORMAT);
		free(copy);
	}
	char *kid = strstr(text.data, "\"kid\":\"");
	kid[7] = kid[7] == 'A' ? 'B' : 'A';
	assert_int_equal(enrol_answer_read(text.data, text.len, &got, NULL), HN_EFORMAT);
	buf_clear(&text);
	end(&w);
}

static void renewing_has_one_form(void **state)
{
	static char csr[PKI_CSR_MAX + 1];
	char *certificate, *root;
	struct buf text;
	(void)state;
	buf_init(&text, ENROL_REQUEST_MAX);
	assert_int_equal(renew_request_write("-----BEGIN\n\"x\"\n", &text), HN_OK);
	assert_int_equal(renew_request_read(text.data, text.len, csr, NULL), HN_OK);
	assert_string_equal(csr, "-----BEGIN\n\"x\"\n");
	assert_int_equal(renew_request_read("{}", 2, csr, NULL), HN_EFORMAT);
	buf_reset(&text);
	assert_int_equal(renew_answer_write("one\n", "two\n", &text), HN_OK);
	assert_int_equal(renew_answer_read(text.data, text.len, &certificate, &root, NULL), HN_OK);
	assert_string_equal(certificate, "one\n");
	assert_string_equal(root, "two\n");
	free(certificate);
	free(root);
	assert_int_equal(renew_answer_read("{\"certificate\":\"one\"}", 21, &certificate, &root, NULL),
			 HN_EFORMAT);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_who_asks_and_for_what),
		cmocka_unit_test(a_request_that_was_touched_is_refused),
		cmocka_unit_test(nobody_enrols_for_another),
		cmocka_unit_test(an_answer_is_read_as_it_was_written),
		cmocka_unit_test(renewing_has_one_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
