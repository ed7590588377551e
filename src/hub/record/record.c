/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"
#include "hub/record/access_log.h"
#include "hub/record/record_inside.h"
#include "ledger/note.h"
#include "ledger/read.h"

#define WAIT_NS   (NS_SECOND / 2) /* at most so long lines of the access log wait */
#define BATCH_MAX 65536
#define NOTE_ROOM 65536
#define RETRY_NS  NS_SECOND

int record_open(const struct record_options *options, struct record **out, struct fault *fault)
{
	struct record *r = calloc(1, sizeof(*r));
	if (!r)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	r->options = *options;
	r->log_fd = -1;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->wake, NULL);
	buf_init(&r->checkpoint, NOTE_ROOM);
	r->end = &r->queue;
	const struct ledger_options ledger = {.origin = options->origin, .secret_key = options->secret_key};
	int rc = ledger_open(options->dir_fd, &ledger, &r->ledger, fault);
	if (rc == HN_OK)
		rc = access_log_open(options->dir_fd, options->access_bytes, options->access_files,
				     &r->access, fault);
	if (rc == HN_OK) {
		r->log_fd = openat(options->dir_fd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (r->log_fd < 0)
			rc = fault_set(fault, HN_EIO, "ledger", "%s", hn_errno_text(errno));
	}
	if (rc == HN_OK)
		record_keep_checkpoint(r);
	if (rc == HN_OK)
		*out = r;
	else
		record_free(r);
	return rc;
}

void record_keep_checkpoint(struct record *r)
{
	size_t len;
	const char *note = ledger_checkpoint(r->ledger, &len);
	pthread_mutex_lock(&r->lock);
	buf_reset(&r->checkpoint);
	buf_add(&r->checkpoint, note, len);
	r->size = ledger_size(r->ledger);
	pthread_mutex_unlock(&r->lock);
}

/* After a failed commit the ledger stands where the disk does; it is opened anew, not more than once a
 * second. */
static int reopen(struct record *r)
{
	const struct ledger_options options = {.origin = r->options.origin,
					       .secret_key = r->options.secret_key};
	struct fault fault;
	int64_t now_ns = utc_now_ns();
	if (r->ledger)
		return HN_OK;
	if (now_ns < r->tried_ns + RETRY_NS)
		return HN_EIO;
	r->tried_ns = now_ns;
	int rc = ledger_open(r->options.dir_fd, &options, &r->ledger, &fault);
	if (rc == HN_OK)
		record_keep_checkpoint(r);
	return rc;
}

/* Appends and makes durable; on an error none of it is in the log. */
static int write_items(struct record *r, struct record_item *items)
{
	int rc = reopen(r);
	for (struct record_item *i = items; i && rc == HN_OK; i = i->next)
		if (i->kind[0])
			rc = ledger_append(r->ledger, i->kind, i->time_ns, i->record, i->len, NULL);
	int64_t upto = 0;
	if (rc == HN_OK)
		rc = outbox_append(r, &upto);
	if (rc == HN_OK)
		rc = ledger_commit(r->ledger);
	if (rc == HN_OK) {
		record_keep_checkpoint(r);
		outbox_done(r, upto);
	} else if (r->ledger) {
		ledger_close(r->ledger);
		r->ledger = NULL;
	}
	return rc;
}

static void tell(struct record_item *items, int rc)
{
	while (items) {
		struct record_item *next = items->next;
		if (items->done)
			items->done(items->context, rc);
		free(items);
		items = next;
	}
}

/* Takes what waits, up to a batch. @return NULL: nothing */
static struct record_item *take(struct record *r)
{
	struct record_item *first = r->queue, **at = &r->queue;
	size_t count = 0;
	for (; *at && count < BATCH_MAX; at = &(*at)->next)
		count++;
	struct record_item *rest = *at;
	*at = NULL;
	r->queue = rest;
	if (!rest)
		r->end = &r->queue;
	r->waiting -= count;
	return count > 0 ? first : NULL;
}

static void wait_for_work(struct record *r)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	int64_t at_ns = until.tv_sec * NS_SECOND + until.tv_nsec + WAIT_NS;
	until.tv_sec = at_ns / NS_SECOND;
	until.tv_nsec = at_ns % NS_SECOND;
	while (!r->queue && !r->stopping && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
		;
}

