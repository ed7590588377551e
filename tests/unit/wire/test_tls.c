/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/tls.h"

#include "../../fuzz/decoded.h"
#include "../check.h"

static const struct decoder tls = {.name = "tls", .protocol = 6, .decode = tls_decode};

static struct transcript t;

/* Bytes under construction. */
struct made {
	uint8_t bytes[40000];
	size_t len;
};

static void put(struct made *m, const void *data, size_t len)
{
	assert_true(len <= sizeof(m->bytes) - m->len);
	if (len > 0)
		memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static void put16(struct made *m, size_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	put(m, b, 2);
}

static void put16s(struct made *m, const uint16_t *v, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put16(m, v[i]);
}

struct hello {
	uint16_t version;
	const uint16_t *ciphers;
	size_t ciphers_count;
	const uint16_t *extensions;
	size_t extensions_count;
	const uint16_t *signatures;
	size_t signatures_count;
	const uint16_t *versions;
	size_t versions_count;
	const char *name;
	const char *alpn;
	size_t padding;
};

static void put_extension(struct made *m, uint16_t type, const struct hello *h)
{
	static struct made body;
	body.len = 0;
	if (type == 0) {
		put16(&body, strlen(h->name) + 3);
		put(&body, "", 1);
		put16(&body, strlen(h->name));
		put(&body, h->name, strlen(h->name));
	} else if (type == 13) {
		put16(&body, h->signatures_count * 2);
		put16s(&body, h->signatures, h->signatures_count);
	} else if (type == 16) {
		uint8_t len = (uint8_t)strlen(h->alpn);
		put16(&body, len + 1u);
		put(&body, &len, 1);
		put(&body, h->alpn, len);
	} else if (type == 43) {
		uint8_t len = (uint8_t)(h->versions_count * 2);
		put(&body, &len, 1);
		put16s(&body, h->versions, h->versions_count);
	} else if (type == 21) {
		static const uint8_t zeros[20000];
		put(&body, zeros, h->padding);
	}
	put16(m, type);
	put16(m, body.len);
	put(m, body.bytes, body.len);
}

/* The handshake message, with its type and length. */
static void make_hello(struct made *m, const struct hello *h)
{
	static struct made ext;
	uint8_t random[33] = {0}; /* and an empty session id */
	ext.len = 0;
	for (size_t i = 0; i < h->extensions_count; i++)
		put_extension(&ext, h->extensions[i], h);
	m->len = 0;
	put(m, "\1\0\0\0", 4);
	put16(m, h->version);
	put(m, random, sizeof(random));
	put16(m, h->ciphers_count * 2);
	put16s(m, h->ciphers, h->ciphers_count);
	put(m, "\1\0", 2);
	if (h->extensions_count > 0) {
		put16(m, ext.len);
		put(m, ext.bytes, ext.len);
	}
	m->bytes[2] = (uint8_t)((m->len - 4) >> 8);
	m->bytes[3] = (uint8_t)(m->len - 4);
}

/* The message in records of at most part bytes. */
static void make_records(struct made *m, const struct made *message, size_t part)
{
	m->len = 0;
	for (size_t at = 0; at < message->len; at += part) {
		size_t n = message->len - at < part ? message->len - at : part;
		put(m, "\x16\3\1", 3);
		put16(m, n);
		put(m, message->bytes + at, n);
	}
}

/* The worked example of the method's public description, with GREASE added where browsers do. */
static const uint16_t ciphers[] = {0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
				   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
static const uint16_t extensions[] = {0x2a2a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
				      0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0xfafa};
static const uint16_t signatures[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
static const uint16_t versions[] = {0x1a1a, 0x0304, 0x0303};

static const struct hello example = {
	.version = 0x0303,
	.ciphers = ciphers,
	.ciphers_count = COUNT(ciphers),
	.extensions = extensions,
	.extensions_count = COUNT(extensions),
	.signatures = signatures,
	.signatures_count = COUNT(signatures),
	.versions = versions,
	.versions_count = COUNT(versions),
	.name = "WWW.example",
	.alpn = "h2",
};

static struct made message;
static struct made stream;

static void run(const struct hello *h, size_t record, size_t step)
{
	make_hello(&message, h);
	make_records(&stream, &message, record);
	uint8_t *data = exact_copy(stream.bytes, stream.len);
	transcript_stream(&t, &tls, data, stream.len, step);
	free(data);
}

static void ja4_follows_its_description(void **state)
{
	(void)state;
	static const uint16_t only_name[] = {0};
	static const uint16_t odd[] = {0x0010};
	static const uint16_t unsigned_[] = {0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
					     0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015};
	static uint16_t many[200];
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (uint16_t)(0xd000 + (i * 7) % COUNT(many));
	struct hello h = example;
	run(&h, 16384, 65536);
	assert_string_equal(t.text, "tls.sni www.example\ntls.ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n");
	assert_int_equal(t.result, DECODE_DONE);

	h.extensions = unsigned_;
	h.extensions_count = COUNT(unsigned_);
	h.signatures_count = 0;
	run(&h, 16384, 65536);
	assert_non_null(strstr(t.text, "tls.ja4 t13d1516h2_8daaf6152771_6d807ffa2a79\n"));

	/* Nothing but a server name; the version is the hello's own. */
	h.extensions = only_name;
	h.extensions_count = 1;
	h.version = 0x0302;
	run(&h, 16384, 65536);
	assert_non_null(strstr(t.text, "tls.ja4 t11d150100_8daaf6152771_000000000000\n"));
	h.extensions_count = 0;
	h.version = 0x0399;
	run(&h, 16384, 65536);
	assert_string_equal(t.text, "tls.ja4 t00i150000_8daaf6152771_000000000000\n");

	/* More than 99, and in an order that must not matter. */
	h.ciphers = many;
	h.ciphers_count = COUNT(many);
	run(&h, 16384, 65536);
	char before[128];
	memcpy(before, t.text, sizeof(before));
	assert_non_null(strstr(t.text, "tls.ja4 t00i990000_"));
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (uint16_t)(0xd000 + i);
	run(&h, 16384, 65536);
	assert_memory_equal(before, t.text, t.len);

	/* The characters of the first ALPN value, or of its hex form. */
	static const struct {
		const char *alpn;
		const char *shown;
	} alpns[] = {{"http/1.1", "h1"},         {"h", "hh"},        {"\xab", "ab"},
		     {"\xab\xcd", "ad"},         {"\x30\xab", "3b"}, {"01\xab\xcd", "3d"},
		     {"\x30\xab\xcd\x31", "01"}, {"", "00"}};
	h.extensions = odd;
	h.extensions_count = 1;
	for (size_t i = 0; i < COUNT(alpns); i++) {
		h.alpn = alpns[i].alpn;
		run(&h, 16384, 65536);
		assert_memory_equal(t.text + strlen("tls.ja4 t00i9901"), alpns[i].shown, 2);
	}
}

static void ja4_is_made_only_when_wanted(void **state)
{
	(void)state;
	static struct extract x;
	struct decode_state s = {0};
	make_hello(&message, &example);
	make_records(&stream, &message, 16384);
	assert_int_equal(tls_decode(cur_of(stream.bytes, stream.len), false, &s, &x), DECODE_DONE);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.items[0].field, FIELD_TLS_SNI);
}

/* Records and segments may be cut anywhere. Each byte is asked for once: calls stay few. */
static void however_it_is_cut_it_is_the_same(void **state)
{
	(void)state;
	static const char found[] = "tls.sni www.example\ntls.ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n";
	static const size_t parts[] = {1, 2, 3, 5, 50, 16384};
	for (size_t i = 0; i < COUNT(parts); i++) {
		for (size_t step = 1; step < 12; step++) {
			run(&example, parts[i], step);
			assert_string_equal(t.text, found);
			assert_int_equal(t.result, DECODE_DONE);
			assert_true(t.calls <= 2 * (message.len / parts[i] + 2));
		}
	}
}

static void prefixes_ask_for_more(void **state)
{
	(void)state;
	make_hello(&message, &example);
	make_records(&stream, &message, 100);
	for (size_t len = 1; len < stream.len; len++) {
		struct decode_state s = {0};
		uint8_t *data = exact_copy(stream.bytes, len);
		extract_reset(&t.x);
		assert_int_equal(tls_decode(cur_of(data, len), false, &s, &t.x), DECODE_MORE);
		assert_true(s.need > len);
		assert_int_equal(t.x.count, 0);
		/* When nothing more comes, a name that is there in full is still given, and no fingerprint.
		 */
		s = (struct decode_state){0};
		(void)tls_decode(cur_of(data, len), true, &s, &t.x);
		assert_true(t.x.count <= 1);
		if (t.x.count == 1)
			assert_memory_equal(t.x.items[0].data, "\3www\7example", 12);
		free(data);
	}
	assert_int_equal(t.x.count, 1);
}

static void every_mutation_of_a_byte_is_survived(void **state)
{
	(void)state;
	make_hello(&message, &example);
	make_records(&stream, &message, 60);
	uint8_t *data = exact_copy(stream.bytes, stream.len);
	for (size_t at = 0; at < stream.len; at++) {
		for (unsigned v = 0; v < 256; v += at < 80 ? 1 : 17) {
			data[at] = (uint8_t)v;
			transcript_stream(&t, &tls, data, stream.len, stream.len);
		}
		data[at] = stream.bytes[at];
	}
	free(data);
}

static void a_hello_longer_than_the_window_still_gives_its_name(void **state)
{
	(void)state;
	static const uint16_t padded[] = {0x0000, 0x0015};
	struct hello h = example;
	h.extensions = padded;
	h.extensions_count = 2;
	h.padding = 20000;
	run(&h, 16384, 1400);
	assert_string_equal(t.text, "tls.sni www.example\n");
	assert_int_equal(t.result, DECODE_DONE);
}

static void a_list_beyond_all_measure_has_no_fingerprint(void **state)
{
	(void)state;
	static uint16_t many[2000];
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (uint16_t)(i * 3 + 0x1000);
	struct hello h = example;
	h.ciphers = many;
	h.ciphers_count = COUNT(many);
	run(&h, 16384, 65536);
	assert_string_equal(t.text, "tls.sni www.example\n");
	assert_int_equal(t.x.dropped, 1);
}

static void the_server_and_other_records_are_finished_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		enum decode_guess guess;
		enum decode_result result;
	} cases[] = {
		{"\x16\3\3\0\x30\2\0\0", 8, GUESS_YES, DECODE_DONE},
		{"\x15\3\3\0\2\2\x28", 7, GUESS_YES, DECODE_DONE},
		{"\x16\3\3\0\0\1\0\0", 8, GUESS_NO, DECODE_NO},
		{"\x16\3\3\0\4\1\0\0\0", 9, GUESS_YES, DECODE_NO},
		{"\x16\3\3\0\1\1\x17\3\3\0\1\0", 12, GUESS_YES, DECODE_NO},
		{"\x16\2\3\0\4\1\0\0\0", 9, GUESS_NO, DECODE_NO},
		{"\x17\3\3\0\4\1\0\0\0", 9, GUESS_NO, DECODE_NO},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct decode_state s = {0};
		uint8_t *data = exact_copy(cases[i].bytes, cases[i].len);
		assert_int_equal(tls_guess(data, cases[i].len), cases[i].guess);
		assert_int_equal(tls_decode(cur_of(data, cases[i].len), true, &s, &t.x), cases[i].result);
		free(data);
	}
	assert_int_equal(tls_guess((const uint8_t *)"\x16\3", 2), GUESS_MAYBE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja4_follows_its_description),
		cmocka_unit_test(ja4_is_made_only_when_wanted),
		cmocka_unit_test(however_it_is_cut_it_is_the_same),
		cmocka_unit_test(prefixes_ask_for_more),
		cmocka_unit_test(every_mutation_of_a_byte_is_survived),
		cmocka_unit_test(a_hello_longer_than_the_window_still_gives_its_name),
		cmocka_unit_test(a_list_beyond_all_measure_has_no_fingerprint),
		cmocka_unit_test(the_server_and_other_records_are_finished_or_refused),
	};
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
