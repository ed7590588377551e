/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum sign { BETWEEN, LETTER, PAIRED };

/* Signs of writing without spaces, after NFKC: so no half-width kana and no compatibility ideographs. */
static enum sign sign_of(ucs4_t c)
{
	static const struct {
		ucs4_t first, last;
	} paired[] = {
		{0x3005, 0x3007},                     /* iteration mark, closing mark, zero */
		{0x3041, 0x3096},                     /* hiragana */
		{0x309d, 0x309f},                     /* its iteration marks */
		{0x30a1, 0x30fa},                     /* katakana */
		{0x30fc, 0x30ff},                     /* long vowel, iteration marks */
		{0x31f0, 0x31ff},                     /* small katakana of Ainu */
		{0x3400, 0x4dbf},                     /* Han */
		{0x4e00, 0x9fff}, {0xac00, 0xd7a3},   /* Hangul */
		{0xf900, 0xfaff}, {0x20000, 0x3fffd}, /* Han */
	};
	if (c < 0x80) {
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		return letter ? LETTER : BETWEEN;
	}
	for (size_t i = 0; i < sizeof(paired) / sizeof(paired[0]); i++)
		if (c >= paired[i].first && c <= paired[i].last)
			return PAIRED;
	return uc_is_general_category_withtable(c,
						UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)
		       ? LETTER
		       : BETWEEN;
}

/* Where one piece of the text stands, and who is told. */
struct reading {
	enum words_use use;
	word_fn fn;
	void *context;
	size_t start, end;
};

static int tell(const struct reading *r, const uint8_t *word, size_t len)
{
	if (len > WORD_MAX) {
		len = WORD_MAX;
		while (len > 0 && (word[len] & 0xc0) == 0x80)
			len--;
	}
	return r->fn(r->context, (const char *)word, len, r->start, r->end);
}

/* Pairs of neighbours; @return bytes of the run, or a negative error. */
static int tell_pairs(const struct reading *r, const uint8_t *at, const uint8_t *end,
		      const uint8_t **after_out)
{
	const uint8_t *before = NULL;
	int err = HN_OK;
	bool alone = true;
	while (err == HN_OK && at < end) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, (size_t)(end - at));
		if (sign_of(c) != PAIRED)
			break;
		if (before != NULL) {
			alone = false;
			err = tell(r, before, (size_t)(at + n - before));
		}
		if (err == HN_OK && r->use == WORDS_INDEX)
			err = tell(r, at, (size_t)n);
		before = at;
		at += n;
	}
	if (err == HN_OK && r->use == WORDS_ASKED && alone && before != NULL)
		err = tell(r, before, (size_t)(at - before));
	*after_out = at;
	return err;
}

static int tell_word(const struct reading *r, const uint8_t *at, const uint8_t *end,
		     const uint8_t **after_out)
{
	const uint8_t *start = at;
	while (at < end) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, (size_t)(end - at));
		if (sign_of(c) != LETTER)
			break;
		at += n;
	}
	*after_out = at;
	return tell(r, start, (size_t)(at - start));
}

static int tell_folded(const struct reading *r, const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;
	int err = HN_OK;
	while (err == HN_OK && at < end) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, (size_t)(end - at));
		enum sign sign = sign_of(c);
		if (sign == BETWEEN)
			at += n;
		else
			err = sign == PAIRED ? tell_pairs(r, at, end, &at) : tell_word(r, at, end, &at);
	}
	return err;
}

static bool is_ascii(const uint8_t *at, size_t len)
{
	uint8_t all = 0;
	for (size_t i = 0; i < len; i++)
		all |= at[i];
	return all < 0x80;
}

/* As u8_casefold(): into room if it is large enough, else into memory of its own. */
static uint8_t *fold_ascii(const uint8_t *at, size_t len, uint8_t *room, size_t *len_io)
{
	uint8_t *out = len <= *len_io ? room : malloc(len);
	for (size_t i = 0; out != NULL && i < len; i++)
		out[i] = (uint8_t)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + 32 : at[i]);
	*len_io = len;
	return out;
}

/* A run without spaces or broken bytes, brought into its form. ASCII, the usual case, needs no library. */
static int tell_run(const struct reading *r, const uint8_t *at, size_t len)
{
	enum { SMALL = 256 };
	uint8_t small[SMALL];
	size_t folded_len = SMALL;
	uint8_t *folded = is_ascii(at, len) ? fold_ascii(at, len, small, &folded_len)
					    : u8_casefold(at, len, NULL, UNINORM_NFKC, small, &folded_len);
	if (folded == NULL)
		return HN_ENOMEM;
	int err = tell_folded(r, folded, folded_len);
	if (folded != small)
		free(folded);
	return err;
}

int words_of(const char *text, size_t len, enum words_use use, word_fn fn, void *context)
{
	const uint8_t *start = (const uint8_t *)text;
	const uint8_t *end = start + len;
	int err = HN_OK;
	for (const uint8_t *at = start; err == HN_OK && at < end;) {
		const uint8_t *run = at;
		while (at<end && * at> ' ') {
			ucs4_t c;
			int n = *at < 0x80 ? 1 : u8_mbtoucr(&c, at, (size_t)(end - at));
			if (n <= 0)
				break;
			at += n;
		}
		if (at > run) {
			const struct reading r = {use, fn, context, (size_t)(run - start),
						  (size_t)(at - start)};
			err = tell_run(&r, run, (size_t)(at - run));
		}
		if (at < end && (*at <= ' ' || at == run || u8_mblen(at, (size_t)(end - at)) <= 0))
			at++;
	}
	return err;
}
