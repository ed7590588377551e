/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/indexer.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/lang.h"
#include "base/log.h"
#include "store/search.h"
#include "store/store.h"

/*
 * One job of the writer takes some versions into the index and asks for the next if there are more. Between
 * them others' changes have their turn, so that a large import keeps nobody waiting for its index.
 */
#define STEP 512 /* versions of one job; some 10 ms */

static struct {
	struct store *store;
	atomic_bool queued; /* a job is in the queue */
	atomic_bool stopped;
	bool more; /* the writer's thread alone */
} indexer;

static void ask(void);

static int step(struct writing *w, void *context)
{
	(void)context;
	/* What is committed from here on asks for a step of its own. */
	atomic_store(&indexer.queued, false);
	return search_index(w, STEP, &indexer.more);
}

static void stepped(void *context, int err)
{
	(void)context;
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("the search index waits: %s", "検索索引の更新を待っている: %s"),
			 hn_strerror(err));
	else if (indexer.more)
		ask();
}

static void ask(void)
{
	if (atomic_load(&indexer.stopped) || atomic_exchange(&indexer.queued, true))
		return;
	if (store_submit(indexer.store, step, stepped, NULL) != HN_OK)
		atomic_store(&indexer.queued, false); /* a full queue: the next commit asks again */
}

static void committed(void *context, int64_t seq)
{
	(void)context;
	(void)seq;
	ask();
}

static int start(struct hub *hub, struct fault *fault)
{
	indexer.store = hub->store;
	int err = store_watch(hub->store, committed, NULL);
	if (err != HN_OK)
		return fault_set(fault, err, "index", tr("cannot be kept", "更新を始められない"));
	ask();
	return HN_OK;
}

static void stop(struct hub *hub)
{
	(void)hub;
	atomic_store(&indexer.stopped, true);
}

const struct hub_part INDEXER = {.name = "indexer", .start = start, .stop = stop};
