/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_WORKER_H
#define HINOMI_HTTP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "http/exchange.h"
#include "http/limit.h"
#include "http/peer.h"
#include "http/server.h"

/*
 * One thread of the server: an epoll loop with connections that are its own from the first byte to the last.
 * Inside the folder only.
 */
#define INPUT_SIZE (32u << 10) /* bytes of a connection's buffer while it has a request */
#define DATE_SIZE  32

#define LATENCY_BUCKETS 12

/** Counters of a route; only the worker writes, others read at any moment. */
struct route_counter {
	_Atomic uint64_t by_class[6]; /* status / 100; 0: cut before an answer */
	_Atomic uint64_t latency[LATENCY_BUCKETS];
	_Atomic uint64_t latency_us;
	_Atomic uint64_t bytes_in, bytes_out;
};

/** The upper bounds of the histogram in microseconds; the last has none. */
extern const uint64_t LATENCY_BOUNDS_US[LATENCY_BUCKETS];

/** Connections of this certificate end. */
struct worker_cut {
	struct worker_cut *next;
	char serial[PEER_SERIAL_SIZE];
};

struct worker {
	struct server *server;
	unsigned index;
	pthread_t thread;
	bool started;
	int epoll_fd, event_fd, spare_fd;
	pthread_mutex_t lock; /* guards the queue, and queued, resumed, again of what stands in it */
	struct exchange *queue, **queue_end;
	struct worker_cut *cuts;        /* under the lock */
	struct connection *connections; /* all of this thread */
	struct connection *ready;       /* those that did their share and have more to do */
	struct exchange *spare;         /* exchanges to be used again */
	size_t spare_count;
	char *inputs[64]; /* buffers to be used again */
	size_t input_count;
	int64_t now_ns;  /* CLOCK_MONOTONIC, of this turn */
	int64_t wall_ns; /* base/utc.h */
	int64_t date_second;
	char date[DATE_SIZE];
	uint8_t uid_key[SIPHASH_KEY];
	uint64_t uid_count;
	struct route_counter *counters; /* by route, and one more for what had none */
	_Atomic uint64_t refused_heads, cut_slow, accepted, handshakes, refused_handshakes;
};

struct server {
	struct server_options options;
	struct limit *limit;
	struct holders *holders;
	struct tls_context *tls; /* NULL: in the clear */
	struct worker *workers;
	unsigned worker_count;
	int *listeners;
	_Atomic uint32_t connections;
	_Atomic uint64_t turned_away;
	_Atomic bool going;    /* connections are taken */
	_Atomic bool draining; /* each answer is the last of its connection */
	_Atomic bool cutting;  /* what is left is cut */
	_Atomic bool stopping; /* threads end */
};

/** The thread's body. */
void *worker_run(void *arg);

/** From any thread: the exchange goes on. */
void worker_queue(struct worker *w, struct exchange *e, bool resumed, int (*again)(struct request *r));

/** From any thread: it looks at the server's flags. */
void worker_kick(struct worker *w);

/** From any thread: the worker takes the cut over, and frees it. */
void worker_add_cut(struct worker *w, struct worker_cut *cut);

/** An exchange to use, clean; NULL: no memory. */
struct exchange *worker_take(struct worker *w);
/** Its request is over. */
void worker_give_back(struct worker *w, struct exchange *e);

/** A connection's buffer, INPUT_SIZE bytes; NULL: no memory. Giving back NULL is allowed. */
char *worker_take_input(struct worker *w);
void worker_give_back_input(struct worker *w, char *input);

/** Adds to a counter of this thread. */
static inline void worker_count_up(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

/** Frees what the worker holds; its thread has ended. */
void worker_clear(struct worker *w);

#endif
