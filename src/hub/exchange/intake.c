/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/intake.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/lang.h"
#include "hub/exchange/intake_batch.h"
#include "stix/split.h"

/* Batches that may wait for the writer before whoever feeds is asked to wait. */
#define UNDER_WAY_MAX 2

struct intake {
	struct store *store;
	struct intake_terms terms;
	void (*ready)(void *);
	void *context;
	struct stix_split *split;
	enum lang lang; /* of whoever hands in; results are written on the writer's thread */
	struct intake_batch *filling;
	uint64_t refused; /* not in a batch yet */
	bool ended;

	/* Guards what follows, which the writer's thread changes. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct intake_batch *spare; /* batches at rest */
	unsigned under_way;
	bool waiting; /* ready() is owed */
	int err;      /* of a batch, for good */
	struct intake_result result;
	struct intake_failure *failures;
	size_t failure_room;
	intake_taken_fn taken;
	void *taken_context;
};

/* ---- results ---- */

static void keep_failure(struct intake *in, const struct intake_failure *failure)
{
	in->result.failed++;
	if (in->result.failure_count == INTAKE_FAILURES_MAX)
		return;
	if (in->result.failure_count == in->failure_room) {
		size_t room = in->failure_room == 0 ? 16 : in->failure_room * 2;
		struct intake_failure *more = realloc(in->failures, room * sizeof(*more));
		if (more == NULL)
			return;
		in->failures = more;
		in->failure_room = room;
	}
	in->failures[in->result.failure_count++] = *failure;
}

static void failed(struct intake *in, uint64_t index, const struct stix_object *o, const struct fault *fault)
{
	struct intake_failure f = {.index = index, .fault = *fault};
	if (o != NULL && o->id.type_len > 0)
		stix_id_format(&o->id, f.id);
	in->refused++;
	pthread_mutex_lock(&in->lock);
	keep_failure(in, &f);
	pthread_mutex_unlock(&in->lock);
}

/* Under the lock: what a batch that is durable brought. */
static void add_results(struct intake *in, const struct intake_batch *b)
{
	lang_set_thread(in->lang);
	for (size_t i = 0; i < b->count; i++) {
		const struct intake_item *item = &b->items[i];
		in->result.outcomes[item->outcome]++;
		if (item->outcome == OBJECT_CONFLICT) {
			struct intake_failure f = {.index = item->index};
			stix_id_format(&item->object.id, f.id);
			(void)fault_set(
				&f.fault, HN_EEXIST, "/id",
				tr("this version is here already with another content; give the changed "
				   "object a later 'modified'",
				   "この版は別の内容で既に登録されている。変更した場合は modified "
				   "を新しくすること"));
			keep_failure(in, &f);
		}
		if (item->seq == 0)
			continue;
		if (in->result.first_seq == 0 || item->seq < in->result.first_seq)
			in->result.first_seq = item->seq;
		if (item->seq > in->result.last_seq)
			in->result.last_seq = item->seq;
	}
	lang_reset_thread();
}

/* ---- batches ---- */

static int write_batch(struct writing *w, void *context)
{
	struct intake_batch *b = context;
	int err = intake_batch_write(b, w, &b->intake->terms);
	if (err == HN_OK && b->intake->taken != NULL)
		for (size_t i = 0; i < b->count; i++)
			b->intake->taken(b->intake->taken_context, &b->items[i].object, b->items[i].outcome,
					 b->items[i].seq);
	/* Of a dry run the outcomes are kept, and the changes undone by an error. */
	return err == HN_OK && b->intake->terms.dry ? INTAKE_UNDONE : err;
}

/* Under the lock. @return whether whoever feeds should wait */
static bool crowded(const struct intake *in)
{
	return in->err == HN_OK && (in->ended ? in->under_way > 0 : in->under_way >= UNDER_WAY_MAX);
}

/* Under the lock. @return whether who waits is to be told now; once */
static bool release(struct intake *in)
{
	bool tell = in->waiting && !crowded(in);
	if (tell)
		in->waiting = false;
	return tell;
}

static void batch_done(void *context, int err)
{
	struct intake_batch *b = context;
	struct intake *in = b->intake;
	pthread_mutex_lock(&in->lock);
	if (err == HN_OK || err == INTAKE_UNDONE)
		add_results(in, b);
	else if (in->err == HN_OK)
		in->err = err;
	intake_batch_reset(b);
	b->next = in->spare;
	in->spare = b;
	in->under_way--;
	pthread_cond_broadcast(&in->changed);
	bool tell = release(in);
	pthread_mutex_unlock(&in->lock);
	/* When somebody waits, the intake lives until ready() was called. */
	if (tell)
		in->ready(in->context);
}

static int take_batch(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	struct intake_batch *b = in->spare;
	if (b != NULL)
		in->spare = b->next;
	pthread_mutex_unlock(&in->lock);
	if (b == NULL && (b = intake_batch_new(in)) == NULL)
		return HN_ENOMEM;
	in->filling = b;
	return HN_OK;
}

static void put_back(struct intake *in, struct intake_batch *b)
{
	intake_batch_reset(b);
	b->next = in->spare;
	in->spare = b;
}

