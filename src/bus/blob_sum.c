/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/blob_sum.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "match/him.h"

#define STATED_AT  24 /* where a set's file states its digest (docs/indicators.md) */
#define STATED_END (STATED_AT + SHA256_SIZE)

struct blob_sum {
	struct sha256 *all, *but; /* of all bytes, and of all but those that state the digest */
	uint8_t head[STATED_END];
	uint64_t have;
};

struct blob_sum *blob_sum_new(void)
{
	struct blob_sum *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->all = sha256_new();
	s->but = sha256_new();
	if (s->all != NULL && s->but != NULL)
		return s;
	blob_sum_free(s);
	return NULL;
}

void blob_sum_free(struct blob_sum *s)
{
	if (s == NULL)
		return;
	sha256_free(s->all);
	sha256_free(s->but);
	free(s);
}

void blob_sum_reset(struct blob_sum *s)
{
	uint8_t ignored[SHA256_SIZE];
	sha256_end(s->all, ignored);
	sha256_end(s->but, ignored);
	s->have = 0;
}

void blob_sum_add(struct blob_sum *s, const void *data, size_t len)
{
	const uint8_t *at = data, *end = at + len;
	sha256_add(s->all, data, len);
	while (at < end && s->have < STATED_END) {
		if (s->have < STATED_AT)
			sha256_add(s->but, at, 1);
		s->head[s->have++] = *at++;
	}
	if (at < end) {
		sha256_add(s->but, at, (size_t)(end - at));
		s->have += (uint64_t)(end - at);
	}
}

bool blob_sum_is(struct blob_sum *s, const uint8_t digest[32])
{
	uint8_t all[SHA256_SIZE], but[SHA256_SIZE];
	bool stated = s->have >= STATED_END && memcmp(s->head, HIM_MAGIC, sizeof(HIM_MAGIC) - 1) == 0 &&
		      memcmp(s->head + STATED_AT, digest, SHA256_SIZE) == 0;
	sha256_end(s->all, all);
	sha256_end(s->but, but);
	s->have = 0;
	return memcmp(all, digest, SHA256_SIZE) == 0 || (stated && memcmp(but, digest, SHA256_SIZE) == 0);
}
