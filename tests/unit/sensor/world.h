/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_SENSOR_WORLD_H
#define HINOMI_TESTS_UNIT_SENSOR_WORLD_H

/* A small authorised world made in memory: an authorisation, a domestic table, a set, patterns, and the
 * stages over them. What fails here ends the program: it is no test's subject. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "authority/class.h"
#include "match/build.h"
#include "match/canonical.h"
#include "sensor/deidentify.h"
#include "sensor/engine.h"
#include "sensor/prepare.h"
#include "sensor/record.h"

#define WORLD_TIME (1000 * NS_SECOND) /* within the validity */

static inline void world_must(bool holds)
{
	if (!holds)
		abort();
}

struct sensor_world {
	struct authorization authorization;
	struct domestic *domestic;
	struct set *set;
	struct patterns *patterns;
	struct pseudonym_secret *secret;
	struct sealer *sealer;
	uint8_t *file;
	struct record_context records;
	struct deidentify deidentify;
};

/* The set over these values (as people write them); it stands in the world until sensor_world_clear(). */
static inline void world_set(struct sensor_world *w, const char *const values[], size_t count)
{
	const struct entry_meta meta = {.object = "indicator", .act = "act-1", .confidence = 255};
	struct him_build *b;
	const uint8_t *data;
	uint8_t digest[32];
	size_t size;
	struct fault fault;

	world_must(him_build_new("lab", NULL, &b) == HN_OK);
	for (size_t i = 0; i < count; i++) {
		struct canonical c;
		world_must(canonical_value(values[i], strlen(values[i]), &c) == HN_OK);
		world_must(him_build_add(b, &c.key, &meta) == HN_OK);
	}
	world_must(him_build_finish(b, &data, &size, digest) == HN_OK);
	w->file = malloc(size);
	world_must(w->file != NULL);
	memcpy(w->file, data, size);
	him_build_free(b);
	const void *const files[] = {w->file};
	const size_t sizes[] = {size};
	world_must(set_open_bytes(files, sizes, 1, &w->set, &fault) == HN_OK);
}

static inline void sensor_world_init(struct sensor_world *w, const char *const values[], size_t count)
{
	static const char domestic[] = "192.0.2.0/24\n2001:db8::/36\n";
	static const uint8_t bytes[] = {0xde, 0xad, 0xbe, 0xef}, mask[] = {0xff, 0xff, 0xff, 0xff};
	static struct pattern pattern = {.id = "p-1", .act = "act-1", .offset_max = 64, .len = 4};
	static const struct pattern_source source = {
		.id = "p-1", .offset_max = 64, .len = 4, .bytes = bytes, .mask = mask};
	struct fault fault;

	memset(w, 0, sizeof(*w));
	world_must(sodium_init() >= 0);
	w->authorization = (struct authorization){.id_text = "6f1c2a34-0000-4000-8000-0000000000aa",
						  .classes = 1u << FOREIGN_DOMESTIC | 1u << DOMESTIC_FOREIGN,
						  .until_ns = INT64_C(1) << 62,
						  .patterns = &pattern,
						  .pattern_count = 1};
	world_must(domestic_parse(domestic, sizeof(domestic) - 1, &w->domestic, &fault) == HN_OK);
	world_must(patterns_new(&source, 1, &w->patterns, &fault) == HN_OK);
	world_must(pseudonym_secret_new(NULL, &w->secret) == HN_OK);
	uint8_t x25519[32];
	world_must(crypto_scalarmult_base(x25519, (const uint8_t[32]){9}) == 0);
	world_must(sealer_new(x25519, &w->sealer) == HN_OK);
	world_set(w, values, count);
	w->records = (struct record_context){.authorization = &w->authorization,
					     .domestic = w->domestic,
					     .sets = (const struct set *const *)&w->set,
					     .set_count = 1};
	w->deidentify = (struct deidentify){.domestic = w->domestic,
					    .secret = w->secret,
					    .sealer = w->sealer,
					    .sets = (const struct set *const *)&w->set,
					    .set_count = 1};
}

static inline void sensor_world_clear(struct sensor_world *w)
{
	set_close(w->set);
	free(w->file);
	patterns_free(w->patterns);
	pseudonym_secret_free(w->secret);
	sealer_free(w->sealer);
	domestic_free(w->domestic);
}

/* The two stages over a world. */
struct stages {
	struct prepare *prepare;
	struct engine *engine;
	struct unit_batch units;
};

static inline void stages_init(struct stages *s, const struct sensor_world *w, size_t flows_max,
			       void (*ended)(void *context, const struct flow *flow,
					     const struct selection *selection),
			       void *context)
{
	bool locked;
	const struct prepare_options prepare = {.authorization = &w->authorization, .domestic = w->domestic};
	const struct engine_options engine = {.sets = (const struct set *const *)&w->set,
					      .set_count = 1,
					      .patterns = w->patterns,
					      .flows_max = flows_max,
					      .streams_max = 8,
					      .classes = w->authorization.classes,
					      .ended = ended,
					      .context = context};
	memset(s, 0, sizeof(*s));
	world_must(prepare_new(&prepare, &s->prepare, &locked) == HN_OK);
	world_must(engine_new(&engine, &s->engine, &locked) == HN_OK);
}

static inline void stages_clear(struct stages *s)
{
	engine_free(s->engine);
	prepare_free(s->prepare);
}

static inline void stages_take(struct stages *s, const struct capture_batch *batch)
{
	prepare_batch(s->prepare, batch, &s->units);
	engine_take(s->engine, &s->units);
	unit_batch_clear(&s->units);
}

static inline void stages_end(struct stages *s)
{
	prepare_end(s->prepare);
	engine_end(s->engine);
}

/* What both stages came to since the last time. */
static inline void stages_sums(struct stages *s, struct sums *out)
{
	struct sums flows;
	prepare_sums(s->prepare, out);
	engine_sums(s->engine, &flows);
	sums_merge(out, &flows);
}

#endif
