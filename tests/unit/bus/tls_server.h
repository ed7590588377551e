/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_BUS_TLS_SERVER_H
#define HINOMI_TESTS_UNIT_BUS_TLS_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "bus/batch.h"
#include "bus/pki.h"

/* A hub for tests: HTTP/1.1 over TLS 1.3 on loopback, a thread a connection, that fails as it is told. */

struct tls_server {
	struct pki *pki;
	SSL_CTX *context;
	int listen_fd;
	uint16_t port;
	pthread_t thread, connections[256];
	size_t connection_count;
	pthread_mutex_t lock; /* guards what follows */
	int fds[256];         /* of the connections; -1: ended */
	/* what goes wrong, so many times */
	unsigned busy;      /* 503 */
	unsigned cut_batch; /* closed before the body is read */
	unsigned lose;      /* kept, and closed without an answer */
	unsigned cut_blob;  /* closed in the middle */
	bool wrong_blob;
	/* what it gives */
	char heads[8192]; /* what each stream of heads begins with */
	bool end_heads;   /* and it ends there */
	char blob[100000];
	uint8_t secret[16];
	struct uuid edge_of_answer;
	bool other_edge; /* enrols another edge than the one that asked */
	/* what it saw */
	unsigned ranges, streams_of_heads, kept_batches, known_batches;
	struct uuid epoch;
	uint64_t through[STREAM_COUNT], lines[STREAM_COUNT];
};

void tls_server_start(struct tls_server *s, const char *dir);
void tls_server_stop(struct tls_server *s);

#endif
