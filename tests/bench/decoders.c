/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Nanoseconds a message for each decoder: the median of several rounds over the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fuzz/quic_seal.h"
#include "wire/decoder.h"
#include "wire/dns.h"
#include "wire/http.h"
#include "wire/quic.h"
#include "wire/tls.h"

#define ROUNDS   7
#define ROUND_NS 40e6

struct job {
	const char *what;
	enum decode_result (*decode)(struct cur data, bool ended, struct decode_state *state,
				     struct extract *out);
	const uint8_t *data;
	size_t len;
	bool block;
	bool ja4;
	uint8_t protocol; /* decoder_find() is measured when decode is NULL */
};

static struct extract x;
static _Alignas(16) uint8_t block[DECODE_BLOCK];

static double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void once(const struct job *j)
{
	struct decode_state state = {0};
	const struct decoder *d = NULL;
	if (j->decode == NULL) {
		(void)decoder_find(j->protocol, 40000, 40001, j->data, j->len, &d);
		return;
	}
	if (j->block) {
		memset(block, 0, 512); /* what the decoder reads before it writes: a new flow */
		state.block = block;
	}
	extract_reset(&x);
	if (j->decode(cur_of(j->data, j->len), false, &state, &x) == DECODE_NO) {
		fprintf(stderr, "bench decoders: %s is not decoded\n", j->what);
		exit(5);
	}
}

static int by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;
	return d < 0 ? -1 : d > 0;
}

static void measure(const struct job *j)
{
	double ns[ROUNDS];
	uint64_t n = 1000;
	x.wanted = j->ja4 ? UINT32_MAX : ~(1u << VALUE_JA4);
	for (size_t r = 0; r < ROUNDS; r++) {
		double start = now_ns();
		for (uint64_t i = 0; i < n; i++)
			once(j);
		ns[r] = (now_ns() - start) / (double)n;
		n = (uint64_t)(ROUND_NS / ns[r]) + 1;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_value);
	printf("%-44s %6zu %10.1f %10.2f\n", j->what, j->len, ns[ROUNDS / 2],
	       ns[ROUNDS / 2] / (double)j->len);
}

static const uint8_t dns_query[] =
	"\x12\x34\1\0\0\1\0\0\0\0\0\1\3www\7hinomi1\7example\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0";
static const uint8_t dns_response[] =
	"\x12\x34\x81\x80\0\1\0\4\0\0\0\1\3www\7hinomi1\7example\0\0\1\0\1"
	"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\x0f\4edge\7network\xc0\x18"
	"\xc0\x31\0\1\0\1\0\0\0\x3c\0\4\300\0\2\1\xc0\x31\0\1\0\1\0\0\0\x3c\0\4\300\0\2\2"
	"\xc0\x31\0\1\0\1\0\0\0\x3c\0\4\300\0\2\3\0\0\x29\4\xd0\0\0\0\0\0\0";
static const uint8_t http_get[] =
	"GET /assets/scripts/main.js?v=20261121 HTTP/1.1\r\nHost: www.hinomi1.example\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
	"Accept-Encoding: gzip, deflate\r\nAccept-Language: ja,en;q=0.9\r\nConnection: keep-alive\r\n\r\n";
static const uint8_t unknown[] = "\x8a\x01\xc3\x11nothing that any row would know by its first bytes";