static void *run(void *arg)
{
	struct record *r = arg;
	pthread_mutex_lock(&r->lock);
	for (;;) {
		wait_for_work(r);
		bool stopping = r->stopping;
		struct record_item *items = take(r);
		pthread_mutex_unlock(&r->lock);
		if (items) {
			int rc = write_items(r, items);
			atomic_store(&r->state, rc);
			tell(items, rc);
		} else if (atomic_load(&r->state) != HN_OK) {
			atomic_store(&r->state, write_items(r, NULL));
		}
		atomic_store(&r->access_state, access_log_write(r->access));
		pthread_mutex_lock(&r->lock);
		if (stopping && !r->queue)
			break;
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int record_start(struct record *r, struct fault *fault)
{
	int rc = outbox_begin(r);
	if (rc == HN_OK)
		rc = write_items(r, NULL);
	if (rc != HN_OK)
		return fault_set(fault, rc, "ledger", "%s", hn_strerror(rc));
	if (pthread_create(&r->thread, NULL, run, r) != 0)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	r->started = true;
	return HN_OK;
}

void record_stop(struct record *r)
{
	if (!r->started)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	r->started = false;
}

void record_free(struct record *r)
{
	if (!r)
		return;
	record_stop(r);
	tell(r->queue, HN_ESTATE);
	ledger_close(r->ledger);
	if (r->log_fd >= 0)
		(void)close(r->log_fd);
	access_log_close(r->access);
	buf_clear(&r->checkpoint);
	(void)pthread_cond_destroy(&r->wake);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

static int queue(struct record *r, struct record_item *item)
{
	pthread_mutex_lock(&r->lock);
	bool room = r->waiting < r->options.queue_max && !r->stopping;
	if (room) {
		*r->end = item;
		r->end = &item->next;
		if (r->waiting++ == 0)
			pthread_cond_signal(&r->wake);
	}
	pthread_mutex_unlock(&r->lock);
	if (!room)
		free(item);
	return room ? HN_OK : HN_ELIMIT;
}

int record_append(struct record *r, const char *kind, const void *record, size_t len,
		  void (*done)(void *context, int err), void *context)
{
	if (!log_entry_kind_ok(kind, strlen(kind)))
		return HN_EFORMAT;
	if (len > LEDGER_RECORD_MAX)
		return HN_ELIMIT;
	struct record_item *item = malloc(sizeof(*item) + len);
	if (!item)
		return HN_ENOMEM;
	*item = (struct record_item){.time_ns = utc_now_ns(), .done = done, .context = context, .len = len};
	memcpy(item->kind, kind, strlen(kind) + 1);
	memcpy(item->record, record, len);
	return queue(r, item);
}

int record_outbox(struct record *r, void (*done)(void *context, int err), void *context)
{
	struct record_item *item = calloc(1, sizeof(*item));
	if (!item)
		return HN_ENOMEM;
	item->done = done;
	item->context = context;
	return queue(r, item);
}

void record_access(struct record *r, const struct access_entry *entry)
{
	access_log_add(r->access, entry);
}

const char *record_origin(const struct record *r)
{
	return r->options.origin;
}

int record_checkpoint(struct record *r, struct buf *out)
{
	pthread_mutex_lock(&r->lock);
	buf_add(out, r->checkpoint.data, r->checkpoint.len);
	pthread_mutex_unlock(&r->lock);
	return buf_err(out);
}

void record_key(const struct record *r, struct note_key *out)
{
	/* libsodium's secret key ends with the public one. */
	const uint8_t *public = r->options.secret_key + NOTE_SECRET_SIZE - NOTE_PUBLIC_SIZE;
	if (note_key_init(out, r->options.origin, NOTE_ED25519, public) != HN_OK)
		abort(); /* the ledger was opened under this name */
}

int record_tile(const struct record *r, const struct tile *tile, struct buf *out)
{
	return read_tile_at(r->log_fd, tile, out);
}

int record_state(const struct record *r)
{
	return atomic_load(&r->state);
}

void record_metrics(struct record *r, struct buf *out)
{
	pthread_mutex_lock(&r->lock);
	uint64_t size = r->size;
	size_t waiting = r->waiting;
	pthread_mutex_unlock(&r->lock);
	buf_addf(out,
		 "# HELP hinomi_hub_ledger_entries Entries in the ledger.\n"
		 "# TYPE hinomi_hub_ledger_entries gauge\nhinomi_hub_ledger_entries %llu\n"
		 "# HELP hinomi_hub_ledger_waiting Entries that are not durable yet.\n"
		 "# TYPE hinomi_hub_ledger_waiting gauge\nhinomi_hub_ledger_waiting %zu\n"
		 "# HELP hinomi_hub_access_lost_total Lines of the access log that could not be written.\n"
		 "# TYPE hinomi_hub_access_lost_total counter\nhinomi_hub_access_lost_total %llu\n",
		 (unsigned long long)size, waiting, (unsigned long long)access_log_lost(r->access));
}
