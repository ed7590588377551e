/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/trial.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "http/answer.h"
#include "hub/exchange/fetch_run.h"

#define WAITING_MAX 8

struct trial {
	struct trial *next;
	struct request *r;
	enum lang lang;
	struct source source;
	struct source_state state;
	struct buf sealed;
	struct report report;
	struct fault fault;
	int err;
	bool complete;
};

static struct {
	struct hub *hub;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct trial *first;
	size_t count;
} trials = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- the answer ---- */

static int answer(struct request *r)
{
	const struct trial *t = r->state;
	struct buf *b = answer_body(r);
	if (t->err == HN_ESTATE && !t->complete && t->report.parts == 0 && atomic_load(&trials.stop))
		return answer_problem(r, 503, "ends", NULL);
	buf_addf(b, "{\"complete\":%s,", t->complete ? "true" : "false");
	if (t->err != HN_OK && t->err != HN_ESTATE) {
		const char *message = t->fault.message[0] != '\0' ? t->fault.message : hn_strerror(t->err);
		buf_adds(b, "\"error\":");
		buf_json_string(b, message, strlen(message));
		buf_addc(b, ',');
	}
	report_write(b, &t->report);
	buf_addc(b, '}');
	return answer_send(r, 200, NULL);
}

void trial_free(struct request *r)
{
	struct trial *t = r->state;
	if (t == NULL)
		return;
	buf_clear(&t->sealed);
	report_clear(&t->report);
	free(t);
	r->state = NULL;
}

/* ---- the thread ---- */

static void perform(struct trial *t)
{
	struct fetch_run run = {
		.hub = trials.hub,
		.source = &t->source,
		.state = t->state,
		.stop = &trials.stop,
		.report = &t->report,
		.trial = true,
	};
	lang_set_thread(t->lang);
	t->err = fetch_run_perform(&run, &t->sealed, &t->fault);
	t->complete = t->err == HN_OK && !run.cut;
	t->report.bytes = run.bytes;
}

/* @return NULL: the hub ends */
static struct trial *next(void)
{
	pthread_mutex_lock(&trials.lock);
	while (trials.first == NULL && !atomic_load(&trials.stop))
		(void)pthread_cond_wait(&trials.wake, &trials.lock);
	struct trial *t = trials.first;
	if (t != NULL) {
		trials.first = t->next;
		trials.count--;
	}
	pthread_mutex_unlock(&trials.lock);
	return t;
}

static void *run_thread(void *context)
{
	struct trial *t;
	(void)context;
	/* Those that wait when the hub ends are answered too: each ends at once. */
	while ((t = next()) != NULL) {
		perform(t);
		request_resume(t->r, answer);
	}
	return NULL;
}

/* ---- asking for one ---- */

static int submit(struct trial *t)
{
	struct trial **at = &trials.first;
	pthread_mutex_lock(&trials.lock);
	bool room = trials.count < WAITING_MAX && !atomic_load(&trials.stop);
	if (room) {
		request_wait(t->r);
		while (*at != NULL)
			at = &(*at)->next;
		*at = t;
		trials.count++;
		(void)pthread_cond_signal(&trials.wake);
	}
	pthread_mutex_unlock(&trials.lock);
	return room ? HN_OK : HN_ELIMIT;
}

int trial_begin(struct request *r, const struct source *source, const struct source_state *state,
		const struct buf *sealed)
{
	struct trial *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	t->r = r;
	t->lang = r->lang;
	t->source = *source;
	t->state = *state;
	r->state = t;
	buf_init(&t->sealed, sealed->max);
	buf_add(&t->sealed, sealed->data, sealed->len);
	int err = buf_err(&t->sealed);
	if (err == HN_OK)
		err = submit(t);
	return err == HN_ELIMIT ? answer_problem(r, 503, "busy",
						 tr("too many dry runs wait", "待機中の試行が多すぎる"))
				: err;
}

/* ---- life ---- */

static int start(struct hub *hub, struct fault *fault)
{
	trials.hub = hub;
	if (pthread_create(&trials.thread, NULL, run_thread, NULL) != 0)
		return fault_set(fault, HN_ENOMEM, "trials", "%s", tr("cannot begin", "開始できない"));
	trials.running = true;
	return HN_OK;
}

static void stop(struct hub *hub)
{
	(void)hub;
	pthread_mutex_lock(&trials.lock);
	atomic_store(&trials.stop, true);
	pthread_cond_broadcast(&trials.wake);
	pthread_mutex_unlock(&trials.lock);
	if (trials.running)
		(void)pthread_join(trials.thread, NULL);
	trials.running = false;
}

const struct hub_part TRIALS = {.name = "trials", .start = start, .stop = stop};
