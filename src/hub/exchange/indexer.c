/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/indexer.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "store/asker.h"
#include "store/search.h"
#include "store/store.h"

/*
 * A thread works out the rows of what was committed, and the writer puts them in. While much comes in, it
 * waits for some of it to gather: rows of many versions share pages and cost the writer far less each.
 */
#define STEP      8192 /* versions of one job; some 100 ms of the writer's time */
#define MUCH      1024 /* a job of so many, and more is to be expected soon */
#define GATHER_NS (NS_SECOND / 4)
#define AGAIN_NS  NS_SECOND /* after an error */

static struct {
	struct store *store;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t told;
	bool news; /* something was committed since the last step began */
	bool stop;
} indexer = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void committed(void *context, int64_t seq)
{
	(void)context;
	(void)seq;
	pthread_mutex_lock(&indexer.lock);
	indexer.news = true;
	pthread_cond_signal(&indexer.told);
	pthread_mutex_unlock(&indexer.lock);
}

/* Lets this time pass, then waits for news. @return false: it is to stop */
static bool wait_for_news(int64_t pause_ns)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + pause_ns;
	until.tv_sec += (time_t)(ns / NS_SECOND);
	until.tv_nsec = (long)(ns % NS_SECOND);
	int code = pause_ns == 0;
	pthread_mutex_lock(&indexer.lock);
	while (!indexer.stop && code == 0)
		code = pthread_cond_timedwait(&indexer.told, &indexer.lock, &until);
	while (!indexer.stop && !indexer.news)
		(void)pthread_cond_wait(&indexer.told, &indexer.lock);
	indexer.news = false;
	bool goes_on = !indexer.stop;
	pthread_mutex_unlock(&indexer.lock);
	return goes_on;
}

static int put(struct writing *w, void *context)
{
	return search_ready_put(w, context);
}

static int step(struct search_ready *ready, size_t *taken_out, bool *more_out)
{
	struct asker hub;
	struct reader *reader;
	asker_hub(&hub);
	int err = store_read(indexer.store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = search_ready_work(reader, STEP, ready, taken_out, more_out);
	reader_end(reader);
	return err == HN_OK && *taken_out > 0 ? store_write(indexer.store, put, ready) : err;
}

static void *run(void *context)
{
	struct search_ready *ready = context;
	int64_t pause_ns = 0;
	while (wait_for_news(pause_ns)) {
		size_t taken = 0;
		bool more = false;
		int err = step(ready, &taken, &more);
		if (err != HN_OK)
			log_line(LOG_LEVEL_WARNING,
				 tr("the search index waits: %s", "検索索引の更新を待っている: %s"),
				 hn_strerror(err));
		if (more || err != HN_OK)
			committed(NULL, 0);
		pause_ns = err != HN_OK ? AGAIN_NS : !more && taken >= MUCH ? GATHER_NS : 0;
	}
	search_ready_free(ready);
	return NULL;
}

static int init_lock(void)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return HN_ENOMEM;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	int code = pthread_cond_init(&indexer.told, &attr);
	(void)pthread_condattr_destroy(&attr);
	return code == 0 ? HN_OK : HN_ENOMEM;
}

static int begin(struct hub *hub)
{
	struct search_ready *ready = NULL;
	indexer.store = hub->store;
	int err = init_lock();
	if (err == HN_OK)
		err = search_ready_new(&ready);
	if (err == HN_OK)
		err = store_watch(hub->store, committed, NULL);
	/* What a former run left. */
	indexer.news = true;
	if (err == HN_OK && pthread_create(&indexer.thread, NULL, run, ready) != 0)
		err = HN_ENOMEM;
	indexer.running = err == HN_OK;
	if (err != HN_OK)
		search_ready_free(ready);
	return err;
}

static int start(struct hub *hub, struct fault *fault)
{
	int err = begin(hub);
	return err == HN_OK ? HN_OK
			    : fault_set(fault, err, "index", tr("cannot be kept", "更新を始められない"));
}

static void stop(struct hub *hub)
{
	(void)hub;
	if (!indexer.running)
		return;
	pthread_mutex_lock(&indexer.lock);
	indexer.stop = true;
	pthread_cond_signal(&indexer.told);
	pthread_mutex_unlock(&indexer.lock);
	(void)pthread_join(indexer.thread, NULL);
	indexer.running = false;
}

const struct hub_part INDEXER = {.name = "indexer", .start = start, .stop = stop};