/* A hello as browsers send it: 16 ciphers, 17 extensions, 8 signature algorithms, a key share, 517 bytes. */
static size_t make_hello(uint8_t *out)
{
	static const uint8_t before[] = "\3\3";
	static const uint8_t ciphers[] = "\0\x20\x0a\x0a\x13\1\x13\2\x13\3\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30"
					 "\xcc\xa9\xcc\xa8\xc0\x13\xc0\x14"
					 "\0\x9c\0\x9d\0\x2f\0\x35\1\0";
	static const uint8_t extensions[] =
		"\x2a\x2a\0\0\0\0\0\x18\0\x16\0\0\x13www.hinomi1.example\0\x17\0\0\xff\1\0\1\0"
		"\0\x0a\0\x0a\0\x08\x1a\x1a\0\x1d\0\x17\0\x18\0\x0b\0\2\1\0\0\x23\0\0"
		"\0\x10\0\x0e\0\x0c\2h2\x08http/1.1\0\5\0\5\1\0\0\0\0"
		"\0\x0d\0\x12\0\x10\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1\0\x12\0\0"
		"\0\x2d\0\2\1\1\0\x2b\0\7\6\x3a\x3a\3\4\3\3\0\x1b\0\3\2\0\2\x44\x69\0\5\0\3\2h2";
	size_t n = 4;
	memcpy(out + n, before, 2);
	n += 2;
	memset(out + n, 0x5a, 65);
	out[n + 32] = 32;
	n += 65;
	memcpy(out + n, ciphers, sizeof(ciphers)); /* with the NUL: one compression method, none */
	n += sizeof(ciphers) - 1;
	size_t length_at = n;
	n += 2;
	memcpy(out + n, extensions, sizeof(extensions) - 1);
	n += sizeof(extensions) - 1;
	memcpy(out + n, "\0\x33\0\x26\0\x24\0\x1d\0\x20", 10);
	memset(out + n + 10, 0xa5, 32);
	n += 42;
	size_t padding = 512 - n - 4;
	memcpy(out + n, "\0\x15\0", 3);
	out[n + 3] = (uint8_t)padding;
	memset(out + n + 4, 0, padding);
	n += 4 + padding;
	out[length_at] = (uint8_t)((n - length_at - 2) >> 8);
	out[length_at + 1] = (uint8_t)(n - length_at - 2);
	memcpy(out, "\1\0", 2);
	out[2] = (uint8_t)((n - 4) >> 8);
	out[3] = (uint8_t)(n - 4);
	return n;
}

static size_t make_records(uint8_t *out, const uint8_t *message, size_t len, size_t part)
{
	size_t n = 0;
	for (size_t at = 0; at < len; at += part) {
		size_t size = len - at < part ? len - at : part;
		memcpy(out + n, "\x16\3\1", 3);
		out[n + 3] = (uint8_t)(size >> 8);
		out[n + 4] = (uint8_t)size;
		memcpy(out + n + 5, message + at, size);
		n += 5 + size;
	}
	return n;
}

/* As many records as fit, whose names all lead to the same one, which makes them too long by a byte. */
static size_t make_bomb(uint8_t *out, size_t size)
{
	size_t n = 12;
	memcpy(out, "\x12\x34\x81\x80\0\0\xff\xff\0\0\0\0", 12);
	for (size_t i = 0; i < 126; i++) {
		out[n++] = 1;
		out[n++] = 'a';
	}
	memcpy(out + n, "\0\0\x10\0\1\0\0\0\0\0\0", 11);
	n += 11;
	while (n + 32 < size) {
		memcpy(out + n, "\3aaa\xc0\x0c\0\x10\0\1\0\0\0\0\0\0", 16);
		n += 16;
	}
	return n;
}

int main(void)
{
	static uint8_t hello[1024], record[1024], records[8192], frames[1162], packet[1400], other[1400],
		bomb[16384];
	static const uint8_t cid[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	size_t hello_len = make_hello(hello);
	size_t record_len = make_records(record, hello, hello_len, 16384);
	size_t records_len = make_records(records, hello, hello_len, 1);
	frames[0] = 6;
	frames[2] = (uint8_t)(0x40 | hello_len >> 8);
	frames[3] = (uint8_t)hello_len;
	memcpy(frames + 4, hello, hello_len);
	size_t packet_len = quic_seal(QUIC_V1, cid, 8, cid, 8, 0, frames, sizeof(frames), packet);
	memcpy(other, packet, packet_len);
	other[packet_len - 1] ^= 1;
	size_t bomb_len = make_bomb(bomb, sizeof(bomb));

	const struct job jobs[] = {
		{"dns query", dns_decode, dns_query, sizeof(dns_query) - 1},
		{"dns response, alias and three addresses", dns_decode, dns_response,
		 sizeof(dns_response) - 1},
		{"dns response made to hurt", dns_decode, bomb, bomb_len},
		{"tls hello", tls_decode, record, record_len},
		{"tls hello with JA4", tls_decode, record, record_len, .ja4 = true},
		{"tls hello in records of one byte", tls_decode, records, records_len},
		{"quic initial", quic_decode, packet, packet_len, .block = true},
		{"quic initial with JA4", quic_decode, packet, packet_len, .block = true, .ja4 = true},
		{"quic initial that does not open", quic_decode, other, packet_len, .block = true},
		{"http request", http_decode, http_get, sizeof(http_get) - 1},
		{"unknown datagram, to find nobody", NULL, unknown, sizeof(unknown) - 1, .protocol = 17},
		{"unknown stream, to find nobody", NULL, unknown, sizeof(unknown) - 1, .protocol = 6},
	};
	printf("%-44s %6s %10s %10s\n", "message", "bytes", "ns", "ns/byte");
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		measure(&jobs[i]);
	return 0;
}
