/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/quic.h"

#include <openssl/crypto.h>

#include "../../fuzz/decoded.h"
#include "../../fuzz/quic_seal.h"
#include "../check.h"
#include "base/encode.h"

static const struct decoder quic = {.name = "quic", .protocol = 17, .block = true, .decode = quic_decode};

static struct transcript t;
static struct decode_state state;

/* RFC 9001, Appendix A: the connection id, and the ClientHello of A.2. */
static const uint8_t cid[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
static const char hello_hex[] =
	"010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000"
	"0413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006"
	"001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9"
	"caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d001000"
	"0e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffff"
	"ff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ff"
	"ff";

#define HELLO_SIZE   241
#define PAYLOAD_SIZE 1162
#define FOUND        "quic.sni example.com\nquic.ja4 q13d0211an_62ed6f6ca7ad_4d634acda6c0\n"

static uint8_t hello[HELLO_SIZE];
static uint8_t packet[2048];

static int read_hello(void **unused)
{
	(void)unused;
	return hex_decode(hello_hex, strlen(hello_hex), hello, sizeof(hello));
}

static void feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	transcript_call(&t, &quic, &state, copy, len, true); /* `ended` means nothing for datagrams */
	free(copy);
}

/* A CRYPTO frame of a part of the hello. */
static size_t crypto_frame(uint8_t *out, size_t offset, size_t len)
{
	out[0] = 6;
	out[1] = (uint8_t)(0x40 | offset >> 8);
	out[2] = (uint8_t)offset;
	out[3] = (uint8_t)(0x40 | len >> 8);
	out[4] = (uint8_t)len;
	memcpy(out + 5, hello + offset, len);
	return 5 + len;
}

/* One datagram with that part of the hello. */
static void feed_part(uint32_t version, const uint8_t *keyed, const uint8_t *id, size_t offset, size_t len)
{
	uint8_t frames[PAYLOAD_SIZE] = {0};
	(void)crypto_frame(frames, offset, len);
	size_t n = quic_seal(version, keyed, 8, id, 8, 2, frames, sizeof(frames), packet);
	feed(packet, n);
}

static void keys_are_those_of_the_standards(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t version;
		const char *key;
		const char *iv;
		const char *hp;
	} cases[] = {
		{QUIC_V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
		 "9f50449e04a0e810283a1e9933adedd2"},
		{QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
		 "45b95e15235d6f45a6b19cbcb0294ba9"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct quic_keys keys;
		char hex[33];
		assert_int_equal(quic_keys_derive(cases[i].version, cid, sizeof(cid), &keys), HN_OK);
		hex_encode(keys.key, sizeof(keys.key), hex);
		assert_string_equal(hex, cases[i].key);
		hex_encode(keys.iv, sizeof(keys.iv), hex);
		assert_string_equal(hex, cases[i].iv);
		hex_encode(keys.hp, sizeof(keys.hp), hex);
		assert_string_equal(hex, cases[i].hp);
	}
	struct quic_keys keys;
	assert_int_equal(quic_keys_derive(0xff00001d, cid, sizeof(cid), &keys), HN_EUNSUPPORTED);
}

/* RFC 9001, A.2 and RFC 9369, A.2: sealed here the packet begins as printed there, and it opens. */
static void packets_of_the_standards_are_opened(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t version;
		const char *head;
	} cases[] = {
		{QUIC_V1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8ba"
			  "b936b47d92ec356c0bab7df5976d27cd449f63300099f3991c260ec4c60d17b31f8429157bb35a12"},
		{QUIC_V2, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03"
			  "dceebfa162e75d6c96058bdbfb127cdfcbf903388e99ad049f9a3dd4425ae4d0992cfff18ecf0fdb"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t frames[PAYLOAD_SIZE] = {6, 0, 0x40, 0xf1};
		uint8_t head[80];
		memcpy(frames + 4, hello, sizeof(hello));
		size_t n = quic_seal(cases[i].version, cid, 8, cid, 8, 2, frames, sizeof(frames), packet);
		assert_int_equal(n, 1200);
		assert_int_equal(hex_decode(cases[i].head, strlen(cases[i].head), head, sizeof(head)), HN_OK);
		assert_memory_equal(packet, head, sizeof(head));
		assert_int_equal(quic_guess(packet, n), GUESS_YES);
		transcript_start(&t, &state);
		feed(packet, n);
		assert_int_equal(t.result, DECODE_DONE);
		assert_string_equal(t.text, FOUND);
	}
}

