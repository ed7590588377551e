/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/input_digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/locked.h"

#define RING_BYTES ((size_t)1 << 20)
#define STEP_BYTES ((size_t)1 << 18)
#define GIVE_BYTES ((size_t)4 << 20) /* of a mapped input, so that it does not stay in memory */

struct input_digest {
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct sha256 *state;
	const uint8_t *mapped; /* bytes the thread reads itself */
	size_t mapped_len;
	const struct capture *capture;
	size_t given, since_given; /* bytes of the mapping given back, and read since */
	uint8_t *ring;             /* bytes of a stream, in locked memory */
	size_t ring_from, ring_len;
	bool busy;  /* an input is under way */
	bool ended; /* all its bytes were handed over */
};

/* Takes the next piece out of the lock: the ring's owner only writes where nothing lies. */
static size_t next_piece(struct input_digest *d, const uint8_t **piece_out)
{
	if (d->mapped_len > 0) {
		size_t len = d->mapped_len < STEP_BYTES ? d->mapped_len : STEP_BYTES;
		*piece_out = d->mapped;
		return len;
	}
	size_t to_edge = RING_BYTES - d->ring_from;
	*piece_out = d->ring + d->ring_from;
	return d->ring_len < to_edge ? d->ring_len : to_edge;
}

static void piece_done(struct input_digest *d, size_t len)
{
	if (d->mapped_len > 0) {
		d->mapped += len;
		d->mapped_len -= len;
		d->since_given += len;
		if (d->since_given >= GIVE_BYTES || d->mapped_len == 0) {
			capture_give_back(d->capture, d->given, d->since_given);
			d->given += d->since_given;
			d->since_given = 0;
		}
		return;
	}
	locked_wipe(d->ring + d->ring_from, len);
	d->ring_from = (d->ring_from + len) % RING_BYTES;
	d->ring_len -= len;
}

static void *work(void *context)
{
	struct input_digest *d = context;
	(void)pthread_mutex_lock(&d->lock);
	for (;;) {
		const uint8_t *piece;
		size_t len = d->busy ? next_piece(d, &piece) : 0;
		if (len == 0) {
			if (d->busy && d->ended) {
				d->busy = false;
				(void)pthread_cond_broadcast(&d->changed);
			}
			(void)pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&d->lock);
		sha256_add(d->state, piece, len);
		(void)pthread_mutex_lock(&d->lock);
		piece_done(d, len);
		(void)pthread_cond_broadcast(&d->changed);
	}
	return NULL;
}

int input_digest_new(struct input_digest **out)
{
	bool locked;
	struct input_digest *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return HN_ENOMEM;
	d->state = sha256_new();
	d->ring = locked_alloc(RING_BYTES, &locked);
	if (d->state == NULL || d->ring == NULL || pthread_mutex_init(&d->lock, NULL) != 0 ||
	    pthread_cond_init(&d->changed, NULL) != 0 || pthread_create(&d->thread, NULL, work, d) != 0) {
		sha256_free(d->state);
		locked_free(d->ring, RING_BYTES);
		free(d);
		return HN_ENOMEM;
	}
	*out = d;
	return HN_OK;
}

/* Called on the reading thread. */
static void hand_over(void *context, const uint8_t *data, size_t len)
{
	struct input_digest *d = context;
	(void)pthread_mutex_lock(&d->lock);
	while (len > 0) {
		while (d->ring_len == RING_BYTES)
			(void)pthread_cond_wait(&d->changed, &d->lock);
		size_t at = (d->ring_from + d->ring_len) % RING_BYTES;
		size_t room =
			at >= d->ring_from && d->ring_len < RING_BYTES ? RING_BYTES - at : d->ring_from - at;
		size_t n = len < room ? len : room;
		memcpy(d->ring + at, data, n);
		d->ring_len += n;
		data += n;
		len -= n;
		(void)pthread_cond_broadcast(&d->changed);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

void input_digest_begin(struct input_digest *d, struct capture *capture)
{
	(void)pthread_mutex_lock(&d->lock);
	d->capture = capture;
	d->given = 0;
	d->since_given = 0;
	d->mapped = capture_mapped(capture, &d->mapped_len);
	bool mapped = d->mapped != NULL;
	if (!mapped)
		d->mapped_len = 0;
	d->busy = true;
	d->ended = mapped;
	(void)pthread_cond_broadcast(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
	/* Outside the lock: it hands over at once what was read to know the format. */
	if (!mapped)
		capture_on_bytes(capture, hand_over, d);
}

void input_digest_end(struct input_digest *d, uint8_t out[SHA256_SIZE])
{
	(void)pthread_mutex_lock(&d->lock);
	d->ended = true;
	(void)pthread_cond_broadcast(&d->changed);
	while (d->busy)
		(void)pthread_cond_wait(&d->changed, &d->lock);
	sha256_end(d->state, out);
	(void)pthread_mutex_unlock(&d->lock);
}
