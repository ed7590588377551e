/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/head.h"

#include "authority/jws.h"
#include "base/utc.h"
#include "tests/unit/check.h"

#define EDGE "5f0e8a52-7d3c-5b4e-9a51-2f6f0b6f1c11"
static const int64_t now = INT64_C(1795000000) * NS_SECOND;

static struct key *key;

static int make_key(void **state)
{
	(void)state;
	return key_make("hub", &key);
}

static int free_key(void **state)
{
	(void)state;
	key_free(key);
	return 0;
}

static struct head head_of(enum head_kind kind)
{
	struct head h = {.kind = kind, .version = 7, .issued_ns = now, .expires_ns = now + 3600 * NS_SECOND};
	bool nation = kind == HEAD_TRUST || kind == HEAD_REVOCATIONS;
	(void)snprintf(h.id, sizeof(h.id), "%s", nation ? HEAD_NATION : EDGE);
	if (nation) {
		h.file_count = 1;
		memset(h.files[0].digest, 0x11, 32);
		h.files[0].size = 4711;
	}
	return h;
}

static void sign(const struct head *h, struct buf *out)
{
	buf_init(out, HEAD_TEXT_MAX);
	assert_int_equal(head_sign(h, key, out), HN_OK);
	assert_ptr_equal(memchr(out->data, '\n', out->len), out->data + out->len - 1);
}

static int read_text(const char *text, size_t len, struct head *out)
{
	uint8_t *copy = exact_copy(text, len);
	int err = head_read((const char *)copy, len, key_public(key), out, NULL);
	free(copy);
	return err;
}

static int read_payload(const char *text, struct head *out)
{
	uint8_t *copy = exact_copy(text, strlen(text));
	int err = head_read_payload((const char *)copy, strlen(text), out, NULL);
	free(copy);
	return err;
}

/* Written, signed, read, and written again: the same bytes. */
static void round_trip(const struct head *h, struct head *out)
{
	struct buf text, again;
	sign(h, &text);
	assert_int_equal(read_text(text.data, text.len, out), HN_OK);
	assert_int_equal(out->kind, h->kind);
	assert_string_equal(out->id, h->id);
	assert_int_equal(out->version, h->version);
	assert_int_equal(out->issued_ns, h->issued_ns);
	assert_int_equal(out->expires_ns, h->expires_ns);
	buf_init(&again, HEAD_TEXT_MAX);
	assert_int_equal(head_write(out, &again), HN_OK);
	assert_int_equal(again.len, out->payload_len);
	assert_memory_equal(again.data, out->payload, again.len);
	buf_clear(&again);
	buf_clear(&text);
}

static void a_set_is_its_base_and_overlays(void **state)
{
	(void)state;
	for (int base = 0; base < 2; base++)
		for (size_t overlays = 0; overlays <= HEAD_OVERLAYS_MAX; overlays += 4)
			for (enum head_action a = HEAD_ACTION_UNSAID; a <= HEAD_SELECT; a++) {
				struct head h = head_of(HEAD_SET), out;
				h.has_base = base == 1;
				h.action = a;
				h.file_count = overlays + (h.has_base ? 1 : 0);
				for (size_t i = 0; i < h.file_count; i++) {
					memset(h.files[i].digest, (int)i + 1, 32);
					h.files[i].size = i << 40;
				}
				round_trip(&h, &out);
				assert_int_equal(out.has_base, h.has_base);
				assert_int_equal(out.action, a);
				assert_int_equal(out.file_count, h.file_count);
				assert_memory_equal(out.files, h.files, sizeof(h.files));
				head_clear(&out);
			}
}

/* A head with two bases says the same after a round trip, and either of them alone is a head again. */
static void while_a_base_is_new_the_former_is_named(void **state)
{
	(void)state;
	for (size_t overlays = 0; overlays <= HEAD_OVERLAYS_MAX; overlays += 4) {
		struct head h = head_of(HEAD_SET), out;
		h.has_base = true;
		h.action = HEAD_BLOCK;
		h.file_count = 1;
		h.former_count = 1 + overlays;
		h.spread_s = (uint32_t)overlays * 5000;
		for (size_t i = 0; i < h.former_count; i++) {
			memset(h.former[i].digest, (int)i + 1, 32);
			h.former[i].size = i;
		}
		round_trip(&h, &out);
		assert_int_equal(out.spread_s, h.spread_s);
		assert_int_equal(out.former_count, h.former_count);
		assert_memory_equal(out.former, h.former, sizeof(h.former));
		for (int former = 0; former < 2; former++) {
			struct head chosen = h, alone;
			head_choose(&chosen, former == 1);
			round_trip(&chosen, &alone);
			assert_int_equal(alone.former_count, 0);
			assert_int_equal(alone.file_count, former == 1 ? h.former_count : h.file_count);
			assert_memory_equal(alone.files, former == 1 ? h.former : h.files,
					    alone.file_count * sizeof(h.files[0]));
			head_clear(&alone);
		}
		head_clear(&out);
	}
}

