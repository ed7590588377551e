/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_stand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void footing_unuse(struct footing *b)
{
	if (b == NULL || --b->uses > 0)
		return;
	for (size_t i = 0; i < RING_THREADS_MAX; i++)
		patterns_scratch_free(b->scratch[i]);
	patterns_free(b->patterns);
	free(b->sources);
	facilities_free(b->facilities);
	authorization_free(b->authorization);
	domestic_free(b->domestic);
	pseudonym_secret_free(b->secret);
	sealer_free(b->sealer);
	free(b);
}

void stand_free(struct stand *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < STAND_SETS_MAX; i++) {
		set_close(s->sets[i]);
		for (size_t layer = 0; layer < s->layers[i].count; layer++)
			(void)munmap(s->layers[i].data[layer], s->layers[i].size[layer]);
	}
	footing_unuse(s->basis);
	free(s);
}

void stand_deidentify(const struct stand *s, const struct uuid *epoch, struct deidentify *out)
{
	const struct footing *b = s->basis;
	*out = (struct deidentify){.domestic = b->domestic,
				   .secret = b->secret,
				   .sealer = b->sealer,
				   .sets = (const struct set *const *)s->sets,
				   .set_count = s->set_count,
				   .identified = b->authorization != NULL && b->authorization->identified,
				   .edge = s->edge,
				   .epoch = *epoch};
}

/* A file in memory; the map keeps it, so the descriptor is closed. */
static int map_file(int fd, void **data, size_t *size)
{
	struct stat st;
	bool good = fstat(fd, &st) == 0 && st.st_size > 0;
	void *map = good ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0)
			 : MAP_FAILED;
	(void)close(fd);
	if (map == MAP_FAILED)
		return HN_EIO;
	*data = map;
	*size = (size_t)st.st_size;
	return HN_OK;
}

static int begin(struct stand_builder *b, const struct control *c)
{
	stand_free(b->stand);
	b->stand = calloc(1, sizeof(*b->stand));
	if (b->stand == NULL)
		return HN_ENOMEM;
	b->stand->generation = c->generation;
	b->stand->stops_ns = c->stops_ns;
	b->stand->edge = c->edge;
	b->authorised = c->authorised;
	b->fresh = c->basis;
	memcpy(b->secret, c->secret, sizeof(b->secret));
	if (!b->fresh && b->present == NULL)
		return HN_EFORMAT;
	b->stand->basis = b->fresh ? calloc(1, sizeof(*b->stand->basis)) : b->present->basis;
	if (b->stand->basis == NULL)
		return HN_ENOMEM;
	b->stand->basis->uses++;
	return HN_OK;
}

static int take_layer(struct stand *s, uint32_t set, int fd)
{
	if (set >= STAND_SETS_MAX || s->layers[set].count == STAND_LAYERS_MAX) {
		(void)close(fd);
		return HN_EFORMAT;
	}
	size_t n = s->layers[set].count;
	int rc = map_file(fd, &s->layers[set].data[n], &s->layers[set].size[n]);
	if (rc == HN_OK)
		s->layers[set].count++;
	if (rc == HN_OK && set >= s->set_count)
		s->set_count = set + 1;
	return rc;
}

static int take_document(struct stand_builder *b, uint32_t type, int fd)
{
	struct footing *basis = b->stand->basis;
	void *data;
	size_t size;

	int rc = map_file(fd, &data, &size);
	if (rc != HN_OK)
		return rc;
	if (!b->fresh || (type == CONTROL_AUTHORIZATION && basis->trust.number == 0))
		rc = HN_EFORMAT;
	else if (type == CONTROL_TRUST)
		rc = trust_parse(data, size, &basis->trust, NULL);
	else if (type == CONTROL_DOMESTIC && basis->domestic == NULL)
		rc = domestic_parse(data, size, &basis->domestic, NULL);
	else if (type == CONTROL_AUTHORIZATION && basis->authorization == NULL)
		rc = authorization_read(data, size, &basis->trust.limits, &basis->authorization, NULL);
	else
		rc = HN_EFORMAT;
	(void)munmap(data, size);
	return rc;
}

static int make_patterns(struct stand_builder *b, struct footing *basis)
{
	const struct authorization *a = basis->authorization;
	if (a->pattern_count == 0)
		return HN_OK;
	basis->sources = calloc(a->pattern_count, sizeof(*basis->sources));
	if (basis->sources == NULL)
		return HN_ENOMEM;
	patterns_sources(a, basis->sources);
	int rc = patterns_new(basis->sources, a->pattern_count, &basis->patterns, NULL);
	for (unsigned i = 0; rc == HN_OK && i < b->threads; i++)
		rc = patterns_scratch_new(basis->patterns, &basis->scratch[i]);
	return rc;
}

static int finish_footing(struct stand_builder *b)
{
	struct footing *basis = b->stand->basis;
	if (basis->domestic == NULL || basis->trust.number == 0 ||
	    b->authorised != (basis->authorization != NULL))
		return HN_EFORMAT;
	if (!b->authorised)
		return HN_OK;
	int rc = basis->authorization->facility_count == 0
			 ? HN_OK
			 : facilities_new(basis->authorization, &basis->facilities);
	if (rc == HN_OK)
		rc = make_patterns(b, basis);
	if (rc == HN_OK)
		rc = pseudonym_secret_new(b->secret, &basis->secret);
	if (rc == HN_OK)
		rc = sealer_new(basis->trust.reidentification, &basis->sealer);
	return rc;
}

static int commit(struct stand_builder *b, struct stand **out)
{
	struct stand *s = b->stand;
	int rc = b->fresh ? finish_footing(b) : HN_OK;
	explicit_bzero(b->secret, sizeof(b->secret));
	for (size_t i = 0; rc == HN_OK && i < s->set_count; i++)
		rc = s->layers[i].count == 0
			     ? HN_EFORMAT
			     : set_open_bytes((const void *const *)s->layers[i].data, s->layers[i].size,
					      s->layers[i].count, &s->sets[i], NULL);
	if (rc != HN_OK)
		return rc;
	*out = s;
	b->stand = NULL;
	return HN_OK;
}

int stand_take(struct stand_builder *b, struct control *c, int fd, struct stand **out)
{
	*out = NULL;
	if ((b->stand == NULL) != (c->type == CONTROL_BEGIN)) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EFORMAT;
	}
	int rc;
	switch (c->type) {
	case CONTROL_BEGIN:
		rc = begin(b, c);
		explicit_bzero(c->secret, sizeof(c->secret));
		return rc;
	case CONTROL_LAYER:
		return take_layer(b->stand, c->set, fd);
	case CONTROL_COMMIT:
		return commit(b, out);
	default:
		return take_document(b, c->type, fd);
	}
}
