/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_source.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/utc.h"

#define POOL_BLOCKS  8
#define MS_NS        INT64_C(1000000)
#define GAP_NS       NS_SECOND /* between the end of a replay and its next beginning */
#define FRAMES_LEAST 64        /* bytes of the shortest frame in a ring, with its header: more than so */

struct live_source {
	struct ring ring; /* of an interface */
	bool replays;
	/* A replay. */
	int fd;
	const char *name;
	struct capture_pool *pool;
	struct capture *capture;
	struct capture_batch batch;
	size_t given;      /* of the batch */
	bool begun;        /* a first packet was seen in this turn */
	int64_t shift_ns;  /* from the capture's time to ours */
	int64_t newest_ns; /* of what was given */
	uint64_t refused;  /* told already */
	uint64_t lost;
};

int live_source_ring(const struct ring_socket *socket, bool outgoing, struct live_source **out,
		     bool *locked_out)
{
	struct live_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	int rc = ring_map(socket, outgoing, &s->ring, locked_out);
	if (rc != HN_OK) {
		free(s);
		return rc;
	}
	*out = s;
	return HN_OK;
}

/* From its beginning, once more. The descriptor that capture_open() takes shares our offset. */
static int rewind_capture(struct live_source *s, struct fault *fault)
{
	int fd = lseek(s->fd, 0, SEEK_SET) == 0 ? dup(s->fd) : -1;
	if (fd < 0)
		return HN_EIO;
	capture_close(s->capture);
	s->capture = NULL;
	s->refused = 0;
	s->begun = false;
	return capture_open(fd, s->name, s->pool, &s->capture, fault);
}

int live_source_replay(int fd, const char *name, struct live_source **out, bool *locked_out,
		       struct fault *fault)
{
	struct live_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	*s = (struct live_source){.replays = true, .fd = fd, .name = name};
	int rc = capture_pool_new(POOL_BLOCKS, &s->pool, locked_out);
	if (rc == HN_OK)
		rc = rewind_capture(s, fault);
	if (rc != HN_OK) {
		capture_pool_free(s->pool);
		free(s);
		return rc;
	}
	*out = s;
	return HN_OK;
}

static void wait_for(int fd, int wake_fd, int timeout_ms)
{
	struct pollfd wanted[2] = {{wake_fd, POLLIN, 0}, {fd, POLLIN, 0}};
	(void)poll(wanted, fd >= 0 ? 2 : 1, timeout_ms);
}

/* The batch at hand is used up: another one, at the end of the capture from its beginning. @return whether
 * there is one */
static bool refill(struct live_source *s)
{
	if (s->given < s->batch.count)
		return true;
	if (s->batch.count > 0)
		capture_release(&s->batch);
	s->batch.count = s->given = 0;
	for (int turn = 0; turn < 2; turn++) {
		int rc = s->capture == NULL ? HN_EIO : capture_next(s->capture, &s->batch);
		if (rc == HN_OK && s->batch.count > 0)
			break;
		if (rc == HN_OK)
			capture_release(&s->batch);
		s->batch.count = 0;
		if (rewind_capture(s, NULL) != HN_OK)
			return false;
	}
	if (s->batch.count > 0 && !s->begun) {
		int64_t now = utc_now_ns();
		int64_t first =
			s->newest_ns == 0 || s->newest_ns + GAP_NS < now ? now : s->newest_ns + GAP_NS;
		s->shift_ns = first - s->batch.records[0].time_ns;
		s->begun = true;
	}
	if (s->capture != NULL) {
		uint64_t refused = capture_stats(s->capture)->records_refused;
		s->lost += refused - s->refused;
		s->refused = refused;
	}
	return s->batch.count > 0;
}

/* Those whose time has come. A capture that goes back in time does not hold up what follows. */
static void give_due(struct live_source *s, struct capture_batch *out)
{
	int64_t now = utc_now_ns();
	while (s->given < s->batch.count) {
		struct capture_record r = s->batch.records[s->given];
		r.time_ns += s->shift_ns;
		if (r.time_ns > now)
			return;
		s->newest_ns = r.time_ns > s->newest_ns ? r.time_ns : s->newest_ns;
		out->records[out->count++] = r;
		s->given++;
	}
}

static void next_of_replay(struct live_source *s, int wake_fd, int timeout_ms, struct capture_batch *out)
{
	if (!refill(s)) {
		wait_for(-1, wake_fd, timeout_ms);
		return;
	}
	give_due(s, out);
	if (out->count > 0)
		return;
	int64_t due_ms = (s->batch.records[s->given].time_ns + s->shift_ns - utc_now_ns()) / MS_NS + 1;
	wait_for(-1, wake_fd, due_ms < timeout_ms ? (int)(due_ms < 0 ? 0 : due_ms) : timeout_ms);
	give_due(s, out);
}

void live_source_next(struct live_source *s, int wake_fd, int timeout_ms, struct capture_batch *out)
{
	out->count = 0;
	out->hold = NULL;
	if (s->replays) {
		next_of_replay(s, wake_fd, timeout_ms, out);
		return;
	}
	ring_next(&s->ring, out);
	if (out->count > 0 || timeout_ms == 0)
		return;
	wait_for(s->ring.socket.fd, wake_fd, timeout_ms);
	ring_next(&s->ring, out);
}

void live_source_done(struct live_source *s)
{
	/* A block of a ring goes back with the question for what follows; a replay's when it is used up. */
	if (s->replays && s->given == s->batch.count && s->batch.count > 0) {
		capture_release(&s->batch);
		s->batch.count = s->given = 0;
	}
}

uint64_t live_source_lost(struct live_source *s)
{
	uint64_t lost = s->replays ? s->lost : ring_lost(&s->ring);
	s->lost = 0;
	return lost;
}

unsigned live_source_backlog(const struct live_source *s)
{
	return s->replays ? 0 : s->ring.socket.blocks * (RING_BLOCK_BYTES / FRAMES_LEAST / CAPTURE_BATCH_MAX);
}
