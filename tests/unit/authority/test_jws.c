/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

#include "base/encode.h"

/* The key of RFC 8037, appendix A.1, over "Example of Ed25519 signing", with `alg` "Ed25519". */
static const uint8_t rfc_key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
				    0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
				    0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
#define RFC_PAYLOAD "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
/* RFC 8037, appendix A.4, in the general serialization: the same key and text, but `alg` "EdDSA". */
static const char rfc_eddsa[] =
	"{\"payload\":\"" RFC_PAYLOAD
	"\",\"signatures\":[{\"protected\":\"eyJhbGciOiJFZERTQSJ9\",\"signature\":"
	"\"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg\"}]}";

static void golden_vector_is_accepted(void **state)
{
	static const char golden[] = "{\"payload\":\"" RFC_PAYLOAD "\",\"signatures\":[{\"protected\":"
				     "\"eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoia1ByS19xbXhWV2FZVkE5d3dCRjZJdW8zdlZ6e"
				     "jdUeEhDVHdYQnlnclM0ayJ9\","
				     "\"signature\":"
				     "\"qmDfMhc7kcln8I14NtCy2IGp3TJZ8y0kMQE-ONJSkW2sPq-"
				     "kfIf7h5XS2heWmCOWsxgSxIxX7P53UpP7mFvVBQ\"}]}";
	struct key_public key = {"", "RFC 8037", {0}, {0}};
	struct jws j;

	(void)state;
	memcpy(key.ed25519, rfc_key, 32);
	key_id_of(rfc_key, key.id);
	assert_int_equal(jws_parse(golden, sizeof(golden) - 1, &j, NULL), HN_OK);
	assert_int_equal(j.payload_len, strlen("Example of Ed25519 signing"));
	assert_memory_equal(j.payload, "Example of Ed25519 signing", j.payload_len);
	assert_int_equal(jws_check(&j, &key, 1, 1, NULL), REFUSAL_NONE);
	jws_clear(&j);
}

static void the_name_eddsa_is_refused(void **state)
{
	struct fault fault;
	struct jws j;
	(void)state;
	assert_int_equal(jws_parse(rfc_eddsa, sizeof(rfc_eddsa) - 1, &j, &fault), HN_EUNSUPPORTED);
	assert_string_equal(fault.place, "/signatures/0/protected/alg");
}

static void signing_and_parsing_go_there_and_back(void **state)
{
	struct world w;
	struct jws j;

	(void)state;
	world_init(&w);
	for (size_t n = 0; n <= KEYS; n++) {
		char *text = signed_text("{}", 2, w.keys, n);
		assert_int_equal(jws_parse(text, strlen(text), &j, NULL), HN_OK);
		assert_int_equal(j.count, n);
		assert_int_equal(jws_check(&j, w.trust.keys, KEYS, THRESHOLD, NULL),
				 n >= THRESHOLD ? REFUSAL_NONE : REFUSAL_SIGNATURES_TOO_FEW);
		struct buf again;
		buf_init(&again, JWS_SIZE_MAX);
		jws_add(&j, &again);
		assert_string_equal(again.data, text);
		buf_clear(&again);
		if (n > 0)
			assert_int_equal(jws_sign(&j, w.keys[0]), HN_EEXIST);
		jws_clear(&j);
		free(text);
	}
	world_clear(&w);
}

static void no_threshold_means_never(void **state)
{
	struct world w;
	struct jws j;

	(void)state;
	world_init(&w);
	assert_int_equal(jws_draft("{}", 2, &j), HN_OK);
	assert_int_equal(jws_check(&j, w.trust.keys, KEYS, 0, NULL), REFUSAL_SIGNATURES_TOO_FEW);
	jws_clear(&j);
	world_clear(&w);
}

static void wrong_signers_are_named(void **state)
{
	struct world w;
	struct refusal_detail detail;
	struct jws j;

	(void)state;
	world_init(&w);
	struct key *with_stranger[] = {w.keys[0], w.keys[1], w.stranger};
	char *text = signed_text("{}", 2, with_stranger, 3);
	assert_int_equal(jws_parse(text, strlen(text), &j, NULL), HN_OK);
	free(text);
	/* Two right signatures do not make up for one that is not. */
	assert_int_equal(jws_check(&j, w.trust.keys, KEYS, THRESHOLD, &detail), REFUSAL_KEY_UNKNOWN);
	assert_non_null(strstr(detail.text, key_public(w.stranger)->id));
	j.count = 2;
	j.signatures[1] = j.signatures[0];
	assert_int_equal(jws_check(&j, w.trust.keys, KEYS, THRESHOLD, &detail), REFUSAL_SIGNATURE_REPEATED);
	assert_non_null(strstr(detail.text, "Commissioner A"));
	j.count = 1;
	j.signatures[0].signature[3] ^= 0x10;
	assert_int_equal(jws_check(&j, w.trust.keys, KEYS, THRESHOLD, &detail), REFUSAL_SIGNATURE_WRONG);
	assert_non_null(strstr(detail.text, "Commissioner A"));
	j.signatures[0].signature[3] ^= 0x10;
	assert_int_equal(jws_check(&j, w.trust.keys, KEYS, THRESHOLD, &detail), REFUSAL_SIGNATURES_TOO_FEW);
	assert_string_equal(detail.text, "1 of 2");
	jws_clear(&j);
	world_clear(&w);
}