static void parts_in_any_order_make_the_same_hello(void **unused)
{
	(void)unused;
	for (size_t cut = 1; cut < HELLO_SIZE; cut += 7) {
		transcript_start(&t, &state);
		feed_part(QUIC_V1, cid, cid, cut, HELLO_SIZE - cut);
		assert_int_equal(t.result, DECODE_MORE);
		feed_part(QUIC_V1, cid, cid, 0, cut);
		assert_int_equal(t.result, DECODE_DONE);
		assert_string_equal(t.text, FOUND);
	}
	/* Many small frames in one packet, every second first, with what was sent before sent again. */
	uint8_t frames[PAYLOAD_SIZE] = {0};
	size_t n = 0;
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t at = pass * 9; at < HELLO_SIZE; at += 18)
			n += crypto_frame(frames + n, at, HELLO_SIZE - at < 12 ? HELLO_SIZE - at : 12);
	transcript_start(&t, &state);
	feed(packet, quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet));
	assert_string_equal(t.text, FOUND);
}

static void of_what_is_sent_twice_the_first_counts(void **unused)
{
	(void)unused;
	uint8_t frames[PAYLOAD_SIZE] = {0};
	size_t n = crypto_frame(frames, 40, 60);
	size_t second = n;
	n += crypto_frame(frames + n, 0, HELLO_SIZE);
	memset(frames + second + 5 + 40, 0xee, 60);
	transcript_start(&t, &state);
	feed(packet, quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet));
	assert_string_equal(t.text, FOUND);
}

static void after_a_retry_or_another_version_keys_are_made_anew(void **unused)
{
	(void)unused;
	static const uint8_t other[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	transcript_start(&t, &state);
	feed_part(QUIC_V1, cid, cid, 0, 100);
	feed_part(QUIC_V1, other, other, 0, HELLO_SIZE);
	assert_string_equal(t.text, FOUND);

	transcript_start(&t, &state);
	feed_part(QUIC_V1, cid, cid, 0, 100);
	feed_part(QUIC_V2, cid, cid, 0, HELLO_SIZE);
	assert_string_equal(t.text, FOUND);

	/* The server's id in place of ours, the same keys (RFC 9000, 7.2). */
	transcript_start(&t, &state);
	feed_part(QUIC_V1, cid, cid, 0, 100);
	feed_part(QUIC_V1, cid, other, 100, HELLO_SIZE - 100);
	assert_string_equal(t.text, FOUND);
}

/* The server's packets name the client's own id, which is empty here. They cost nothing. */
static void the_servers_packets_are_passed_by(void **unused)
{
	(void)unused;
	uint8_t frames[PAYLOAD_SIZE] = {1};
	transcript_start(&t, &state);
	feed_part(QUIC_V1, cid, cid, 0, 100);
	size_t n = quic_seal(QUIC_V1, cid, 8, cid, 0, 0, frames, sizeof(frames), packet);
	for (int i = 0; i < 2 * QUIC_TRIES_MAX; i++) {
		feed(packet, n);
		assert_int_equal(t.result, DECODE_MORE);
	}
	feed_part(QUIC_V1, cid, cid, 100, HELLO_SIZE - 100);
	assert_string_equal(t.text, FOUND);
}

static void coalesced_packets_are_walked(void **unused)
{
	(void)unused;
	uint8_t frames[200] = {0};
	static uint8_t datagram[2048];
	(void)crypto_frame(frames, 0, 100);
	size_t n = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), datagram);
	/* 0-RTT: long header, type 1, with a length */
	static const uint8_t zero_rtt[] = {0xd0, 0, 0, 0, 1, 0, 0, 3, 1, 2, 3};
	memcpy(datagram + n, zero_rtt, sizeof(zero_rtt));
	n += sizeof(zero_rtt);
	(void)crypto_frame(frames, 100, HELLO_SIZE - 100);
	n += quic_seal(QUIC_V1, cid, 8, cid, 8, 1, frames, sizeof(frames), datagram + n);
	transcript_start(&t, &state);
	feed(datagram, n);
	assert_string_equal(t.text, FOUND);
}