static void a_head_of_documents(void **state)
{
	struct head_document documents[HEAD_DOCUMENTS_MAX] = {{{{0}}, {{0}, 0}}};
	(void)state;
	for (size_t count = 0; count <= HEAD_DOCUMENTS_MAX; count += 64) {
		struct head h = head_of(HEAD_AUTHORISATIONS), out;
		for (size_t i = 0; i < count; i++) {
			documents[i].id.bytes[3] = (uint8_t)i;
			documents[i].file.size = i;
		}
		h.documents = documents;
		h.document_count = count;
		round_trip(&h, &out);
		assert_int_equal(out.document_count, count);
		assert_memory_equal(out.documents, documents, count * sizeof(documents[0]));
		head_clear(&out);
	}
}

static void trust_and_revocations_are_one_document(void **state)
{
	static const enum head_kind both[] = {HEAD_TRUST, HEAD_REVOCATIONS};
	(void)state;
	for (size_t i = 0; i < COUNT(both); i++) {
		struct head h = head_of(both[i]), out;
		round_trip(&h, &out);
		assert_int_equal(out.files[0].size, 4711);
		assert_memory_equal(out.files[0].digest, h.files[0].digest, 32);
		head_clear(&out);
	}
}

static void trust_names_the_domestic_table_too(void **state)
{
	struct head h = head_of(HEAD_TRUST), out;
	struct buf text;
	(void)state;
	h.file_count = 2;
	memset(h.files[1].digest, 0x22, 32);
	h.files[1].size = 815;
	round_trip(&h, &out);
	assert_int_equal(out.file_count, 2);
	assert_int_equal(out.files[1].size, 815);
	assert_memory_equal(out.files[1].digest, h.files[1].digest, 32);
	head_clear(&out);
	h = head_of(HEAD_REVOCATIONS);
	h.file_count = 2;
	buf_init(&text, HEAD_TEXT_MAX);
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	buf_clear(&text);
}

static void questions_keep_their_arguments(void **state)
{
	char explain[] = "{\"name\":\"evil.example\"}", none[] = "{}";
	struct head_question q[] = {
		{{{1}}, HEAD_EXPLAIN, explain}, {{{2}}, HEAD_STATISTICS, none}, {{{3}}, HEAD_SKETCH, none}};
	struct head h = head_of(HEAD_QUESTIONS), out;
	struct buf text;
	(void)state;
	h.questions = q;
	h.question_count = COUNT(q);
	round_trip(&h, &out);
	assert_int_equal(out.question_count, COUNT(q));
	assert_string_equal(out.questions[0].arguments, explain);
	assert_int_equal(out.questions[2].ask, HEAD_SKETCH);
	head_clear(&out);
	q[0].arguments = none + 1; /* "}" is no object */
	buf_init(&text, HEAD_TEXT_MAX);
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	buf_clear(&text);
}

static void what_a_form_forbids_is_not_written(void **state)
{
	struct head h;
	struct buf text;
	(void)state;
	buf_init(&text, HEAD_TEXT_MAX);
	h = head_of(HEAD_SET);
	h.version = 0;
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h = head_of(HEAD_SET);
	h.expires_ns = h.issued_ns;
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h = head_of(HEAD_SET);
	memcpy(h.id, HEAD_NATION, sizeof(HEAD_NATION));
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h = head_of(HEAD_TRUST);
	memcpy(h.id, EDGE, sizeof(EDGE));
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h = head_of(HEAD_TRUST);
	h.file_count = 0;
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h = head_of(HEAD_SET);
	h.file_count = HEAD_OVERLAYS_MAX + 1;
	assert_int_equal(head_sign(&h, key, &text), HN_ELIMIT);
	h = head_of(HEAD_SET);
	h.former_count = 1;
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h.has_base = true;
	h.file_count = 1;
	h.spread_s = HEAD_SPREAD_MAX + 1;
	assert_int_equal(head_sign(&h, key, &text), HN_EFORMAT);
	h.spread_s = 0;
	h.former_count = HEAD_FILES_MAX + 1;
	assert_int_equal(head_sign(&h, key, &text), HN_ELIMIT);
	assert_int_equal(text.len, 0);
	buf_clear(&text);
}

