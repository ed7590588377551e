/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/input_digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/locked.h"

#define RING_BYTES ((size_t)1 << 20)
#define STEP_BYTES ((size_t)1 << 18) /* at most, so that room comes free while the rest is digested */

struct input_digest {
	pthread_t thread;
	struct sha256 *state;
	uint8_t *ring; /* bytes of the input, in locked memory */
	pthread_mutex_t
		lock; /* guards all below; of the ring, the reader owns what is free, the thread the rest */
	pthread_cond_t changed;
	size_t ring_from, ring_len;
	bool busy;  /* an input is under way */
	bool ended; /* all its bytes were handed over */
};

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

static void *work(void *context)
{
	struct input_digest *d = context;
	(void)pthread_mutex_lock(&d->lock);
	for (;;) {
		uint8_t *piece = d->ring + d->ring_from;
		size_t len = d->busy ? least(d->ring_len, RING_BYTES - d->ring_from, STEP_BYTES) : 0;
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
		locked_wipe(piece, len);
		(void)pthread_mutex_lock(&d->lock);
		d->ring_from = (d->ring_from + len) % RING_BYTES;
		d->ring_len -= len;
		(void)pthread_cond_broadcast(&d->changed);
	}
	return NULL;
}

int input_digest_new(struct input_digest **out, bool *locked_out)
{
	bool locked = true;
	struct input_digest *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return HN_ENOMEM;
	d->state = sha256_new();
	d->ring = locked_alloc(RING_BYTES, &locked);
	if (d->state == NULL || d->ring == NULL || pthread_mutex_init(&d->lock, NULL) != 0 ||
	    pthread_cond_init(&d->changed, NULL) != 0) {
		sha256_free(d->state);
		locked_free(d->ring, RING_BYTES);
		free(d);
		return HN_ENOMEM;
	}
	*locked_out = locked;
	*out = d;
	return HN_OK;
}

int input_digest_start(struct input_digest *d)
{
	return pthread_create(&d->thread, NULL, work, d) == 0 ? HN_OK : HN_ENOMEM;
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
		size_t n = least(len, RING_BYTES - at, RING_BYTES - d->ring_len);
		(void)pthread_mutex_unlock(&d->lock);
		memcpy(d->ring + at, data, n);
		data += n;
		len -= n;
		(void)pthread_mutex_lock(&d->lock);
		d->ring_len += n;
		(void)pthread_cond_broadcast(&d->changed);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

void input_digest_begin(struct input_digest *d, struct capture *capture)
{
	(void)pthread_mutex_lock(&d->lock);
	d->busy = true;
	d->ended = false;
	(void)pthread_mutex_unlock(&d->lock);
	/* Outside the lock: it hands over at once what was read to know the format. */
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