static void work_on_a_flow_is_bounded(void **unused)
{
	(void)unused;
	uint8_t frames[PAYLOAD_SIZE] = {0};
	size_t n = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet);
	packet[n - 1] ^= 1; /* opens for nobody */
	transcript_start(&t, &state);
	int fed = 0;
	do {
		feed(packet, n);
		fed++;
	} while (t.result == DECODE_MORE && fed < 100);
	assert_int_equal(t.result, DECODE_NO);
	assert_int_equal(fed, QUIC_TRIES_BLIND);

	transcript_start(&t, &state);
	feed_part(QUIC_V1, cid, cid, 10, 100); /* one that opens; now there is more patience */
	n = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet);
	packet[n - 1] ^= 1;
	for (fed = 1; t.result == DECODE_MORE && fed < 100; fed++)
		feed(packet, n);
	assert_int_equal(t.result, DECODE_NO);
	assert_int_equal(fed, QUIC_TRIES_MAX);

	static const uint8_t handshake[] = {0xe0, 0, 0, 0, 1, 0, 0, 3, 1, 2, 3};
	transcript_start(&t, &state);
	fed = 0;
	do {
		feed(handshake, sizeof(handshake));
		fed++;
	} while (t.result == DECODE_MORE && fed < 100);
	assert_int_equal(t.result, DECODE_NO);
	assert_int_equal(fed, QUIC_DATAGRAMS_MAX);
}

static void prefixes_and_mutations_give_nothing(void **unused)
{
	(void)unused;
	uint8_t frames[300] = {0};
	(void)crypto_frame(frames, 0, HELLO_SIZE);
	static uint8_t whole[512];
	size_t n = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), whole);
	for (size_t len = 0; len < n; len++) {
		transcript_start(&t, &state);
		feed(whole, len);
		assert_int_equal(t.result, DECODE_MORE);
		assert_string_equal(t.text, "");
	}
	for (size_t at = 0; at < n; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			whole[at] ^= (uint8_t)(1u << bit);
			transcript_start(&t, &state);
			feed(whole, n);
			assert_string_equal(t.text, "");
			whole[at] ^= (uint8_t)(1u << bit);
		}
	}
}

/* Frames behind the seal are as hostile as the packet: absurd offsets, lengths, counts. */
static void odd_frames_are_survived(void **unused)
{
	(void)unused;
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"\6\xff\xff\xff\xff\xff\xff\xff\xff\1a", 11},
		{"\6\0\xff\xff\xff\xff\xff\xff\xff\xff", 10},
		{"\2\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 12},
		{"\3\0\0\0\0\0\0\0\6\0", 10},
		{"\6\x80\0\x3f\xff\2ab", 8},
		{"\x1c\0\0\0", 4},
		{"\6\0\4\2\0\0\0", 7},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t frames[64] = {0};
		memcpy(frames, cases[i].bytes, cases[i].len);
		transcript_start(&t, &state);
		feed(packet, quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet));
		assert_string_equal(t.text, "");
	}
}

static void other_versions_are_not_recognised(void **unused)
{
	(void)unused;
	uint8_t data[] = {0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x40};
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_YES);
	data[0] = 0x43;
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_NO);
	data[0] = 0xc3;
	data[4] = 2;
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_NO);
	memset(data + 1, 0x1a, 4);
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_YES);
	memcpy(data + 1, "\0\0\0\1\7", 5);
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_NO);
	memcpy(data + 1, "\0\0\0\1\25", 5);
	assert_int_equal(quic_guess(data, sizeof(data)), GUESS_NO);
	assert_int_equal(quic_guess(data, 3), GUESS_NO);
}

static unsigned allocations;

static void *counted_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(size);
}

static void *counted_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(p, size);
}

static void counted_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* The decoder itself never asks for memory; nor may the library it calls, once its contexts are there. */
static void nothing_is_allocated_once_it_runs(void **unused)
{
	(void)unused;
	uint8_t frames[PAYLOAD_SIZE] = {0};
	(void)crypto_frame(frames, 0, HELLO_SIZE);
	size_t n = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet);
	for (int i = 0; i < 20; i++) {
		unsigned before = allocations;
		transcript_start(&t, &state);
		feed(packet, n);
		assert_string_equal(t.text, FOUND);
		assert_true(i == 0 || allocations == before);
	}
	assert_true(allocations > 0); /* they are counted */
}

int main(void)
{
	if (!CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_the_standards),
		cmocka_unit_test(packets_of_the_standards_are_opened),
		cmocka_unit_test(parts_in_any_order_make_the_same_hello),
		cmocka_unit_test(of_what_is_sent_twice_the_first_counts),
		cmocka_unit_test(after_a_retry_or_another_version_keys_are_made_anew),
		cmocka_unit_test(the_servers_packets_are_passed_by),
		cmocka_unit_test(coalesced_packets_are_walked),
		cmocka_unit_test(work_on_a_flow_is_bounded),
		cmocka_unit_test(prefixes_and_mutations_give_nothing),
		cmocka_unit_test(odd_frames_are_survived),
		cmocka_unit_test(nothing_is_allocated_once_it_runs),
		cmocka_unit_test(other_versions_are_not_recognised),
	};
	return cmocka_run_group_tests_name("quic", tests, read_hello, NULL);
}