static void another_key_and_any_changed_letter_are_refused(void **state)
{
	struct head h = head_of(HEAD_TRUST), out;
	struct key *other;
	struct buf text;
	(void)state;
	sign(&h, &text);
	assert_int_equal(key_make("another hub", &other), HN_OK);
	assert_int_equal(head_read(text.data, text.len, key_public(other), &out, NULL), HN_EAUTH);
	for (size_t i = 0; i < text.len - 1; i++) {
		char was = text.data[i];
		text.data[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(read_text(text.data, text.len, &out), HN_OK);
		text.data[i] = was;
	}
	for (size_t len = 0; len < text.len - 1; len++)
		assert_int_not_equal(read_text(text.data, len, &out), HN_OK);
	key_free(other);
	buf_clear(&text);
}

static void one_signature_and_no_more(void **state)
{
	struct head h = head_of(HEAD_TRUST), out;
	struct jws jws;
	struct key *other;
	struct buf text;
	(void)state;
	sign(&h, &text);
	assert_int_equal(jws_parse(text.data, text.len, &jws, NULL), HN_OK);
	assert_int_equal(key_make("another hub", &other), HN_OK);
	assert_int_equal(jws_sign(&jws, other), HN_OK);
	buf_reset(&text);
	jws_add(&jws, &text);
	assert_int_equal(read_text(text.data, text.len, &out), HN_EAUTH);
	jws.count = 0;
	buf_reset(&text);
	jws_add(&jws, &text);
	assert_int_equal(read_text(text.data, text.len, &out), HN_EAUTH);
	jws_clear(&jws);
	key_free(other);
	buf_clear(&text);
}

#define TIMES  "\"issued\":\"2026-11-21T00:00:00Z\",\"expires\":\"2026-11-28T00:00:00Z\""
#define SET    "{\"kind\":\"set\",\"id\":\"" EDGE "\",\"version\":1," TIMES
#define TRUST  "{\"kind\":\"trust\",\"id\":\"nation\",\"version\":1," TIMES
#define ASKED  "{\"kind\":\"questions\",\"id\":\"" EDGE "\",\"version\":1," TIMES ",\"questions\":"
#define DIGEST "0011223344556677889900112233445566778899001122334455667788990011"
#define BASE2  "\"base\":{\"digest\":\"" DIGEST "\",\"size\":1},\"overlays\":[]"
#define BASE   "," BASE2

static void payloads(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{SET ",\"base\":null,\"overlays\":[]}", HN_OK},
		{SET ",\"base\":null,\"overlays\":[],\"more\":[1]}\n", HN_OK},
		{SET ",\"base\":null,\"overlays\":[],\"action\":\"block\"}", HN_OK},
		{SET ",\"base\":null,\"overlays\":[],\"action\":\"burn\"}", HN_EUNSUPPORTED},
		{SET ",\"overlays\":[]}", HN_EFORMAT},
		{SET ",\"base\":null}", HN_EFORMAT},
		{SET ",\"base\":{\"digest\":\"" DIGEST "\",\"size\":1},\"overlays\":[]}", HN_OK},
		{SET ",\"base\":{\"digest\":\"" DIGEST "\",\"size\":-1},\"overlays\":[]}", HN_EFORMAT},
		{SET ",\"base\":{\"digest\":\"00\",\"size\":1},\"overlays\":[]}", HN_EFORMAT},
		{SET ",\"base\":[],\"overlays\":[]}", HN_EFORMAT},
		{SET ",\"base\":null,\"overlays\":[null]}", HN_EFORMAT},
		{SET ",\n\"base\":null,\"overlays\":[]}", HN_EFORMAT},
		{SET BASE ",\"former\":{" BASE2 "}}", HN_OK},
		{SET BASE ",\"former\":{" BASE2 ",\"spread\":86400,\"more\":1}}", HN_OK},
		{SET BASE ",\"former\":null}", HN_EFORMAT},
		{SET BASE ",\"former\":{}}", HN_EFORMAT},
		{SET BASE ",\"former\":{\"base\":null,\"overlays\":[]}}", HN_EFORMAT},
		{SET BASE ",\"former\":{" BASE2 ",\"spread\":-1}}", HN_EFORMAT},
		{SET BASE ",\"former\":{" BASE2 ",\"spread\":86401}}", HN_EFORMAT},
		{SET ",\"base\":null,\"overlays\":[],\"former\":{" BASE2 "}}", HN_EFORMAT},
		{"{\"kind\":\"weather\",\"id\":\"nation\",\"version\":1," TIMES "}", HN_EUNSUPPORTED},
		{"{\"kind\":\"set\",\"id\":\"nation\",\"version\":1," TIMES ",\"base\":null,\"overlays\":[]}",
		 HN_EFORMAT},
		{"{\"kind\":\"set\",\"id\":\"../../../../../../etc/passwd-0123456789ab\",\"version\":1," TIMES
		 ",\"base\":null,\"overlays\":[]}",
		 HN_EFORMAT},
		{"{\"kind\":\"set\",\"id\":\"" EDGE "\",\"version\":0," TIMES
		 ",\"base\":null,\"overlays\":[]}",
		 HN_EFORMAT},
		{"{\"kind\":\"trust\",\"id\":\"nation\",\"version\":1,\"issued\":\"2026-11-28T00:00:00Z\","
		 "\"expires\":\"2026-11-21T00:00:00Z\",\"document\":{\"digest\":\"" DIGEST "\",\"size\":1}}",
		 HN_EFORMAT},
		{TRUST ",\"document\":{\"digest\":\"" DIGEST "\",\"size\":1}}", HN_OK},
		{TRUST "}", HN_EFORMAT},
		{ASKED "[]}", HN_OK},
		{ASKED "[1]}", HN_EFORMAT},
		{ASKED "[{\"id\":\"" EDGE "\",\"ask\":\"explain\",\"arguments\":[]}]}", HN_EFORMAT},
		{"", HN_EFORMAT},
		{"[]", HN_EFORMAT},
		{"{}", HN_EFORMAT},
	};
	struct head out;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_payload(cases[i].text, &out), cases[i].expected);
		if (cases[i].expected == HN_OK)
			head_clear(&out);
	}
}