/* Takes the place of the protected header or the signature in a good document. */
static char *document(const char *header, const char *signature)
{
	struct buf b;
	buf_init(&b, 4096);
	buf_adds(&b, "{\"payload\":\"e30\",\"signatures\":[{\"protected\":\"");
	base64url_add(&b, header, strlen(header));
	buf_addf(&b, "\",\"signature\":\"%s\"}]}", signature);
	assert_int_equal(buf_err(&b), HN_OK);
	return b.data;
}

#define KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define SIG "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static void headers_are_read_strictly(void **state)
{
	static const struct {
		const char *header, *signature;
		int rc;
	} cases[] = {
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "\"}", SIG, HN_OK},
		{"{\"alg\":\"none\",\"kid\":\"" KID "\"}", "", HN_EFORMAT},
		{"{\"alg\":\"none\",\"kid\":\"" KID "\"}", SIG, HN_EUNSUPPORTED},
		{"{\"alg\":\"EdDSA\",\"kid\":\"" KID "\"}", SIG, HN_EUNSUPPORTED},
		{"{\"alg\":\"HS256\",\"kid\":\"" KID "\"}", SIG, HN_EUNSUPPORTED},
		{"{\"alg\":\"Ed448\",\"kid\":\"" KID "\"}", SIG, HN_EUNSUPPORTED},
		{"{\"alg\":\"Ed25519\"}", SIG, HN_EFORMAT},
		{"{\"kid\":\"" KID "\"}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "\",\"crit\":[\"exp\"]}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "\",\"b64\":false}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"alg\":\"Ed25519\",\"kid\":\"" KID "\"}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"../x\"}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "A\"}", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l\"}", SIG,
		 HN_EFORMAT},
		{"{\"alg\":1,\"kid\":\"" KID "\"}", SIG, HN_EFORMAT},
		{"[]", SIG, HN_EFORMAT},
		{"", SIG, HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "\"}", SIG "A", HN_EFORMAT},
		{"{\"alg\":\"Ed25519\",\"kid\":\"" KID "\"}", "AAAA", HN_EFORMAT},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = document(cases[i].header, cases[i].signature);
		uint8_t *copy = exact_copy(text, strlen(text));
		struct jws j = {0};
		int rc = jws_parse((const char *)copy, strlen(text), &j, NULL);
		if (rc != cases[i].rc)
			fail_msg("case %zu: %d", i, rc);
		if (rc != HN_OK)
			assert_null(j.payload);
		jws_clear(&j);
		free(copy);
		free(text);
	}
}

/* The flattened form (7.2.2) is not ours. */
static const char flattened[] = "{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"" SIG "\"}";

static void documents_are_read_strictly(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"payload\":\"e30\"}",
		"{\"signatures\":[]}",
		"{\"payload\":\"\",\"signatures\":[]}",
		"{\"payload\":\"e30=\",\"signatures\":[]}",
		"{\"payload\":\"e31\",\"signatures\":[]}", /* not canonical: stray bits */
		"{\"payload\":\"e3 0\",\"signatures\":[]}",
		"{\"payload\":\"e+0\",\"signatures\":[]}",
		"{\"payload\":\"e30\",\"payload\":\"e30\",\"signatures\":[]}",
		"{\"payload\":\"e30\",\"signatures\":[],\"header\":{}}",
		"{\"payload\":\"e30\",\"signatures\":{}}",
		"{\"payload\":\"e30\",\"signatures\":[1]}",
		"{\"payload\":\"e30\",\"signatures\":[{}]}",
		"{\"payload\":{},\"signatures\":[]}",
		"{\"payload\":\"e30\",\"signatures\":[]} x"};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t *copy = exact_copy(bad[i], strlen(bad[i]));
		struct jws j;
		if (jws_parse((const char *)copy, strlen(bad[i]), &j, NULL) != HN_EFORMAT)
			fail_msg("case %zu", i);
		free(copy);
	}
	struct jws j;
	assert_int_equal(jws_parse(flattened, sizeof(flattened) - 1, &j, NULL), HN_EFORMAT);
}

static void prefixes_are_refused(void **state)
{
	struct world w;
	struct jws j;

	(void)state;
	world_init(&w);
	char *text = signed_text("{}", 2, w.keys, 2);
	for (size_t len = 0; len + 1 < strlen(text); len++) {
		uint8_t *copy = exact_copy(text, len);
		assert_int_not_equal(jws_parse((const char *)copy, len, &j, NULL), HN_OK);
		free(copy);
	}
	free(text);
	world_clear(&w);
}

static void too_many_signatures_are_refused(void **state)
{
	struct buf b;
	struct jws j;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "{\"payload\":\"e30\",\"signatures\":[{}");
	for (int i = 0; i < JWS_SIGNATURES_MAX; i++)
		buf_adds(&b, ",{}");
	buf_adds(&b, "]}");
	assert_int_equal(jws_parse(b.data, b.len, &j, NULL), HN_ELIMIT);
	buf_clear(&b);
	assert_int_equal(jws_draft("", 0, &j), HN_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(golden_vector_is_accepted),
					   cmocka_unit_test(the_name_eddsa_is_refused),
					   cmocka_unit_test(signing_and_parsing_go_there_and_back),
					   cmocka_unit_test(no_threshold_means_never),
					   cmocka_unit_test(wrong_signers_are_named),
					   cmocka_unit_test(headers_are_read_strictly),
					   cmocka_unit_test(documents_are_read_strictly),
					   cmocka_unit_test(prefixes_are_refused),
					   cmocka_unit_test(too_many_signatures_are_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