/* Hands the filled batch to the writer. A full queue is waited for where nobody is told by ready(). */
static int send_batch(struct intake *in)
{
	struct intake_batch *b = in->filling;
	if (b == NULL || (b->count == 0 && in->refused == 0))
		return HN_OK;
	b->refused = in->refused;
	in->refused = 0;
	in->filling = NULL;
	pthread_mutex_lock(&in->lock);
	in->under_way++;
	pthread_mutex_unlock(&in->lock);
	int err = store_submit(in->store, write_batch, batch_done, b);
	if (err != HN_OK) {
		pthread_mutex_lock(&in->lock);
		in->under_way--;
		put_back(in, b);
		if (in->err == HN_OK)
			in->err = err;
		pthread_mutex_unlock(&in->lock);
	}
	return err;
}

/* ---- reading ---- */

static int too_large(struct intake *in, uint64_t index, size_t len, size_t max)
{
	struct fault fault;
	(void)fault_set(&fault, HN_ELIMIT, "",
			tr("an object of %zu bytes; at most %zu are taken",
			   "オブジェクトが%zuバイトある。上限は%zuバイト"),
			len, max);
	failed(in, index, NULL, &fault);
	return HN_OK;
}

static int take_object(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct intake *in = context;
	const struct stix_limits *limits = in->terms.limits != NULL ? in->terms.limits : &STIX_DEFAULTS;
	in->result.objects = index + 1;
	if (in->terms.objects_max != 0 && index >= in->terms.objects_max)
		return HN_ELIMIT;
	if (bytes == NULL)
		return too_large(in, index, len, limits->size_max);
	if (in->filling != NULL && !intake_batch_fits(in->filling, len)) {
		int err = send_batch(in);
		if (err != HN_OK)
			return err;
	}
	if (in->filling == NULL) {
		int err = take_batch(in);
		if (err != HN_OK)
			return err;
	}
	const char *spec = stix_split_spec(in->split);
	struct fault fault;
	int err = intake_batch_add(in->filling, index, bytes, len,
				   strcmp(spec, "2.0") == 0 ? STIX_2_0 : in->terms.spec, limits, &fault);
	if (err == HN_EFORMAT || err == HN_ELIMIT || err == HN_ETRUNC || err == HN_EUNSUPPORTED) {
		failed(in, index, intake_batch_last(in->filling), &fault);
		return HN_OK;
	}
	return err;
}

/* What the batches say, and whether to wait for them. */
static int pause_or_err(struct intake *in, struct fault *fault)
{
	pthread_mutex_lock(&in->lock);
	while (in->ready == NULL && crowded(in))
		pthread_cond_wait(&in->changed, &in->lock);
	int err = in->err;
	if (crowded(in))
		err = INTAKE_WAIT;
	pthread_mutex_unlock(&in->lock);
	if (err == HN_ELIMIT)
		return fault_set(
			fault, err, "",
			tr("the source's quota of objects for today is used up; what was taken stays",
			   "この情報源の本日のオブジェクト数の上限に達した。登録済みのものは残る"));
	return err;
}

void intake_wait(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	in->waiting = true;
	bool tell = release(in);
	pthread_mutex_unlock(&in->lock);
	if (tell)
		in->ready(in->context);
}

int intake_feed(struct intake *in, const void *data, size_t len, struct fault *fault)
{
	assert(!in->ended);
	int err = stix_split_feed(in->split, data, len, fault);
	return err == HN_OK ? pause_or_err(in, fault) : err;
}

int intake_end(struct intake *in, struct fault *fault)
{
	if (!in->ended) {
		int err = stix_split_end(in->split, fault);
		if (err == HN_OK && in->filling == NULL && in->refused > 0 && in->terms.source != 0)
			err = take_batch(in);
		if (err == HN_OK)
			err = send_batch(in);
		if (err != HN_OK)
			return err;
		in->ended = true;
	}
	return pause_or_err(in, fault);
}

void intake_result(const struct intake *in, struct intake_result *out)
{
	struct intake *mutable_in = (struct intake *)(uintptr_t)in;
	pthread_mutex_lock(&mutable_in->lock);
	*out = in->result;
	out->failures = in->failures;
	pthread_mutex_unlock(&mutable_in->lock);
}

/* ---- life ---- */

int intake_new(struct store *store, const struct intake_terms *terms, void (*ready)(void *), void *context,
	       struct intake **out)
{
	struct intake *in = calloc(1, sizeof(*in));
	if (in == NULL)
		return HN_ENOMEM;
	in->store = store;
	in->terms = *terms;
	in->lang = lang_get();
	in->ready = ready;
	in->context = context;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->changed, NULL);
	const struct stix_limits *limits = terms->limits != NULL ? terms->limits : &STIX_DEFAULTS;
	int err = stix_split_new(limits->size_max, take_object, in, &in->split);
	if (err != HN_OK) {
		intake_free(in);
		return err;
	}
	*out = in;
	return HN_OK;
}

void intake_on_taken(struct intake *in, intake_taken_fn fn, void *context)
{
	in->taken = fn;
	in->taken_context = context;
}

void intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	pthread_mutex_lock(&in->lock);
	in->waiting = false;
	while (in->under_way > 0)
		pthread_cond_wait(&in->changed, &in->lock);
	pthread_mutex_unlock(&in->lock);
	intake_batch_free(in->filling);
	while (in->spare != NULL) {
		struct intake_batch *b = in->spare;
		in->spare = b->next;
		intake_batch_free(b);
	}
	stix_split_free(in->split);
	pthread_cond_destroy(&in->changed);
	pthread_mutex_destroy(&in->lock);
	free(in->failures);
	free(in);
}