static void a_question_of_a_later_kind_is_passed_over(void **state)
{
	struct head out;
	(void)state;
	assert_int_equal(read_payload(ASKED "[{\"id\":\"" EDGE
					    "\",\"ask\":\"dream\",\"arguments\":{}},{\"id\":\"" EDGE
					    "\",\"ask\":\"sketch\",\"arguments\":{\"a\":1}}]}",
				      &out),
			 HN_OK);
	assert_int_equal(out.question_count, 1);
	assert_int_equal(out.questions[0].ask, HEAD_SKETCH);
	head_clear(&out);
}

static void too_many_are_refused(void **state)
{
	struct buf text;
	struct head out;
	(void)state;
	buf_init(&text, HEAD_TEXT_MAX);
	buf_adds(&text, SET ",\"base\":null,\"overlays\":[");
	for (int i = 0; i <= HEAD_OVERLAYS_MAX; i++)
		buf_addf(&text, "%s{\"digest\":\"" DIGEST "\",\"size\":1}", i > 0 ? "," : "");
	buf_adds(&text, "]}");
	assert_int_equal(read_payload(text.data, &out), HN_ELIMIT);
	buf_reset(&text);
	buf_adds(&text, ASKED "[");
	for (int i = 0; i <= HEAD_QUESTIONS_MAX; i++)
		buf_addf(&text, "%s{\"id\":\"" EDGE "\",\"ask\":\"sketch\",\"arguments\":{}}",
			 i > 0 ? "," : "");
	buf_adds(&text, "]}");
	assert_int_equal(read_payload(text.data, &out), HN_ELIMIT);
	buf_clear(&text);
}

static void versions_rise(void **state)
{
	struct head h = head_of(HEAD_TRUST), out;
	struct head_held held = {0};
	struct fault fault = {{0}, {0}};
	(void)state;
	round_trip(&h, &out);
	assert_int_equal(head_follows(&out, &held, &fault), HN_OK);
	held.version = 6;
	assert_int_equal(head_follows(&out, &held, &fault), HN_OK);
	held.version = 8;
	assert_int_equal(head_follows(&out, &held, &fault), HN_ESTATE);
	assert_non_null(strstr(fault.message, "rolled back"));
	held.version = 7;
	assert_int_equal(head_follows(&out, &held, &fault), HN_EAUTH);
	memcpy(held.digest, out.digest, 32);
	assert_int_equal(head_follows(&out, &held, &fault), HN_EEXIST);
	assert_false(head_expired(&out, h.expires_ns - 1));
	assert_true(head_expired(&out, h.expires_ns));
	head_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_its_base_and_overlays),
		cmocka_unit_test(while_a_base_is_new_the_former_is_named),
		cmocka_unit_test(a_head_of_documents),
		cmocka_unit_test(trust_and_revocations_are_one_document),
		cmocka_unit_test(trust_names_the_domestic_table_too),
		cmocka_unit_test(questions_keep_their_arguments),
		cmocka_unit_test(what_a_form_forbids_is_not_written),
		cmocka_unit_test(another_key_and_any_changed_letter_are_refused),
		cmocka_unit_test(one_signature_and_no_more),
		cmocka_unit_test(payloads),
		cmocka_unit_test(a_question_of_a_later_kind_is_passed_over),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(versions_rise),
	};
	return cmocka_run_group_tests(tests, make_key, free_key);
}
