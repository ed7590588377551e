/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_RECORD_RECORD_INSIDE_H
#define HINOMI_HUB_RECORD_RECORD_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hub/record/record.h"
#include "ledger/ledger.h"

/* What record.c and outbox.c share. */
struct access_log;

struct record_item {
	struct record_item *next;
	char kind[LOG_ENTRY_KIND_MAX + 1]; /* "": nothing of its own; waits for the outbox */
	int64_t time_ns;
	void (*done)(void *context, int err);
	void *context;
	size_t len;
	uint8_t record[];
};

struct record {
	struct record_options options;
	struct ledger *ledger; /* the thread's; NULL: it could not be written, and is opened anew */
	int64_t tried_ns;
	int log_fd; /* the folder of the public log, to read */
	struct access_log *access;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stopping;
	struct record_item *queue, **end;
	size_t waiting;
	struct buf checkpoint;
	uint64_t size;
	_Atomic int state, access_state;

	int64_t outbox_number; /* the thread's: what stands in the log up to it */
};

/** Copies the ledger's last checkpoint to where others read it. */
void record_keep_checkpoint(struct record *r);

/** Finds how far the log has the outbox already. */
HN_MUST_USE int outbox_begin(struct record *r);

/** Appends what the store's outbox holds beyond that. @param upto_out  the last number; 0: none */
HN_MUST_USE int outbox_append(struct record *r, int64_t *upto_out);

/** It is durable: the rows may go. */
void outbox_done(struct record *r, int64_t upto);

#endif
