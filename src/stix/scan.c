/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK 64

bool stix_scan_begin(struct stix_scan *s, uint8_t first)
{
	bool container = first == '{' || first == '[';
	*s = (struct stix_scan){.first = (char)first, .depth = container ? 1 : 0, .in_string = first == '"'};
	return container || first == '"' || first == '-' || (first >= '0' && first <= '9') || first == 't' ||
	       first == 'f' || first == 'n';
}

static bool ends_word(uint8_t b)
{
	return b == ',' || b == ']' || b == '}' || b == ' ' || b == '\n' || b == '\r' || b == '\t';
}

/* A bracket outside strings: '{' and '[', '}' and ']' differ from each other in one bit. */
static bool opens(uint8_t b)
{
	return (b | 0x20) == '{';
}

static bool closes(uint8_t b)
{
	return (b | 0x20) == '}';
}

/* One byte of a container. Backslashes count outside strings too, where they are no JSON, so that blocks and
 * single bytes come to the same end. */
static enum stix_scanned scan_byte(struct stix_scan *s, uint8_t b)
{
	bool escaped = s->escaped;
	s->escaped = b == '\\' && !escaped;
	if (b == '"' && !escaped)
		s->in_string = !s->in_string;
	if (s->in_string)
		return STIX_SCAN_MORE;
	if (opens(b))
		s->depth++;
	return closes(b) && --s->depth == 0 ? STIX_SCAN_DONE : STIX_SCAN_MORE;
}

static enum stix_scanned scan_bytes(struct stix_scan *s, const uint8_t **at, const uint8_t *end)
{
	while (*at < end) {
		enum stix_scanned done = scan_byte(s, **at);
		(*at)++;
		if (done == STIX_SCAN_DONE)
			return done;
	}
	return STIX_SCAN_MORE;
}

#ifdef __SSE2__
struct masks {
	uint64_t quotes, slashes, brackets, opening;
};

static uint64_t mask(__m128i v)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(v);
}

static struct masks read_block(const uint8_t *p)
{
	const __m128i bit = _mm_set1_epi8(0x20);
	struct masks m = {0};
	for (unsigned i = 0; i < BLOCK / 16; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16u * i));
		__m128i folded = _mm_or_si128(v, bit);
		uint64_t open = mask(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
		uint64_t close = mask(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
		m.quotes |= mask(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << (16u * i);
		m.slashes |= mask(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))) << (16u * i);
		m.opening |= open << (16u * i);
		m.brackets |= (open | close) << (16u * i);
	}
	return m;
}

/* Bytes that a backslash before them escapes; a backslash that is escaped itself escapes nothing. */
static uint64_t escaped_bytes(struct stix_scan *s, uint64_t slashes)
{
	uint64_t escaped = s->escaped ? 1 : 0;
	slashes &= ~escaped;
	s->escaped = false;
	while (slashes != 0) {
		unsigned i = (unsigned)__builtin_ctzll(slashes);
		if (i == BLOCK - 1) {
			s->escaped = true;
			break;
		}
		escaped |= UINT64_C(2) << i;
		slashes &= ~(UINT64_C(3) << i);
	}
	return escaped;
}

/* Each bit becomes the parity of the bits up to it: from quotes to what they enclose. */
static uint64_t parity(uint64_t x)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		x ^= x << shift;
	return x;
}

/*
 * Sixty-four bytes at once: which are in strings follows from the quotes, and only brackets outside strings
 * are looked at one by one.
 */
static enum stix_scanned scan_block(struct stix_scan *s, const uint8_t **at)
{
	struct masks m = read_block(*at);
	uint64_t escaped = m.slashes != 0 || s->escaped ? escaped_bytes(s, m.slashes) : 0;
	uint64_t inside = parity(m.quotes & ~escaped) ^ (s->in_string ? ~UINT64_C(0) : 0);
	uint64_t brackets = m.brackets & ~inside;
	for (; brackets != 0; brackets &= brackets - 1) {
		unsigned i = (unsigned)__builtin_ctzll(brackets);
		if ((m.opening >> i & 1) != 0) {
			s->depth++;
		} else if (--s->depth == 0) {
			*at += i + 1;
			return STIX_SCAN_DONE;
		}
	}
	s->in_string = inside >> 63 != 0;
	*at += BLOCK;
	return STIX_SCAN_MORE;
}
#endif

static enum stix_scanned scan_container(struct stix_scan *s, const uint8_t **at, const uint8_t *end)
{
#ifdef __SSE2__
	while (end - *at >= BLOCK) {
		enum stix_scanned done = scan_block(s, at);
		if (done != STIX_SCAN_MORE)
			return done;
	}
#endif
	return scan_bytes(s, at, end);
}

static enum stix_scanned scan_string(struct stix_scan *s, const uint8_t **at, const uint8_t *end)
{
	while (*at < end) {
		uint8_t b = *(*at)++;
		bool escaped = s->escaped;
		s->escaped = b == '\\' && !escaped;
		if (b == '"' && !escaped)
			return STIX_SCAN_DONE;
	}
	return STIX_SCAN_MORE;
}

static enum stix_scanned scan_word(const uint8_t **at, const uint8_t *end)
{
	for (; *at < end; (*at)++)
		if (ends_word(**at))
			return STIX_SCAN_DONE;
	return STIX_SCAN_MORE;
}

enum stix_scanned stix_scan(struct stix_scan *s, const uint8_t **at, const uint8_t *end)
{
	if (s->first == '{' || s->first == '[')
		return scan_container(s, at, end);
	return s->first == '"' ? scan_string(s, at, end) : scan_word(at, end);
}
